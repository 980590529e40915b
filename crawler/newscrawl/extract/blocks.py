"""The element whose blocks hold most sentences: the body of pages whose names say nothing."""

import re
from collections import Counter
from copy import deepcopy

from lxml.html import HtmlElement

from newscrawl.extract.bodies import body_paragraphs, remove_element
from newscrawl.extract.fragments import BLOCKS, clean

MIN_CHARS = 25  # of a block; menus and labels are shorter
MAX_LINK_RATIO = 0.5  # of a block's text; more is a card that leads to another article
CAPTION_MAX_CHARS = 200  # beside a picture; more is a paragraph that has one in it
MIN_SHARE = 0.5  # of the most that any holds; long comments can outweigh a short article

_BLOCK_TAGS = ("p", "div", "li", "blockquote", "section", "dd")
_SENTENCE = re.compile(r"[다요까죠]\s?[.?!…]|[a-z0-9)][.?!](?:[\s\"”]|$)")
_ASKING = ("button", "input", "select", "textarea", "form")
_ADVERTISEMENT = re.compile(r"^(?:광고|AD|ADVERTISEMENT)\b")


def body_of_blocks(tree: HtmlElement) -> list[str]:
    """Return the paragraphs of the element whose child blocks hold most sentences, or none.

    Where several hold about as many, the first does: comments and related articles come behind. Of
    its children, pictures with their captions, cards that link elsewhere, polls and
    advertisements are left out; their classes need not say what they are.
    """
    blocks = [block for block in tree.iter(*_BLOCK_TAGS) if _is_prose(block)]
    inside: Counter[HtmlElement] = Counter(a for block in blocks for a in block.iterancestors())
    chars: Counter[HtmlElement] = Counter()  # by holder, in the order of their first blocks
    for block in blocks:
        # A wrapper of one paragraph holds nothing; what is around the wrappers does.
        holder = next((a for a in block.iterancestors() if inside[a] > 1), block.getparent())
        if holder is not None:
            chars[holder] += len(clean(str(block.text_content())))
    if not chars:
        return []
    least = MIN_SHARE * max(chars.values())
    body = deepcopy(next(holder for holder, n in chars.items() if n >= least))
    for child in list(body):
        if isinstance(child.tag, str) and _is_furniture(child):
            remove_element(child)
    return body_paragraphs(body)


def _is_prose(block: HtmlElement) -> bool:
    if any(child.tag in BLOCKS for child in block):
        return False
    text = clean(str(block.text_content()))
    return (
        len(text) >= MIN_CHARS and bool(_SENTENCE.search(text)) and not _is_card(block, len(text))
    )


def _is_furniture(child: HtmlElement) -> bool:
    text = clean(str(child.text_content()))
    has_picture = child.tag in ("img", "picture") or child.find(".//img") is not None
    return (
        (has_picture and len(text) <= CAPTION_MAX_CHARS)
        or _is_card(child, len(text))
        or next(child.iter(*_ASKING), None) is not None
        or bool(_ADVERTISEMENT.match(text))
    )


def _is_card(element: HtmlElement, chars: int) -> bool:
    in_links = sum(len(clean(str(a.text_content()))) for a in element.iter("a"))
    return in_links > MAX_LINK_RATIO * chars
