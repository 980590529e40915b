"""The main text of any page by extraction libraries, with a second opinion where one fails."""

import re

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from readability import Document  # type: ignore[import-untyped]  # has no annotations

from newscrawl.extract.fragments import clean, paragraphs_of_html

# The rescue: trafilatura lost more than 40 % of what resiliparse sees, and readability has 1.3x
# as much. On 181 pages of a public benchmark this fires on three and adds 0.008 to F1.
KEPT_MIN_RATIO = 0.6
# Below this share trafilatura's own second opinions are asked for. Elsewhere they change nothing
# (2 of 85 benchmark pages differ, at shares of 0.00 and 0.05) and cost a third of its time.
FAST_MIN_RATIO = 0.75
READABILITY_MIN_RATIO = 1.3
SHORT_CHARS = 250  # trafilatura's own floor for a text that it trusts


def library_lines(
    source: str, tree: HtmlElement, url: str, *, seen_chars: int
) -> tuple[list[str], str]:
    """Return the lines of the main text, and "library" or "rescue" for what found them.

    Args:
        source: the page.
        tree: the page, parsed; it is not changed.
        url: where it stands.
        seen_chars: characters of `main_text`.
    """
    lines = _trafilatura_lines(tree, url, is_fast=True)
    kept = sum(map(len, lines))
    if kept >= SHORT_CHARS and kept >= FAST_MIN_RATIO * seen_chars:
        return lines, "library"
    lines = _trafilatura_lines(tree, url, is_fast=False)
    kept = sum(map(len, lines))
    if kept >= SHORT_CHARS and kept >= KEPT_MIN_RATIO * seen_chars:
        return lines, "library"
    other = _readability_lines(source)
    if sum(map(len, other)) >= READABILITY_MIN_RATIO * max(kept, 1):
        return other, "rescue"
    return lines, "library"


def _trafilatura_lines(tree: HtmlElement, url: str, *, is_fast: bool) -> list[str]:
    text = trafilatura.extract(
        tree,
        url=url or None,
        fast=is_fast,
        favor_precision=True,
        include_comments=False,
        include_formatting=False,
    )
    lines = (clean(re.sub(r"^- ", "", line)) for line in (text or "").splitlines())
    return [line for line in lines if line]


def _readability_lines(source: str) -> list[str]:
    try:
        return paragraphs_of_html(Document(source).summary(html_partial=True))
    except (etree.ParserError, ValueError, TypeError):  # nothing that it can read
        return []
