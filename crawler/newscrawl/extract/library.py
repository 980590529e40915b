"""The main text of any page by extraction libraries, with a second opinion where one fails."""

import re
from collections.abc import Sequence

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from readability import Document  # type: ignore[import-untyped]  # has no annotations

from newscrawl.extract.blocks import body_of_blocks
from newscrawl.extract.fragments import clean, paragraphs_of_html

# The rescue: trafilatura lost more than 40 % of what resiliparse sees, and readability has 1.3x
# as much. On 181 pages of a public benchmark this fires on three and adds 0.008 to F1.
KEPT_MIN_RATIO = 0.6
# Below this share trafilatura's own second opinions are asked for. Elsewhere they change nothing
# (2 of 85 benchmark pages differ, at shares of 0.00 and 0.05) and cost a third of its time.
FAST_MIN_RATIO = 0.75
READABILITY_MIN_RATIO = 1.3
BLOCKS_MIN_RATIO = 0.3  # resiliparse rather sees too much: comments and related articles as well
CELLS_MAX_RATIO = 0.5
SHORT_CHARS = 250  # trafilatura's own floor for a text that it trusts


def library_lines(
    source: str, tree: HtmlElement, url: str, *, seen_chars: int, is_korean: bool
) -> tuple[list[str], str]:
    """Return the lines of the main text, and "library", "blocks" or "rescue" for what found them.

    Args:
        source: the page.
        tree: the page, parsed; it is not changed.
        url: where it stands.
        seen_chars: characters of `main_text`.
        is_korean: whether the page says that it is; sentences are then told by their endings.
    """
    lines = _trafilatura_lines(tree, url, is_fast=True)
    kept = sum(map(len, lines))
    is_found = kept >= SHORT_CHARS and kept >= FAST_MIN_RATIO * seen_chars
    if is_found and not (is_korean and _are_cells(lines)):
        return lines, "library"
    if is_korean:  # trafilatura's second opinions would take in comments and captions
        blocks = body_of_blocks(tree)
        if sum(map(len, blocks)) >= max(SHORT_CHARS, BLOCKS_MIN_RATIO * seen_chars):
            return blocks, "blocks"
    lines = _trafilatura_lines(tree, url, is_fast=False)
    kept = sum(map(len, lines))
    if kept >= SHORT_CHARS and kept >= KEPT_MIN_RATIO * seen_chars:
        return lines, "library"
    other = _readability_lines(source)
    if sum(map(len, other)) >= READABILITY_MIN_RATIO * max(kept, 1):
        return other, "rescue"
    return lines, "library"


def _are_cells(lines: Sequence[str]) -> bool:
    """Return whether most of the text stands in tables: those of a layout, or a list of results."""
    in_cells = sum(len(line) for line in lines if line.startswith("|"))
    return in_cells > CELLS_MAX_RATIO * sum(map(len, lines))


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
