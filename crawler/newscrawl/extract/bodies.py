"""The element that holds an article's body: its paragraphs, and how its line breaks show it."""

import re
from copy import deepcopy

from lxml.html import HtmlElement

from newscrawl.extract.fragments import BLOCKS, clean, paragraphs_of

MIN_CHARS = 80
MIN_BREAKS = 2
MAX_LINK_RATIO = 0.3  # of the text; lists of links use breaks as well

CONTAINERS = ("div", "td", "article", "section", "main", "span")
# Elements inside a body that are no article text. Sub-headings are text and not among them.
FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:ads?|adv|advert\w*|adsbygoogle|banner|sponsor\w*|promotion|photos?|image|img|pic"
    r"|caption|figure|vod|video|player|related|linked|recommend\w*|byline|reporter|journalist"
    r"|copyright|summary|tags?|sns|share|comments?|tools?|print|subscribe|channel|relation|relate|writers?|editors)"
    r"(?:$|[\s_-])|imgdesc|imgcaption|articlephoto|photobox|vodplayer|dablewidget|taboola|outbrain",
    re.IGNORECASE,
)
FURNITURE_TAGS = frozenset(
    {"figure", "aside", "iframe", "ins", "form", "nav", "header", "footer", "picture"}
)


def body_in_breaks(tree: HtmlElement) -> list[str]:
    """Return the paragraphs of the page's body if it is parted by line breaks, else none.

    The element that holds most text of its own, outside of paragraphs and other blocks, is the
    body if no parent of paragraphs holds more.
    """
    best: HtmlElement | None = None
    best_chars = MIN_CHARS - 1
    for element in tree.iter(*CONTAINERS):
        if sum(child.tag == "br" for child in element) < MIN_BREAKS:
            continue
        chars, link_chars = _own_text_chars(element)
        if chars > best_chars and link_chars <= MAX_LINK_RATIO * chars:
            best, best_chars = element, chars
    if best is None or _longest_in_paragraphs(tree) > best_chars:
        return []
    return body_paragraphs(best)


def body_paragraphs(element: HtmlElement) -> list[str]:
    """Return the paragraphs of a body element without the furniture that stands in it."""
    body = deepcopy(element)
    for part in list(body.iter()):
        if part is not body and _is_furniture(part):
            remove_element(part)
    return paragraphs_of(body)


def _is_furniture(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str):
        return True  # a comment
    if element.tag in FURNITURE_TAGS:
        return True
    if FURNITURE.search(f"{element.get('class') or ''} {element.get('id') or ''}"):
        return True
    if element.tag == "table":  # a picture with its caption, in pages made before figure was
        return element.find(".//img") is not None
    return False


def remove_element(element: HtmlElement) -> None:
    """Remove an element and leave the text behind it where it is."""
    parent = element.getparent()
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        elif parent is not None:
            parent.text = (parent.text or "") + element.tail
    if parent is not None:
        parent.remove(element)


def _own_text_chars(element: HtmlElement) -> tuple[int, int]:
    """Return the characters of an element's own text and inline children, and those in links."""
    chars = len((element.text or "").strip())
    link_chars = 0
    for child in element:
        if isinstance(child.tag, str) and child.tag not in BLOCKS:
            inside = len(clean(str(child.text_content())))
            chars += inside
            link_chars += inside if child.tag == "a" else 0
        chars += len((child.tail or "").strip())
    return chars, link_chars


def _longest_in_paragraphs(tree: HtmlElement) -> int:
    """Return the most characters that one parent's paragraphs hold."""
    sums: dict[HtmlElement, int] = {}
    for paragraph in tree.iter("p"):
        parent = paragraph.getparent()
        if parent is not None:
            text = len(clean(str(paragraph.text_content())))
            sums[parent] = sums.get(parent, 0) + text
    return max(sums.values(), default=0)
