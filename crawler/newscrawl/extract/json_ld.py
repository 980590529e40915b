"""schema.org descriptions (JSON-LD) that a page carries about its article."""

import json
import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

ARTICLE_TYPES = frozenset(
    {
        "Article",
        "NewsArticle",
        "ReportageNewsArticle",
        "AnalysisNewsArticle",
        "BackgroundNewsArticle",
        "OpinionNewsArticle",
        "ReviewNewsArticle",
        "LiveBlogPosting",
        "BlogPosting",
    }
)
MAX_DEPTH = 6  # of @graph and nested lists; real pages use two

_LAX_JSON = json.JSONDecoder(strict=False)  # publishers leave raw line breaks inside strings


def described_article(tree: HtmlElement) -> dict[str, Any]:
    """Return the first article that the page describes, or an empty dict."""
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        source = (script.text or "").strip().removeprefix("<!--").removesuffix("-->").strip()
        try:
            value, _ = _LAX_JSON.raw_decode(source)
        except (json.JSONDecodeError, RecursionError):
            continue
        for thing in _things(value, 0):
            if _types(thing) & ARTICLE_TYPES:
                return thing
    return {}


def names(value: object) -> list[str]:
    """Return the names of a person, an organization, or a list of them."""
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, dict):
        return names(value.get("name"))
    if isinstance(value, list):
        return [name for part in value for name in names(part)]
    return []


def whole_body(article: dict[str, Any]) -> str:
    """Return articleBody as text if it can be the whole article, else "".

    Cut copies end in the middle of a sentence or in an ellipsis.
    """
    body = article.get("articleBody")
    if not isinstance(body, str):
        return ""
    text = body.strip()
    if not re.search(r"""[.!?。"'”’)\]]\s*(?:\S+@\S+)?$""", text) or text.endswith("..."):
        return ""
    return text


def _things(value: object, depth: int) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for part in value:
            yield from _things(part, depth + 1)
    elif isinstance(value, dict):
        yield value
        yield from _things(value.get("@graph"), depth + 1)
        yield from _things(value.get("mainEntity"), depth + 1)


def _types(thing: dict[str, Any]) -> set[str]:
    stated = thing.get("@type")
    values = stated if isinstance(stated, list) else [stated]
    return {str(v).rsplit("/", 1)[-1] for v in values if v}
