"""The site rule of Naver News: article pages of today, of before 2022, and of sports and shows.

Selectors die about once a year; all of them stand in LAYOUTS. Where the rule finds no body it
says so with an empty text, and nothing else is tried: a library's guess would hide the change.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from newscrawl.addresses import NaverArticle, is_naver_host, naver_article
from newscrawl.extract.bodies import remove_element
from newscrawl.extract.extracted import Extracted
from newscrawl.extract.fragments import clean, paragraphs_of, parse_page
from newscrawl.extract.language import language_of
from newscrawl.extract.lines import article_lines
from newscrawl.extract.metadata import author_names
from newscrawl.extract.selectors import PlaceIndex
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
AFTER_BODY_CHARS = 1_500  # the category, which stands behind byline and copyright


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a page layout keeps what: selectors (`newscrawl.extract.selectors`), tried in turn."""

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


LAYOUTS = (
    Layout(  # n.news.naver.com since 2022; the body was a div, and is an article since 2024
        path="naver",
        marker="media_end_head",
        body=("#dic_area", "#newsct_article"),
        title=("#title_area", ".media_end_head_headline"),
        published=("._ARTICLE_DATE_TIME@data-date-time",),
        modified=("._ARTICLE_MODIFY_DATE_TIME@data-modify-date-time",),
        press=(".media_end_head_top_logo img@alt", ".media_end_linked_more_point"),
        authors=(".media_end_head_journalist_name", ".byline"),
        section=(".media_end_categorize_item",),
        original=(".media_end_head_origin_link@href",),
    ),
    Layout(  # m.sports and m.entertain: React, whose class names end in a hash
        path="naver_entertain",
        marker="rticle_title__",
        body=(
            "._article_content",
            ".ArticleContent_comp_article_content__*",
            "#comp_news_article",
        ),
        title=(".NewsEndMain_article_title__*", ".ArticleHead_article_title__*"),
        published=(".NewsEndMain_date__*", ".ArticleHead_date__*", ".date"),
        press=(".NewsEndMain_press* img@alt", ".ArticleHead_press* img@alt"),
        authors=(".NewsEndMain_reporter*", ".ArticleHead_reporter*"),
        original=(".NewsEndMain_link_origin*@href", ".ArticleHead_link_origin*@href"),
    ),
    Layout(  # news.naver.com/main/read.nhn and its sports and entertainment siblings, to 2021
        path="naver_legacy",
        marker="<body",
        body=("#articleBodyContents", "#articeBody", "#newsEndContents"),  # artice: the site's own
        title=("#articleTitle", ".end_tit", ".article_info h3", ".news_headline h4"),
        published=(".t11", ".author em", ".info span"),
        press=(".press_logo img@alt", ".press_logo img@title", "#pressLogo img@alt"),
        authors=(".journalistcard_summary_name", ".byline"),
        section=(".guide_categorization_item",),
        original=(".btn_artialoriginal@href", ".press_link@href"),
    ),
)
# Inside the body, and no article text. `ab_sub_heading` is a sub-heading and stays.
NOT_TEXT_CLASSES = frozenset(
    {
        "media_end_summary", "end_photo_org", "img_desc", "nbd_table", "vod_player_wrap",
        "_VIDEO_AREA_WRAP", "ab_photo", "vod_area", "link_news", "reporter_area", "copyright",
        "byline",
    }
)  # fmt: skip
NOT_TEXT_TAGS = frozenset({"figure", "script", "style"})
PICTURE_CLASSES = frozenset({"end_photo_org", "nbd_table", "ab_photo"})

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
        if tree is None:
            continue
        places = PlaceIndex(tree)
        body = next((e for place in layout.body for e in places.elements(place)), None)
        if body is not None:
            return _read(html, url, places, body, layout)
    return Extracted(title="", text="", path="naver")


def _read(html: str, url: str, places: PlaceIndex, body: HtmlElement, layout: Layout) -> Extracted:
    title = places.text(layout.title)
    # Facts first: cleaning the body can remove elements that hold some of them.
    press = places.text(layout.press) or _meta_press(html)
    section = places.text(layout.section) or _section(html)
    authors = author_names(places.texts(layout.authors))
    published = stated_time(places.text(layout.published), zone=KST)
    modified = stated_time(places.text(layout.modified), zone=KST)
    original = places.text(layout.original) or None
    had_picture = _remove_furniture(body)
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


def _remove_furniture(body: HtmlElement) -> bool:
    """Remove what is no text from a body; return whether there was a picture."""
    had_picture = False
    for element in list(body.iter()):
        classes = (
            set((element.get("class") or "").split()) if isinstance(element.tag, str) else set()
        )
        had_picture = had_picture or element.tag == "img" or not classes.isdisjoint(PICTURE_CLASSES)
        if element is not body and _is_furniture(element, classes):
            remove_element(element)
    return had_picture


def _is_furniture(element: HtmlElement, classes: set[str]) -> bool:
    if not isinstance(element.tag, str):
        return True  # a comment
    if element.tag in NOT_TEXT_TAGS or not classes.isdisjoint(NOT_TEXT_CLASSES):
        return True
    if (element.get("id") or "").startswith("video_area"):
        return True
    if any(name.startswith("pzp-") for name in classes):
        return True
    return element.tag == "table" and element.find(".//img") is not None


def _meta_press(html: str) -> str | None:
    match = _PRESS_META.search(html)
    return clean(match[1]) if match else None


def _section(html: str) -> str | None:
    match = _SECTION_ID.search(html)
    return SECTIONS[match[1]] if match else None


def _canonical(article: NaverArticle) -> str:
    return f"https://n.news.naver.com/article/{article.oid}/{article.aid}"
