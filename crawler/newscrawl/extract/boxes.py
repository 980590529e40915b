"""Boxes around a Korean article whose sentences a library takes for its end."""

import re
from collections.abc import Sequence

from lxml.html import HtmlElement

from newscrawl.extract.fragments import paragraphs_of

MAX_SHARE = 0.3  # of the text; a name that more stands in is the article's own
NAMES = re.compile(
    r"(?:^|[\s_-])(?:reporter|journalist|writer|byline|copyright|comments?|reply|relat(?:e|ed|ion)"
    r"|recommend\w*|rank(?:ing)?|subscribe)(?:$|[\s_-])",
    re.IGNORECASE,
)


def without_boxes(lines: Sequence[str], tree: HtmlElement) -> list[str]:
    """Return the lines but those that stand in boxes of reporters, comments or related articles."""
    boxed = {
        line
        for box in tree.iter("div", "section", "aside", "ul", "dl", "p")
        if NAMES.search(f"{box.get('class') or ''} {box.get('id') or ''}")
        for line in paragraphs_of(box)
    }
    kept = [line for line in lines if line not in boxed]
    lost = sum(map(len, lines)) - sum(map(len, kept))
    return kept if lost <= MAX_SHARE * sum(map(len, lines)) else list(lines)
