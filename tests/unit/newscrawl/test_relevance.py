import pytest

from newscrawl.relevance import keyword, relevance

FIRM = [keyword("온새미증권")]


@pytest.mark.parametrize(
    "text",
    [
        "온새미증권이 밝혔다.",
        "온새미증권은 밝혔다.",
        "온새미증권에서는 그렇다.",
        "온새미증권으로부터 받았다.",
        "온새미 증권 관계자",
        "‘온새미증권’",
        "(온새미증권)",
        "온새미증권의 앱",
        "온새미증권",
    ],
)
def test_a_keyword_is_found_with_particles_and_in_any_spacing(text: str) -> None:
    assert relevance("제목", text, FIRM).score == 0.3


@pytest.mark.parametrize(
    "text", ["온새미마을이 밝혔다.", "새온새미증권이 생겼다.", "다른 증권사", ""]
)
def test_another_word_with_the_same_letters_is_not_the_keyword(text: str) -> None:
    assert relevance("제목", text, FIRM).score == 0


def test_a_compound_counts_half() -> None:
    whole = relevance("제목", "온새미증권이 답했다.", FIRM).score
    assert relevance("제목", "온새미증권노조가 답했다.", FIRM).score == pytest.approx(whole / 2)


def test_the_title_counts_more_than_the_text() -> None:
    in_title = relevance("온새미증권, 새 대표 선임", "본문", FIRM)
    in_text = relevance("새 대표 선임", "\n\n".join(["본문"] * 3 + ["온새미증권"] * 9), FIRM)
    assert in_title.score == 0.5 > in_text.score == 0.3
    assert in_title.reason == "title; 0 in the text"


def test_everything_together_is_one() -> None:
    found = relevance("온새미증권", "온새미증권 온새미증권은 온새미증권의", FIRM)
    assert found.score == 1.0
    assert found.reason == "title; opening; 3 in the text"


def test_an_alias_is_as_good_as_the_keyword_and_is_named() -> None:
    words = [keyword("온새미증권"), keyword("온새미투자증권")]
    found = relevance("온새미투자증권, 이름 바꾼다", "온새미투자증권은", words)
    assert found.keyword == "온새미투자증권"


def test_latin_keywords_are_whole_words_in_any_case() -> None:
    words = [keyword("Onsaemi")]
    assert relevance("", "ONSAEMI Securities said", words).score > 0
    assert relevance("", "Onsaemis and nonsaemi", words).score == 0


def test_signs_in_a_keyword_are_letters_and_no_pattern() -> None:
    assert relevance("", "C++ 개발자", [keyword("C++")]).score > 0
    assert relevance("", "CCC", [keyword("C++")]).score == 0


def test_without_a_keyword_nothing_is_scored() -> None:
    assert relevance("제목", "본문", []).keyword is None
