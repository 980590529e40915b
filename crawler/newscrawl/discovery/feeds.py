"""Sitemaps, RSS and Atom: lists of article addresses in XML."""

import gzip
import io
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from newscrawl.extract.times import stated_time

MAX_UNPACKED_BYTES = 50 * 1024 * 1024  # the sitemap protocol's own limit
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Entry:
    """An address as a feed lists it, relative or no address at all, and the time beside it."""

    url: str
    published_at: str | None = None  # ISO 8601 with zone


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
        links = ((_text(e, "loc"), _time(e, "publication_date")) for e in root)
        return Feed("sitemap", _entries(links))
    if name in ("rss", "RDF"):
        items = (e for e in root.iter() if _name(e) == "item")
        links = ((_rss_link(e), _time(e, "pubDate") or _time(e, "date")) for e in items)
        return Feed("rss", _entries(links))
    if name == "feed":
        items = (e for e in root if _name(e) == "entry")
        links = ((_atom_link(e), _time(e, "published")) for e in items)
        return Feed("atom", _entries(links))
    return None


def _entries(links: Iterable[tuple[str | None, str | None]]) -> tuple[Entry, ...]:
    return tuple(Entry(url, published_at) for url, published_at in links if url)


def _name(element: etree._Element) -> str:
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def _text(element: etree._Element, name: str) -> str | None:
    # Children first: a picture's <image:loc> may stand before the page's own <loc>.
    for part in (*element, *element.iterdescendants()):
        if _name(part) == name and (part.text or "").strip():
            return str(part.text).strip()
    return None


def _time(element: etree._Element, name: str) -> str | None:
    """Return a time with its zone; a feed that states none leaves it open."""
    return stated_time(_text(element, name), zone=None)


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
