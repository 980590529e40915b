"""What a page says about its article beside the text: title, times, press, author, section."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timezone
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from newscrawl.extract.fragments import clean
from newscrawl.extract.headline import headline
from newscrawl.extract.json_ld import names
from newscrawl.extract.times import KST, stated_time

MAX_NAME_CHARS = 60
MAX_AUTHORS = 5

_PRESS_KEYS = ("og:article:author:press", "article:publisher_name", "og:site_name", "publisher",
               "dc.publisher", "application-name", "dable:author_press", "copyright")  # fmt: skip
_AUTHOR_KEYS = ("author", "article:author", "dc.creator", "dable:author", "parsely-author",
                "sailthru.author", "byl", "og:article:author")  # fmt: skip
_SECTION_KEYS = ("article:section", "article:section2", "section", "parsely-section",
                 "nate:category_name", "subject", "category")  # fmt: skip
_PUBLISHED_KEYS = ("article:published_time", "og:article:published_time", "datepublished",
                   "article:published", "parsely-pub-date", "sailthru.date", "pubdate", "date",
                   "dc.date.issued", "dc.date", "publish_date", "article.published")  # fmt: skip
_MODIFIED_KEYS = ("article:modified_time", "og:updated_time", "datemodified", "lastmod")
_RECORD_PUBLISHED = ("publishedAt", "published_at", "datePublished", "publishedDate", "regDate",
                     "publishDate", "createdAt", "firstPublishDate", "display_date")  # fmt: skip
_RECORD_PRESS = ("press", "publisher", "media", "mediaName", "pressName", "company")
_RECORD_AUTHORS = ("reporters", "reporter", "authors", "author", "writers", "writer", "byline")
_RECORD_SECTION = ("section", "sectionName", "category", "categoryName")

_DATE_PLACE = re.compile(r"date|time|publish|regist|입력|등록", re.IGNORECASE)
_DATE_LABEL = re.compile(
    r"(?:기사\s*)?(?:입력|등록|승인|송고|게재|발행)(?:\s*(?:일시?|시간))?\s*[:.|]?\s*(?=\d{4})"
)
_MODIFIED_LABEL = re.compile(r"수정|업데이트|updated|modified", re.IGNORECASE)
_BYLINE_PLACE = re.compile(r"byline|reporter|journalist|writer|author|info|기자", re.IGNORECASE)
_KOREAN_NAME = re.compile(
    r"([가-힣]{2,4})\s*(?:선임|수습|인턴|전문|객원)?(?:기자|특파원|논설위원|앵커|PD)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the page states; None where it states nothing."""

    title: str
    published_at: str | None
    modified_at: str | None
    press: str | None
    author: str | None
    section: str | None
    stated_language: str | None
    canonical_url: str | None
    is_paywalled: bool
    zone: timezone | None

    def filled_from(self, record: dict[str, Any]) -> "Facts":
        """Return the facts with what is missing taken from the object that held the text."""
        return replace(
            self,
            published_at=self.published_at
            or next(
                (t for k in _RECORD_PUBLISHED if (t := stated_time(record.get(k), zone=self.zone))),
                None,
            ),
            press=_first(names(record.get(k)) for k in _RECORD_PRESS) or self.press,
            author=self.author
            or author_names(n for k in _RECORD_AUTHORS for n in names(record.get(k))),
            section=self.section or _first(names(record.get(k)) for k in _RECORD_SECTION),
        )


def page_facts(tree: HtmlElement, described: dict[str, Any], url: str) -> Facts:
    """Return what the page states: JSON-LD first, then meta elements, then what it shows."""
    meta = _meta(tree)
    language = _stated_language(tree, meta) or _title_language(tree)
    zone = KST if language == "ko" or (urlsplit(url).hostname or "").endswith(".kr") else None
    title, beside = headline(tree, described, meta)
    press = _first([names(described.get("publisher"))]) or _one(meta, _PRESS_KEYS) or beside
    return Facts(
        title=title,
        published_at=stated_time(described.get("datePublished"), zone=zone)
        or _stated(meta, _PUBLISHED_KEYS, zone)
        or _shown_time(tree, zone),
        modified_at=stated_time(described.get("dateModified"), zone=zone)
        or _stated(meta, _MODIFIED_KEYS, zone),
        press=press,
        author=author_names(names(described.get("author")))
        or author_names(value for key in _AUTHOR_KEYS if (value := meta.get(key)))
        or _shown_author(tree),
        section=_first([names(described.get("articleSection"))]) or _one(meta, _SECTION_KEYS),
        stated_language=language,
        canonical_url=_canonical(tree, meta, url),
        is_paywalled=str(described.get("isAccessibleForFree", "")).lower() == "false",
        zone=zone,
    )


