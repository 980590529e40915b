"""Sitemaps, RSS and Atom: lists of article addresses in XML."""

import gzip
import io
import zlib
from dataclasses import dataclass, field

from lxml import etree

MAX_UNPACKED_BYTES = 50 * 1024 * 1024  # the sitemap protocol's own limit
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Entry:
    """An address that a feed lists, and the title beside it."""

    url: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: addresses of articles, and of further feeds."""

    kind: str  # "sitemap", "rss" or "atom"
    entries: tuple[Entry, ...] = ()
    feeds: tuple[str, ...] = field(default=())


def unpacked(body: bytes) -> bytes:
    """Return the bytes of a gzip file (`sitemap.xml.gz`) up to a limit; others as they are."""
    if not body.startswith(GZIP_MAGIC):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            return file.read(MAX_UNPACKED_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""


def parse_feed(body: bytes) -> Feed | None:
    """Return the feed that an XML document is, or None for any other document."""
    data = unpacked(body).lstrip()
    if not data.startswith((b"<", b"\xef\xbb\xbf<")) or b"<html" in data[:1024].lower():
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, recover=True, remove_comments=True, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser=parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None:
        return None
    name = _name(root)
    if name == "sitemapindex":
        return Feed("sitemap", feeds=tuple(u for e in root if (u := _text(e, "loc"))))
    if name == "urlset":
        return Feed(
            "sitemap", tuple(Entry(u, _text(e, "title")) for e in root if (u := _text(e, "loc")))
        )
    if name in ("rss", "RDF"):
        items = (e for e in root.iter() if _name(e) == "item")
        return Feed("rss", tuple(Entry(u, _text(e, "title")) for e in items if (u := _rss_link(e))))
    if name == "feed":
        items = (e for e in root if _name(e) == "entry")
        return Feed(
            "atom", tuple(Entry(u, _text(e, "title")) for e in items if (u := _atom_link(e)))
        )
    return None


def _name(element: etree._Element) -> str:
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def _text(element: etree._Element, name: str) -> str | None:
    for part in element.iter():
        if part is not element and _name(part) == name and (part.text or "").strip():
            return str(part.text).strip()
    return None


def _rss_link(item: etree._Element) -> str | None:
    link = _text(item, "link")
    if link:
        return link
    for part in item:  # a guid is an address unless it says that it is none
        if _name(part) == "guid" and part.get("isPermaLink", "true") == "true":
            return (part.text or "").strip() or None
    return None


def _atom_link(entry: etree._Element) -> str | None:
    links = [e for e in entry if _name(e) == "link" and e.get("href")]
    best = [e for e in links if e.get("rel", "alternate") == "alternate"] or links
    return best[0].get("href") if best else None
