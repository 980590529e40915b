"""A piece of HTML as paragraphs of plain text."""

import re
import unicodedata
from html import unescape

from lxml import etree, html
from lxml.html import HtmlElement

BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset",
        "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li",
        "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead",
        "tr", "ul",
    }
)  # fmt: skip
SILENT = frozenset(
    {"script", "style", "noscript", "template", "iframe", "object", "video", "audio", "svg",
     "button"}
)  # fmt: skip

_TAG = re.compile(r"</?[A-Za-z!]")
_SPACES = re.compile(r"[ \t\r\n\f\v\u00a0\u3000\u200b\ufeff]+")
_BREAK = "\n"
_BLANK_LINES = re.compile(r"(?<=[.!?\"”’)])[ \t\r]*\n[ \t\r]*\n\s*(?=\S)")


def parse_page(source: str) -> HtmlElement | None:
    """Return the page's root element, or None where there is nothing to parse."""
    data = source.replace("\x00", "").encode("utf-8", "replace")
    try:
        return html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8"))
    except etree.ParserError:  # nothing but spaces or comments
        return None


def paragraphs_of_html(source: str) -> list[str]:
    """Return the paragraphs of an HTML piece, escaped or not; plain text with lines works too."""
    if "<" not in source:
        source = unescape(source)
    if not _TAG.search(source):
        return [p for part in source.splitlines() if (p := clean(part))]
    tree = parse_page(source)
    return paragraphs_of(tree) if tree is not None else []


def paragraphs_of(element: HtmlElement) -> list[str]:
    """Return the paragraphs below an element.

    A paragraph ends at a block element or at a line break; two lines that one `<br>` parts are
    two paragraphs, since pages that use breaks use them for nothing else.
    """
    pieces: list[str] = []
    _collect(element, pieces)
    return [p for line in "".join(pieces).split(_BREAK) if (p := clean(line))]


def clean(text: str) -> str:
    """Return NFC text with each run of white space as one space and none at the ends."""
    return unicodedata.normalize("NFC", _SPACES.sub(" ", text).strip())


def _collect(element: HtmlElement, pieces: list[str]) -> None:
    # An explicit stack: pages that nest thousands of elements exist.
    stack: list[tuple[HtmlElement, bool]] = [(element, False)]
    while stack:
        node, is_done = stack.pop()
        tag = node.tag
        if is_done:
            if tag in BLOCKS:
                pieces.append(_BREAK)
            if node is not element:
                _append(pieces, node.tail)
            continue
        if not isinstance(tag, str) or tag in SILENT:  # a comment, or no text for readers
            if node is not element:
                _append(pieces, node.tail)
            continue
        if tag == "br" or tag in BLOCKS:
            pieces.append(_BREAK)
        _append(pieces, node.text)
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(node))


def _append(pieces: list[str], text: str | None) -> None:
    if text:
        # A line break in the source is a space to a reader. Blank lines between sentences are
        # what a style such as `white-space: pre-line` shows as paragraphs.
        pieces.append(_BREAK.join(p.replace(_BREAK, " ") for p in _BLANK_LINES.split(text)))
