"""Article bodies that a page carries only in the state of its script application."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Any

from lxml.html import HtmlElement

from newscrawl.extract.fragments import paragraphs_of_html
from newscrawl.extract.literals import assigned_values
from newscrawl.extract.nuxt import called_states, flat_state

MIN_BODY_CHARS = 80  # the shortest flash news in Korean; a shorter text is a label
TITLE_MIN_RATIO = 0.6  # of common characters; publishers shorten titles for search engines
MAX_PART_DEPTH = 4  # of nested pieces in a paragraph: bold in a link
MAX_NODES = 200_000  # of one page's state; a larger one is no article
BODY_KEYS = re.compile(
    r"^(?:article|art|news|story|post|main|detail)?_?"
    r"(?:body|contents?|conts?|text|html|maintext|fulltext|paragraphs|blocks|__html)"
    r"_?(?:html|text|body|value|elements|blocks|raw)?$",
    re.IGNORECASE,
)
NO_BODY_KEYS = re.compile(
    r"desc|summary|caption|copyright|terms|policy|comment|seo|alt|script|style|css|license|bio",
    re.IGNORECASE,
)
SHOWN_MAX_RATIO = 0.5  # of a body without a title; a page that shows more carries its own
TEASER_RATIO = 2.0  # a page that shows more than twice a body shows the article, not the teaser
MIN_SENTENCES = 2  # labels and addresses have none
PART_KEYS = ("content", "text", "value", "html", "body")  # of one paragraph in a list
TEXT_PART_TYPES = frozenset(
    {"text", "paragraph", "p", "header", "heading", "subheading", "html", "quote", "listitem"}
)
TITLE_KEYS = ("title", "headline", "headlines", "subject", "articleTitle", "newsTitle")

_FLIGHT = re.compile(r"self\.__next_f\.push\((\[.*\])\)", re.DOTALL)
_FLIGHT_ROW = re.compile(r"(?:^|\n)([0-9a-f]+):")
# A script's own value: `window.__STATE__ = {"`, `Fusion.globalContent=[{"`, `= JSON.parse("`.
_ASSIGNMENT = re.compile(r"=\s*(?:(?=[\[{]\s*[\[{\"])|JSON\.parse\(\s*(?=\"))")
_SENTENCE_END = re.compile(r"[다요까]\s?[.?!]|[a-z0-9][.?!](?:[\s\"”]|$)")
MAX_ASSIGNMENTS = 50  # of one script that are looked at
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Body:
    """A text in the page's state, and the title that stands beside it."""

    paragraphs: tuple[str, ...]
    title: str | None
    record: dict[str, Any]  # the object that holds it

    @property
    def text(self) -> str:
        """The paragraphs in one line."""
        return " ".join(self.paragraphs)

    @property
    def chars(self) -> int:
        """Code points of the text."""
        return sum(map(len, self.paragraphs))


def embedded_body(tree: HtmlElement, *, page_title: str, shown: str) -> Body | None:
    """Return the page's article from its embedded JSON, or None.

    Related articles lie in the same state: a body with another title than the page's is one of
    them. One without a title counts where the page itself shows little, and a text under a key
    that does not say what it is only with the page's title. The longest is taken.

    Args:
        tree: the page.
        page_title: its title.
        shown: the main text that the page itself shows, roughly. Its sentences are counted, for
            menus and rankings have none.
    """
    in_shown = _sentences(shown)
    states = list(_states(tree))
    for is_named in (True, False):
        bodies = [body for state in states for body in _bodies(state, is_named=is_named)]
        found = [
            body
            for body in bodies
            if _is_same_title(body.title, page_title)
            and in_shown <= TEASER_RATIO * _sentences(body.text)
        ]
        if not found and is_named:
            found = [
                body
                for body in bodies
                if not body.title and in_shown < SHOWN_MAX_RATIO * _sentences(body.text)
            ]
        if found:
            return max(found, key=lambda body: body.chars)
    return None


def _sentences(text: str) -> int:
    return len(_SENTENCE_END.findall(text))


def _states(tree: HtmlElement) -> Iterator[Any]:
    """Yield each state of the page: JSON scripts, assignments of JSON and of literals, Nuxt's
    forms, the Next.js stream."""
    flight: list[str] = []
    for script in tree.iter("script"):
        source = script.text or ""
        kind = (script.get("type") or "").lower()
        if "ld+json" in kind or len(source) < MIN_BODY_CHARS:
            continue
        if "json" in kind:
            for value in _decoded(source.strip()):
                yield value
                if "nuxt" in (script.get("id") or "").lower() and isinstance(value, list):
                    yield flat_state(value)
        elif "self.__next_f.push(" in source:
            flight.extend(_flight_pieces(source))
        else:
            yield from called_states(source)
            yield from assigned_values(source)
            for match in islice(_ASSIGNMENT.finditer(source), MAX_ASSIGNMENTS):
                for value in _decoded(source[match.end() :]):
                    # what JSON.parse is given is a string that holds JSON
                    yield from _decoded(value) if isinstance(value, str) else (value,)
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


def _bodies(state: object, *, is_named: bool) -> Iterator[Body]:
    """Yield the texts of a state that are long enough for an article."""
    stack: list[tuple[object, str | None]] = [(state, None)]
    for _ in range(MAX_NODES):
        if not stack:
            return
        value, title = stack.pop()
        if isinstance(value, dict):
            title = _title(value) or title
            for key, part in value.items():
                paragraphs = _named(key, part) if is_named else _prose(key, part)
                if sum(map(len, paragraphs)) >= MIN_BODY_CHARS:
                    yield Body(tuple(paragraphs), title, value)
                if isinstance(part, dict | list):
                    stack.append((part, title))
        elif isinstance(value, list):
            stack.extend((part, title) for part in value if isinstance(part, dict | list))


def _named(key: object, value: object) -> list[str]:
    if not isinstance(key, str) or not BODY_KEYS.match(key):
        return []
    paragraphs = _paragraphs(value)
    return paragraphs if _sentences(" ".join(paragraphs)) >= MIN_SENTENCES else []


def _prose(key: object, value: object) -> list[str]:
    """Return the paragraphs of a text whose key does not say what it is, if it is prose."""
    if not isinstance(key, str) or NO_BODY_KEYS.search(key) or not isinstance(value, str):
        return []
    if len(value) < MIN_BODY_CHARS or _sentences(value) < MIN_SENTENCES:
        return []
    return paragraphs_of_html(value)


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
            found.extend(paragraphs_of_html(_part_text(part, MAX_PART_DEPTH)))
    return found


def _part_text(part: dict[str, Any], depth: int) -> str:
    """Return the text of one paragraph, or that of its pieces: `{"children": [{"text": ...}]}`."""
    text = next((part[key] for key in PART_KEYS if isinstance(part.get(key), str)), None)
    if text is not None or depth == 0:
        return str(text or "")
    pieces = part.get("children") or part.get("content") or part.get("nodes")
    if not isinstance(pieces, list):
        return ""
    return "".join(_part_text(piece, depth - 1) for piece in pieces if isinstance(piece, dict))


def _is_text_part(part: dict[str, Any]) -> bool:
    kind = part.get("type")
    return not isinstance(kind, str) or re.sub(r"[-_]", "", kind.lower()) in TEXT_PART_TYPES


def _title(record: dict[str, Any]) -> str | None:
    for key in TITLE_KEYS:
        value = record.get(key)
        if isinstance(value, dict):
            value = value.get("basic") or value.get("main") or value.get("rendered")
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
