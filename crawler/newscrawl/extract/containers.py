"""The element that Korean publishing systems keep an article's body in, found by its name."""

import re

from lxml.html import HtmlElement

from newscrawl.extract.bodies import body_paragraphs
from newscrawl.extract.fragments import clean

MIN_CHARS = 100
MIN_SHARE = 0.4  # of the page's main text; less is a teaser or another article's box
MAX_LINK_RATIO = 0.3

# How Korean publishing systems name the body: what it is of, a joint, and what it is.
_OF = r"(?:article|art|news|story|post|entry|gisa|read|view|detail|text|cont|content|arl-?view)"
_IS = r"(?:body|contents?|cont?|cnt|text|txt|article|news|doc|view|viewer|newstext)"
_AROUND = r"(?:div|area|wrap|wrapper|detail|box|inner|id)"
NAMES = re.compile(
    rf"^(?:{_OF}[-_]?(?:{_IS}[-_]?)?{_IS}(?:[-_]?{_AROUND}){{0,2}}"
    r"|viewer|article-?_?view-?_?content-?_?div|rns-?_?text|nwscon|gs-?_?content|pnlcontent"
    r"|cmadcontent)$",
    re.IGNORECASE,
)
TAGS = ("div", "article", "section", "td", "main")


def named_body(tree: HtmlElement, *, main_chars: int) -> list[str]:
    """Return the paragraphs of the element whose name says that it is the article's body.

    `itemprop="articleBody"` counts as well. Of several the smallest that holds nearly all of the
    longest one's text is taken: what is around it is furniture.

    Args:
        tree: the page.
        main_chars: how much main text the page has, roughly.
    """
    found = [(e, body_paragraphs(e)) for e in tree.iter(*TAGS) if _is_named(e) and _is_prose(e)]
    sized = [(sum(map(len, paragraphs)), paragraphs) for _, paragraphs in found]
    longest = max((chars for chars, _ in sized), default=0)
    if longest < MIN_CHARS or longest < MIN_SHARE * main_chars:
        return []
    return min((s for s in sized if s[0] >= 0.9 * longest), key=lambda s: s[0])[1]


def _is_named(element: HtmlElement) -> bool:
    if (element.get("itemprop") or "").lower() == "articlebody":
        return True
    names = (element.get("id") or "", *(element.get("class") or "").split())
    return any(NAMES.match(name.strip("_")) for name in names)


def _is_prose(element: HtmlElement) -> bool:
    chars = len(clean(str(element.text_content())))
    in_links = sum(len(clean(str(a.text_content()))) for a in element.iter("a"))
    return chars >= MIN_CHARS and in_links <= MAX_LINK_RATIO * chars
