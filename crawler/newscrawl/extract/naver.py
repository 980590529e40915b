"""The site rule of Naver News: article pages of today, of before 2022, and of sports and shows.

Selectors die about once a year; all of them stand in LAYOUTS. Where the rule finds no body it
says so with an empty text, and nothing else is tried: a library's guess would hide the change.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement

from newscrawl.addresses import NaverArticle, is_naver_host, naver_article
from newscrawl.extract.bodies import remove_element
from newscrawl.extract.extracted import Extracted
from newscrawl.extract.fragments import clean, paragraphs_of, parse_page
from newscrawl.extract.language import language_of
from newscrawl.extract.lines import article_lines
from newscrawl.extract.metadata import author_names
from newscrawl.extract.times import KST, stated_time

PHOTO_MAX_CHARS = 200  # what remains beside the pictures of a photo article is a sentence
SECTIONS = {
    "100": "정치",
    "101": "경제",
    "102": "사회",
    "103": "생활/문화",
    "104": "세계",
    "105": "IT/과학",
}
AFTER_BODY_CHARS = 6_000  # byline, copyright and category follow the body closely


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a page layout keeps what; XPath, each tried in turn."""

    path: str  # what the dataset calls it
    marker: str  # a string that every page of the layout holds, before anything that is read
    body: tuple[str, ...]
    title: tuple[str, ...]
    published: tuple[str, ...]
    modified: tuple[str, ...] = ()
    press: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    original: tuple[str, ...] = ()


def _class(name: str, tag: str = "*") -> str:
    return f"//{tag}[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"


def _class_prefix(prefix: str, tag: str = "*") -> str:
    return f"//{tag}[starts-with(@class, '{prefix}') or contains(@class, ' {prefix}')]"


LAYOUTS = (
    Layout(  # n.news.naver.com since 2022; the body was a div, and is an article since 2024
        path="naver",
        marker="media_end_head",
        body=("//*[@id='dic_area']", "//*[@id='newsct_article']"),
        title=("//*[@id='title_area']", _class("media_end_head_headline")),
        published=("//*[@data-date-time]/@data-date-time",),
        modified=("//*[@data-modify-date-time]/@data-modify-date-time",),
        press=(
            _class("media_end_head_top_logo") + "//img/@alt",
            _class("media_end_linked_more_point"),
        ),
        authors=(_class("media_end_head_journalist_name"), _class("byline")),
        section=(_class("media_end_categorize_item"),),
        original=(_class("media_end_head_origin_link", "a") + "/@href",),
    ),
    Layout(  # m.sports and m.entertain: React, whose class names end in a hash
        path="naver_entertain",
        marker="rticle_title__",
        body=(
            "//*[@id='comp_news_article']//*[contains(@class, '_article_content')]",
            _class_prefix("ArticleContent_comp_article_content__"),
            _class("_article_content"),
            "//*[@id='comp_news_article']",
        ),
        title=(
            _class_prefix("NewsEndMain_article_title__"),
            _class_prefix("ArticleHead_article_title__"),
        ),
        published=(
            _class_prefix("NewsEndMain_date__"),
            _class_prefix("ArticleHead_date__"),
            "//em[contains(@class, 'date')]",
        ),
        press=(
            _class_prefix("NewsEndMain_press") + "//img/@alt",
            _class_prefix("ArticleHead_press") + "//img/@alt",
        ),
        authors=(_class_prefix("NewsEndMain_reporter"), _class_prefix("ArticleHead_reporter")),
        original=(
            _class_prefix("NewsEndMain_link_origin", "a") + "/@href",
            _class_prefix("ArticleHead_link_origin", "a") + "/@href",
        ),
    ),
    Layout(  # news.naver.com/main/read.nhn and its sports and entertainment siblings, to 2021
        path="naver_legacy",
        marker="<body",
        body=(
            "//*[@id='articleBodyContents']",
            "//*[@id='articeBody']",  # the site's own spelling
            "//*[@id='newsEndContents']",
        ),
        title=(
            "//*[@id='articleTitle']",
            _class("end_tit"),
            _class("article_info") + "//h3",
            _class("news_headline") + "//h4",
        ),
        published=(_class("t11"), _class("author") + "//em", _class("info") + "/span"),
        press=(
            _class("press_logo") + "//img/@alt",
            _class("press_logo") + "//img/@title",
            "//*[@id='pressLogo']//img/@alt",
        ),
        authors=(_class("journalistcard_summary_name"), _class("byline")),
        section=(_class("guide_categorization_item"),),
        original=(
            _class("btn_artialoriginal", "a") + "/@href",
            _class("press_link", "a") + "/@href",
        ),
    ),
)
# Inside the body, and no article text. `ab_sub_heading` is a sub-heading and stays.
NOT_TEXT = (
    _class("media_end_summary"),
    _class("end_photo_org"),
    _class("img_desc"),
    _class("nbd_table"),
    _class("vod_player_wrap"),
    _class("_VIDEO_AREA_WRAP"),
    "//*[starts-with(@id, 'video_area')]",
    "//*[contains(@class, 'pzp-')]",
    _class("ab_photo"),
    _class("vod_area"),
    _class("link_news"),
    _class("reporter_area"),
    _class("copyright"),
    _class("byline"),
    "//table[.//img]",
    "//figure",
    "//script",
    "//style",
    "//comment()",
)

