"""The site's search finds a query in any spacing and shows where it matched."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.articles import load
from newsroom.rendering import SITE_NOW
from newsroom.search import (
    HITS_PER_PAGE,
    SNIPPET_CHARS,
    Hit,
    page_number,
    page_of,
    query_pattern,
    relative_date,
    search,
    segments,
    snippet,
)

ARTICLE = replace(
    load()[0], title="제목", paragraphs=("몸글",), captions=(), keywords=(), subheadline=""
)


def hit_ids(query: str) -> list[str]:
    return [hit.article.id for hit in search(load(), query)]


@pytest.mark.parametrize("query", ["온새미증권", "온새미 증권", " 온 새 미 증 권 "])
def test_spacing_in_the_query_does_not_matter(query: str) -> None:
    assert hit_ids(query) == hit_ids("온새미증권")


def test_spacing_and_case_in_the_text_do_not_matter() -> None:
    spaced = replace(ARTICLE, paragraphs=("어제 온새미 증권이 말했다.",))
    english = replace(ARTICLE, paragraphs=("ONSAEMI Securities said.",))
    assert len(search([spaced], "온새미증권")) == 1
    assert len(search([english], "onsaemi securities")) == 1


def test_a_query_in_decomposed_letters_finds_composed_text() -> None:
    decomposed = "\u110b\u1169\u11ab새미증권"  # 온, written as three jamo
    assert hit_ids(decomposed) == hit_ids("온새미증권")


def test_titles_captions_and_keywords_are_searched_as_well() -> None:
    for article in (
        replace(ARTICLE, title="바다"),
        replace(ARTICLE, captions=("바다 사진",)),
        replace(ARTICLE, keywords=("바다",)),
    ):
        assert len(search([article], "바다")) == 1


@pytest.mark.parametrize("query", ["", "   ", "없는말없는말"])
def test_an_empty_or_unknown_query_has_no_hits(query: str) -> None:
    assert hit_ids(query) == []


def test_a_query_is_no_regular_expression() -> None:
    assert hit_ids(".*") == []


def test_hits_are_newest_first() -> None:
    stamps = [hit.article.published_at for hit in search(load(), "온새미증권")]
    assert stamps == sorted(stamps, reverse=True)


@given(text=st.text("가나 다\n", max_size=40), query=st.text("가나", min_size=1, max_size=3))
def test_segments_joined_are_the_text_and_every_match_is_marked(text: str, query: str) -> None:
    pattern = query_pattern(query)
    assert pattern is not None
    cut = segments(text, pattern)
    assert "".join(segment.text for segment in cut) == text
    assert all(pattern.fullmatch(segment.text) for segment in cut if segment.is_match)
    assert not any(pattern.search(segment.text) for segment in cut if not segment.is_match)


def test_a_snippet_shows_the_first_match_with_an_ellipsis_on_both_cut_sides() -> None:
    article = replace(ARTICLE, paragraphs=("앞" * 200 + "바다" + "뒤" * 200,))
    pattern = query_pattern("바다")
    assert pattern is not None
    shown = snippet(article, pattern)
    assert shown.startswith("…앞")
    assert "바다" in shown
    assert shown.endswith("뒤…")
    assert len(shown) == SNIPPET_CHARS + 2


def test_a_snippet_without_a_match_is_the_beginning() -> None:
    article = replace(ARTICLE, paragraphs=("짧은 글",))
    pattern = query_pattern("바다")
    assert pattern is not None
    assert snippet(article, pattern) == "짧은 글"


def test_pages_hold_ten_hits_and_one_beyond_the_last_is_empty() -> None:
    hits = [Hit(ARTICLE, (), ()) for _ in range(HITS_PER_PAGE + 1)]
    assert [len(page_of(hits, number)) for number in (1, 2, 3)] == [10, 1, 0]


@pytest.mark.parametrize(
    ("asked", "page"), [("2", 2), ("1", 1), ("0", 1), ("-1", 1), ("x", 1), ("", 1), ("9" * 30, 1)]
)
def test_what_is_no_page_number_means_the_first_page(asked: str, page: int) -> None:
    assert page_number(asked) == page


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (timedelta(seconds=-5), "0분 전"),
        (timedelta(minutes=59, seconds=59), "59분 전"),
        (timedelta(hours=1), "1시간 전"),
        (timedelta(hours=23, minutes=59), "23시간 전"),
        (timedelta(days=6, hours=23), "6일 전"),
        (timedelta(days=7), "2026.11.14."),
    ],
)
def test_dates_are_relative_for_a_week(age: timedelta, shown: str) -> None:
    now: datetime = SITE_NOW
    assert relative_date(now - age, now) == shown
