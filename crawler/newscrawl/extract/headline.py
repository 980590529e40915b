"""The title of an article, apart from the name of the press that pages put beside it."""

import re
from typing import Any

from lxml.html import HtmlElement

from newscrawl.extract.fragments import clean

MAX_PRESS_CHARS = 30

_META_KEYS = ("og:title", "twitter:title", "title", "dc.title", "parsely-title", "sailthru.title")
_SEPARATOR = re.compile(r"(\s*(?:[|<›»]|::)\s*|\s[-–—:·]\s)")
_SHOWN_IN = ("h1", "h2", "h3", "h4", "b", "strong", "span", "td", "div", "p", "font", "em")


def headline(
    tree: HtmlElement, described: dict[str, Any], meta: dict[str, str]
) -> tuple[str, str | None]:
    """Return the title, and the press that stood beside it in "Headline | Press", if any.

    schema.org's headline first, then the meta elements, then the page's own title; of the last
    two, the part that the page shows as a line of its own is the headline.
    """
    stated = described.get("headline")
    if isinstance(stated, str) and stated.strip():
        return clean(stated), None
    title = next((meta[key] for key in _META_KEYS if meta.get(key)), None)
    if title is None:
        element = next(tree.iter("title"), None)
        title = clean(str(element.text_content())) if element is not None else ""
    shown = _shown_part(tree, title)
    if shown:
        rest = clean(_SEPARATOR.sub(" ", title.replace(shown, " ")))
        return shown, rest if 0 < len(rest) <= MAX_PRESS_CHARS else None
    if not title:
        headings = [t for h in tree.iter("h1") if (t := clean(str(h.text_content())))]
        title = max(headings, key=len, default="")
    return title, None


def _shown_part(tree: HtmlElement, title: str) -> str | None:
    parts = _SEPARATOR.split(title)
    shorter = {
        clean(part)
        for n in range(1, len(parts) // 2 + 1)
        for part in ("".join(parts[: -2 * n]), "".join(parts[2 * n :]))
    } - {""}
    if not shorter:
        return None
    shown = {clean(e.text) for e in tree.iter(*_SHOWN_IN) if e.text} & shorter
    found = max(shown, key=len, default="")
    return found if 2 * len(found) >= len(title) else None
