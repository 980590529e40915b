"""Which links of a list page lead to articles, and which to the list's next page."""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml.html import HtmlElement

from newscrawl.addresses import article_key, web_address
from newscrawl.extract.fragments import clean

MIN_ANCHOR_CHARS = 8  # of a headline; menus are shorter
PAGE_PARAMETERS = ("page", "p", "pg", "paged", "pageno", "page_no", "pageindex", "start", "offset",
                   "pagenum", "currentpage")  # fmt: skip

_NOT_PAGES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|json|pdf|zip|mp[34]|m3u8|xml|rss|atom|txt|hwpx?|xlsx?|docx?"
    r"|pptx?|apk)$",
    re.IGNORECASE,
)
_NOT_ARTICLES = re.compile(
    r"/(?:tag|tags|author|authors|category|categories|section|sections|search|login|signin|signup|join"
    r"|register|subscribe|subscription|about|contact|privacy|policy|terms|help|faq|rss|feed|sitemap"
    r"|newsletter|newsletters|account|member|mypage|reporter|journalist|user|users|topic|topics|archive"
    r"|archives|ranking|event|events|shop|store|cart|ads?|advertise|careers|jobs|cdn-cgi|wp-admin|print"
    r"|share|comment|comments)(?:/|\.\w+$|$)",
    re.IGNORECASE,
)
_ID = re.compile(r"\d{4,}")
_DATED = re.compile(r"/(?:19|20)\d{2}[/-]?(?:0?[1-9]|1[0-2])(?:[/-]|\d{2})")
_ID_PARAMETER = re.compile(
    r"(?:^|&)(?:idxno|aid|no|id|article_?id|news_?id|newscd|seq|num|key|nid|code|arcid|art_id)=\w*\d",
    re.IGNORECASE,
)
_FURNITURE_TAGS = frozenset({"nav", "aside", "footer"})
_CARD_TAGS = frozenset({"article", "li", "section"})  # a header inside one holds its headline
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:nav|gnb|lnb|snb|menu|aside|side|sidebar|footer|foot|popular|most|ranking|rank|best"
    r"|related|recommend|banner|ad|ads|breadcrumb|paging|pagination|comment|comments)(?:$|[\s_-])",
    re.IGNORECASE,
)


def is_article_address(url: str) -> bool:
    """Return whether an address looks like an article's: a number, a date or a long slug in it."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if _NOT_PAGES.search(path) or _NOT_ARTICLES.search(path):
        return False
    last = path.rstrip("/").rsplit("/", 1)[-1]
    return bool(
        _DATED.search(path)
        or _ID.search(last)
        or _ID_PARAMETER.search(parts.query)
        or last.count("-") >= 3
        or last.count("_") >= 4
    )


def article_links(tree: HtmlElement, base: str) -> list[str]:
    """Return the addresses of articles that a list page leads to, in page order, each once.

    Links in menus, side columns and footers are passed over: a search without results leads to
    nothing, however many articles are read most today.
    """
    found: dict[str, str] = {}
    here = article_key(base)
    for anchor in tree.iter("a"):
        url = web_address(base, anchor.get("href"))
        if url is None or not is_article_address(url):
            continue
        key = article_key(url)
        if key == here:
            continue
        if not _is_furniture(anchor):
            found.setdefault(key, url)
    return list((_with_headlines(tree, base, found) or found).values())


def next_page(tree: HtmlElement, base: str) -> str | None:
    """Return the address of the list's next page: `rel=next`, else the next number in a paging."""
    for element in tree.iter("a", "link"):
        if "next" in (element.get("rel") or "").lower().split():
            return web_address(base, element.get("href"))
    here = _page_number(base)
    best: tuple[int, str] | None = None
    for anchor in tree.iter("a"):
        url = web_address(base, anchor.get("href"))
        if url is None or _without_page(url) != _without_page(base):
            continue
        number = _page_number(url)
        if number > here and (best is None or number < best[0]):
            best = (number, url)
    return best[1] if best else None


def feed_links(tree: HtmlElement, base: str) -> list[str]:
    """Return the RSS and Atom feeds that a page names in its head."""
    found = []
    for element in tree.iter("link"):
        kind = (element.get("type") or "").lower()
        if "alternate" in (element.get("rel") or "").lower() and ("rss" in kind or "atom" in kind):
            url = web_address(base, element.get("href"))
            if url:
                found.append(url)
    return found


def _with_headlines(tree: HtmlElement, base: str, links: dict[str, str]) -> dict[str, str]:
    """Return the links that some anchor gives a headline to."""
    titled: set[str] = set()
    for anchor in tree.iter("a"):
        url = web_address(base, anchor.get("href"))
        if url and len(clean(str(anchor.text_content()))) >= MIN_ANCHOR_CHARS:
            titled.add(article_key(url))
    return {key: url for key, url in links.items() if key in titled}


def _is_furniture(element: HtmlElement) -> bool:
    for node in (element, *element.iterancestors()):
        if node.tag in ("body", "html", "main"):
            return False
        if node.tag in _FURNITURE_TAGS:
            return True
        if node.tag == "header" and not any(a.tag in _CARD_TAGS for a in node.iterancestors()):
            return True
        if node.get("role") in ("navigation", "complementary", "contentinfo", "banner"):
            return True
        if _FURNITURE.search(f"{node.get('class') or ''} {node.get('id') or ''}"):
            return True
    return False


def _page_number(url: str) -> int:
    parts = urlsplit(url)
    for name, value in parse_qsl(parts.query):
        if name.lower() in PAGE_PARAMETERS and value.isdecimal():
            return int(value)
    match = re.search(r"/page/(\d+)/?$", parts.path)
    return int(match[1]) if match else 1


def _without_page(url: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    parts = urlsplit(url)
    kept = ((n, v) for n, v in parse_qsl(parts.query) if n.lower() not in PAGE_PARAMETERS)
    return parts.netloc, re.sub(r"/page/\d+/?$", "", parts.path).rstrip("/"), tuple(sorted(kept))
