"""Article bodies that a page carries only in the state of its script application."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from lxml.html import HtmlElement

from newscrawl.extract.fragments import paragraphs_of_html

MIN_BODY_CHARS = 80  # the shortest flash news in Korean; a shorter text is a label
TITLE_MIN_RATIO = 0.6  # of common characters; publishers shorten titles for search engines
MAX_NODES = 200_000  # of one page's state; a larger one is no article
BODY_KEYS = re.compile(
    r"^(?:article|news|story|post)?_?(?:body|content|contents|text|html|maintext|fulltext)"
    r"_?(?:html|text|body|value|elements|blocks|raw)?$",
    re.IGNORECASE,
)
PART_KEYS = ("content", "text", "value", "html", "body")  # of one paragraph in a list
TEXT_PART_TYPES = frozenset(
    {"text", "paragraph", "p", "header", "heading", "subheading", "html", "quote", "listitem"}
)
TITLE_KEYS = ("title", "headline", "headlines", "subject", "articleTitle", "newsTitle")

_FLIGHT = re.compile(r"self\.__next_f\.push\((\[.*\])\)", re.DOTALL)
_FLIGHT_ROW = re.compile(r"(?:^|\n)([0-9a-f]+):")
_ASSIGNMENT = re.compile(
    r"(?:window\.)?(?:__[A-Z][A-Z_]+__|Fusion\.globalContent|__INITIAL_STATE__|initialState)\s*=\s*"
    r"(?=[\[{])"
)
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Body:
    """A text in the page's state, and the title that stands beside it."""

    paragraphs: tuple[str, ...]
    title: str | None
    record: dict[str, Any]  # the object that holds it

    @property
    def chars(self) -> int:
        """Code points of the text."""
        return sum(map(len, self.paragraphs))


def embedded_body(tree: HtmlElement, *, page_title: str) -> Body | None:
    """Return the page's article from its embedded JSON, or None.

    Related articles lie in the same state: a body with another title than the page's is one of
    them. Among the others the one with the page's title comes first, then the longest.
    """
    found: list[tuple[bool, int, Body]] = []
    for state in _states(tree):
        for body in _bodies(state):
            is_same = _is_same_title(body.title, page_title)
            if is_same or not body.title or not page_title:
                found.append((is_same, body.chars, body))
    return max(found, key=lambda one: one[:2], default=(False, 0, None))[2]


def _states(tree: HtmlElement) -> Iterator[Any]:
    """Yield each JSON state of the page: JSON scripts, assignments, the Next.js stream."""
    flight: list[str] = []
    for script in tree.iter("script"):
        source = script.text or ""
        kind = (script.get("type") or "").lower()
        if "ld+json" in kind or len(source) < MIN_BODY_CHARS:
            continue
        if "json" in kind:
            yield from _decoded(source.strip())
        elif "self.__next_f.push(" in source:
            flight.extend(_flight_pieces(source))
        else:
            for match in _ASSIGNMENT.finditer(source):
                yield from _decoded(source[match.end() :])
    if flight:
        yield from _flight_rows("".join(flight))


def _decoded(source: str) -> Iterator[Any]:
    try:
        value, _ = _DECODER.raw_decode(source)
    except (json.JSONDecodeError, RecursionError):
        return
    yield value


def _flight_pieces(source: str) -> Iterator[str]:
    for match in _FLIGHT.finditer(source):
        for value in _decoded(match[1]):
            if isinstance(value, list) and len(value) > 1 and isinstance(value[1], str):
                yield value[1]


def _flight_rows(stream: str) -> Iterator[Any]:
    """Yield the values of a React server stream: rows `id:JSON` and texts `id:Tlength,text`."""
    for match in _FLIGHT_ROW.finditer(stream):
        rest = stream[match.end() :]
        if rest.startswith("T"):
            length, comma, text = rest[1:].partition(",")
            if comma and re.fullmatch(r"[0-9a-f]{1,8}", length):
                # The length counts UTF-8 bytes.
                yield {"text": text.encode()[: int(length, 16)].decode("utf-8", "ignore")}
        elif rest[:1] in '[{"':
            yield from _decoded(rest)


def _bodies(state: object) -> Iterator[Body]:
    """Yield the texts of a state that are long enough for an article."""
    stack: list[tuple[object, str | None]] = [(state, None)]
    for _ in range(MAX_NODES):
        if not stack:
            return
        value, title = stack.pop()
        if isinstance(value, dict):
            title = _title(value) or title
            for key, part in value.items():
                if isinstance(key, str) and BODY_KEYS.match(key):
                    paragraphs = _paragraphs(part)
                    if sum(map(len, paragraphs)) >= MIN_BODY_CHARS:
                        yield Body(tuple(paragraphs), title, value)
                if isinstance(part, dict | list):
                    stack.append((part, title))
        elif isinstance(value, list):
            stack.extend((part, title) for part in value if isinstance(part, dict | list))


def _paragraphs(value: object) -> list[str]:
    if isinstance(value, str):
        return paragraphs_of_html(value) if len(value) >= MIN_BODY_CHARS else []
    if not isinstance(value, list):
        return []
    found: list[str] = []
    for part in value:
        if isinstance(part, str):
            found.extend(paragraphs_of_html(part))
        elif isinstance(part, dict) and _is_text_part(part):
            text = next((part[k] for k in PART_KEYS if isinstance(part.get(k), str)), "")
            found.extend(paragraphs_of_html(text))
    return found


def _is_text_part(part: dict[str, Any]) -> bool:
    kind = part.get("type")
    return not isinstance(kind, str) or re.sub(r"[-_]", "", kind.lower()) in TEXT_PART_TYPES


def _title(record: dict[str, Any]) -> str | None:
    for key in TITLE_KEYS:
        value = record.get(key)
        if isinstance(value, dict):
            value = value.get("basic") or value.get("main")
        if isinstance(value, str) and value.strip():
            return value
    return None


def _is_same_title(title: str | None, page_title: str) -> bool:
    if not title or not page_title:
        return False
    here, there = _letters(title), _letters(page_title)
    if not here or not there:
        return False
    return (
        here in there
        or there in here
        or SequenceMatcher(None, here, there).ratio() >= TITLE_MIN_RATIO
    )


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
