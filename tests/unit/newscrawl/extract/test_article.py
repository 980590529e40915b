"""Whole pages through the one function that the outside uses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newscrawl.extract import PATHS, article_text, extract

URL = "https://news.example/news/20261112001"
PARAGRAPHS = [
    "너울군이 산내면에 새 도서관을 짓는다. 사업비는 128억원이고 개관은 2028년 봄이다.",
    "지하 1층, 지상 3층 건물에 책 6만 권이 들어간다. 군은 주민 4000명의 설문을 설계에 반영했다.",
    "다만 주차장은 48면에 그쳐 주말에는 버스를 늘리기로 했다고 군은 설명했다.",
]


def page(body: str, *, head: str = "", title: str = "너울군, 새 도서관 짓는다") -> str:
    return (
        f"<!doctype html><html lang='ko'><head><title>{title} - 옛골신문</title>{head}</head><body>"
        f"<nav><a href='/'>처음</a></nav><h1>{title}</h1>{body}"
        "<footer>고충 처리 · 청소년 보호정책</footer></body></html>"
    )


def test_a_named_body_of_a_korean_publishing_system() -> None:
    body = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    furniture = (
        "<figure><img><figcaption>조감도. 너울군 제공</figcaption></figure>"
        "<div class='ad_area'>광고 [두그릇분식]</div><ul class='related'><li>다른 기사</li></ul>"
    )
    html = page(f"<div id='article-view-content-div'>{furniture}{body}</div><div>댓글 3</div>")
    found = extract(html, URL)
    assert found.text.split("\n\n") == PARAGRAPHS
    assert (found.path, found.title, found.press) == (
        "container",
        "너울군, 새 도서관 짓는다",
        "옛골신문",
    )


def test_paragraphs_parted_by_line_breaks() -> None:
    body = "<br><br>".join(PARAGRAPHS)
    html = page(f"<table><tr><td class='x1'>{body}</td></tr></table>")
    found = extract(html, URL)
    assert (found.path, found.text.split("\n\n")) == ("breaks", PARAGRAPHS)


def test_the_facts_of_meta_elements() -> None:
    head = (
        "<meta property='article:published_time' content='2026-11-12T09:00:00+09:00'>"
        "<meta property='article:section' content='지역'>"
        "<meta property='og:site_name' content='옛골신문'>"
        "<meta name='author' content='길보리 기자'>"
        "<link rel='canonical' href='/news/20261112001'>"
    )
    body = "<article>" + "".join(f"<p>{t}</p>" for t in PARAGRAPHS) + "</article>"
    found = extract(page(body, head=head), URL)
    assert found.published_at == "2026-11-12T09:00:00+09:00"
    assert (found.section, found.press, found.author) == ("지역", "옛골신문", "길보리")
    assert found.canonical_url == URL
    assert found.language == "ko"


def test_a_time_that_the_page_shows_is_in_korea() -> None:
    body = (
        "<div class='info'>입력 2026.11.12 14:20 | 길보리 기자 | 인쇄</div><article>"
        + "".join(f"<p>{t}</p>" for t in PARAGRAPHS)
        + "</article>"
    )
    found = extract(page(body), URL)
    assert (found.published_at, found.author) == ("2026-11-12T14:20:00+09:00", "길보리")


def test_a_photo_article_is_marked() -> None:
    found = extract(page("<p>여의도에 눈이 내린다.</p>", title="[포토] 여의도에 첫눈"), URL)
    assert found.is_photo


@pytest.mark.parametrize("html", ["", " ", "<!-- -->", "<html></html>", "\x00", "plain text"])
def test_a_page_without_an_article_gives_an_empty_text(html: str) -> None:
    assert article_text(html, URL) in ("", "plain text")


@given(st.text(max_size=400))
@settings(max_examples=20)
def test_no_input_raises(text: str) -> None:
    for html in (text, f"<html><body><div id='dic_area'>{text}</div></body></html>"):
        assert extract(html, URL).path in PATHS
        assert extract(html, "https://n.news.naver.com/article/001/0014567890").path in PATHS


def test_two_thousand_nested_elements_do_not_end_the_process() -> None:
    html = "<html><body>" + "<div>" * 2_000 + "깊은 곳의 글" + "</div>" * 2_000
    assert isinstance(article_text(html, URL), str)
