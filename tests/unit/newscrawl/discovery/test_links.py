import pytest
from lxml.html import HtmlElement, document_fromstring

from newscrawl.discovery.links import article_links, is_article_address, next_page

BASE = "https://news.example/search?query=a&page=2"


def tree(body: str) -> HtmlElement:
    return document_fromstring(f"<html><body>{body}</body></html>")


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/news/1001",
        "https://news.example/2026/11/12/title",
        "https://news.example/news/articleView.html?idxno=12345",
        "https://news.example/a-town-gets-a-new-library",
        "https://news.example/article/202611120001",
    ],
)
def test_an_address_of_an_article(url: str) -> None:
    assert is_article_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/",
        "https://news.example/section/economy",
        "https://news.example/tag/2026",
        "https://news.example/login",
        "https://news.example/photo/20261112.jpg",
        "https://news.example/about",
        "https://news.example/author/12345",
    ],
)
def test_an_address_of_something_else(url: str) -> None:
    assert not is_article_address(url)


def test_headlines_in_page_order_each_once() -> None:
    page = tree(
        "<main><a href='/news/1002'>둘째 기사의 제목이다</a><a href='/news/1001?utm_source=x'>"
        "첫째 기사의 제목이다</a><a href='/news/1002#c'>댓글</a></main>"
    )
    assert article_links(page, BASE) == [
        "https://news.example/news/1002",
        "https://news.example/news/1001?utm_source=x",
    ]


def test_menus_side_columns_and_rankings_are_passed_over() -> None:
    page = tree(
        "<nav><a href='/news/9001'>메뉴에 놓인 기사 제목</a></nav>"
        "<aside><a href='/news/9002'>옆에 놓인 기사의 제목</a></aside>"
        "<div class='most-read'><a href='/news/9003'>많이 본 기사의 제목</a></div>"
        "<footer><a href='/news/9004'>아래에 놓인 기사 제목</a></footer>"
    )
    assert article_links(page, BASE) == []


def test_a_header_inside_a_card_holds_its_headline() -> None:
    page = tree("<article><header><a href='/news/1001'>카드의 기사 제목이다</a></header></article>")
    assert article_links(page, BASE) == ["https://news.example/news/1001"]


def test_a_page_does_not_lead_to_itself_nor_to_what_is_no_address() -> None:
    page = tree(
        "<a href='/news/1001'>이 기사의 제목입니다</a><a href='javascript:x()'>스크립트 제목</a>"
        "<a href='mailto:a@b.example'>편지</a><a href='http://[broken'>깨진 주소</a><a>빈</a>"
    )
    assert article_links(page, "https://news.example/news/1001") == []


def test_the_next_page_by_its_relation() -> None:
    page = tree("<a rel='next' href='?query=a&page=3'>다음</a>")
    assert next_page(page, BASE) == "https://news.example/search?query=a&page=3"


def test_the_next_page_by_its_number() -> None:
    page = tree(
        "".join(f"<a href='/search?query=a&page={n}'>{n}</a>" for n in (1, 2, 3, 4))
        + "<a href='/search?query=b&page=3'>다른 검색</a>"
    )
    assert next_page(page, BASE) == "https://news.example/search?query=a&page=3"


def test_the_next_page_in_the_path() -> None:
    page = tree("<a href='/economy/page/3/'>3</a><a href='/economy/page/2/'>2</a>")
    assert (
        next_page(page, "https://news.example/economy/") == "https://news.example/economy/page/2/"
    )


def test_the_last_page_has_none() -> None:
    assert next_page(tree("<a href='/search?query=a&page=1'>1</a>"), BASE) is None