def _meta(tree: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        key = element.get("property") or element.get("name") or element.get("itemprop")
        value = element.get("content")
        if key and value and (text := clean(value)):
            found.setdefault(key.strip().lower(), text)
    return found


def _stated_language(tree: HtmlElement, meta: dict[str, str]) -> str | None:
    root = tree.getroottree().getroot()
    stated = root.get("lang") or meta.get("og:locale") or meta.get("content-language") or ""
    match = re.match(r"[A-Za-z]{2}(?![A-Za-z])", stated)
    return match[0].lower() if match else None


def _title_language(tree: HtmlElement) -> str | None:
    element = next(tree.iter("title"), None)
    text = str(element.text_content()) if element is not None else ""
    return "ko" if any("가" <= c <= "힣" for c in text) else None


def _shown_time(tree: HtmlElement, zone: timezone | None) -> str | None:
    for element in tree.iter("time"):
        if found := stated_time(element.get("datetime"), zone=zone):
            return found
    for element in tree.iter("span", "p", "em", "div", "li", "dd", "td", "strong"):
        place = f"{element.get('class') or ''} {element.get('id') or ''}"
        text = _short_text(element)
        if not text or not (_DATE_PLACE.search(place) or _DATE_LABEL.search(text)):
            continue
        label = _DATE_LABEL.search(text)
        if label is None and _MODIFIED_LABEL.search(text):
            continue
        if found := stated_time(text[label.end() :] if label else text, zone=zone):
            return found
    return None


def _short_text(element: HtmlElement) -> str:
    """Return the text of an element that holds little, else ""."""
    if len(element) > 6:
        return ""
    text = clean(str(element.text_content()))
    return text if len(text) <= 120 else ""


def _shown_author(tree: HtmlElement) -> str | None:
    for element in tree.iter("span", "p", "em", "div", "a", "address", "strong", "li", "td"):
        place = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('rel') or ''}"
        text = _short_text(element)
        # "입력 2026-11-19 17:22 | 홍길동 기자" is a byline wherever it stands.
        if text and (_BYLINE_PLACE.search(place) or _DATE_LABEL.search(text)):
            if found := _KOREAN_NAME.findall(text):
                return author_names(found)
            if match := re.match(
                r"by\s+([A-Z][\w.'-]+(?:\s+[A-Z][\w.'-]+){1,3})", text, re.IGNORECASE
            ):
                return match[1]
    return None


def author_names(values: Iterable[str]) -> str | None:
    """Return the names in stated authors, without posts and addresses, separated by ", "."""
    found: list[str] = []
    for value in values:
        for part in re.split(r"\s*(?:[,;·/]|\band\b)\s*", _without_address(value)):
            name = re.sub(
                r"\s*(?:선임|수습|인턴|전문|객원)?(?:기자|특파원|논설위원|앵커|PD)$", "", part
            )
            name = re.sub(r"^by\s+", "", name, flags=re.IGNORECASE).strip()
            if name and len(name) <= MAX_NAME_CHARS and "://" not in name and name not in found:
                found.append(name)
    return ", ".join(found[:MAX_AUTHORS]) or None


def _without_address(value: str) -> str:
    if "://" in value:
        return ""
    return clean(re.sub(r"[(<\[]?[\w.+-]+@[\w.-]+[)>\]]?", "", value))


def _canonical(tree: HtmlElement, meta: dict[str, str], url: str) -> str | None:
    for element in tree.iter("link"):
        if (element.get("rel") or "").lower() == "canonical" and element.get("href"):
            return _absolute(url, str(element.get("href")))
    return _absolute(url, meta["og:url"]) if "og:url" in meta else None


def _absolute(base: str, reference: str) -> str | None:
    try:
        found = urljoin(base, reference.strip())
        return found if urlsplit(found).scheme in ("http", "https") else None
    except ValueError:  # not an address
        return None


def _stated(meta: dict[str, str], keys: Iterable[str], zone: timezone | None) -> str | None:
    return next((t for k in keys if (t := stated_time(meta.get(k), zone=zone))), None)


def _one(meta: dict[str, str], keys: Iterable[str]) -> str | None:
    return next((meta[key] for key in keys if meta.get(key)), None)


def _first(groups: Iterable[list[str]]) -> str | None:
    return next((group[0] for group in groups if group), None)