_ALL_NOT_TEXT = etree.XPath(" | ".join(f".{path}" for path in NOT_TEXT))
_PICTURES = etree.XPath(f".{_class('end_photo_org')} | .//img | .//table[.//img]")
_PRESS_META = re.compile(
    r"<meta[^>]{0,80}og:article:author[^>]{0,80}content=[\"']([^\"'|]{1,60})", re.IGNORECASE
)
_SECTION_ID = re.compile(r"sectionId[\"']?\s*[:=]\s*[\"']?(10[0-5])\b")
_FLASH = re.compile(r"^//\s*flash 오류를 우회하기 위한 함수 추가.*")


def is_naver_page(url: str) -> bool:
    """Return whether the rule is responsible for an address."""
    return is_naver_host(url) and naver_article(url) is not None


def read_naver(html: str, url: str) -> Extracted:
    """Return the article of a Naver page; its text is "" where no layout fits."""
    for layout in LAYOUTS:
        if layout.marker not in html:
            continue
        tree = parse_page(_piece(html, layout))
        body = _element(tree, layout.body) if tree is not None else None
        if tree is not None and body is not None:
            return _read(html, url, tree, body, layout)
    return Extracted(title="", text="", path="naver")


def _read(html: str, url: str, tree: HtmlElement, body: HtmlElement, layout: Layout) -> Extracted:
    title = _text(tree, layout.title)
    # Facts first: cleaning the body removes elements that hold some of them.
    press = _text(tree, layout.press) or _meta_press(html)
    section = _text(tree, layout.section) or _section(html)
    authors = author_names(_texts(tree, layout.authors))
    published = stated_time(_text(tree, layout.published), zone=KST)
    modified = stated_time(_text(tree, layout.modified), zone=KST)
    original = _text(tree, layout.original) or None
    had_picture = bool(_PICTURES(body))
    furniture: Any = _ALL_NOT_TEXT(body)  # a path to nodes gives a list
    for element in furniture:
        remove_element(element)
    lines = [line for p in paragraphs_of(body) if (line := _FLASH.sub("", p))]
    text = "\n\n".join(article_lines(lines, title=title))
    number = naver_article(url)
    return Extracted(
        title=title,
        text=text,
        path=layout.path,
        published_at=published,
        modified_at=modified,
        press=press,
        author=authors,
        section=section,
        language=language_of(text, stated="ko"),
        canonical_url=_canonical(number) if number else None,
        original_url=original if urlsplit(original or "").scheme in ("http", "https") else None,
        is_photo=had_picture and len(text) <= PHOTO_MAX_CHARS,
    )


def _piece(html: str, layout: Layout) -> str:
    """Return the part of the page that the layout reads.

    Parsing it all would cost four times as much: nine tenths of a page are scripts, rankings and
    the comment box. Where a landmark is missing the piece is the whole page.
    """
    if layout.path != "naver":
        return html
    start = html.rfind("<", 0, html.find(layout.marker))
    body = html.find('id="dic_area"')
    if start < 0 or body < 0:
        return html
    ends = (
        html.find(mark, body) for mark in ('class="byline', 'class="copyright', "media_end_categ")
    )
    found = [end for end in ends if end >= 0]
    return html[start : max(found) + AFTER_BODY_CHARS] if found else html[start:]


def _nodes(tree: HtmlElement, path: str) -> list[HtmlElement | str]:
    found: Any = tree.xpath(path)  # paths to nodes and attributes give a list
    return [node for node in found if isinstance(node, HtmlElement | str)]


def _element(tree: HtmlElement, paths: Iterable[str]) -> HtmlElement | None:
    found = (node for path in paths for node in _nodes(tree, path))
    return next((node for node in found if isinstance(node, HtmlElement)), None)


def _texts(tree: HtmlElement, paths: Iterable[str]) -> list[str]:
    """Return the texts that the first of the paths leads to that leads to any."""
    for path in paths:
        texts = (
            clean(node if isinstance(node, str) else str(node.text_content()))
            for node in _nodes(tree, path)
        )
        if found := [text for text in texts if text]:
            return found
    return []


def _text(tree: HtmlElement, paths: Iterable[str]) -> str:
    return next(iter(_texts(tree, paths)), "")


def _meta_press(html: str) -> str | None:
    match = _PRESS_META.search(html)
    return clean(match[1]) if match else None


def _section(html: str) -> str | None:
    match = _SECTION_ID.search(html)
    return SECTIONS[match[1]] if match else None


def _canonical(article: NaverArticle) -> str:
    return f"https://n.news.naver.com/article/{article.oid}/{article.aid}"
