import unicodedata

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
    "particle",
    [
        *("은", "는", "이", "가", "을", "를", "의", "에", "와", "과", "도", "로", "만", "께", "나"),
        *("으로서는", "으로부터", "에서부터", "에게서는", "이라고는", "에서는", "에서도", "에게는"),
        *("에게도", "이라며", "이라고", "이라는", "으로는", "으로도", "으로서", "으로써", "까지는"),
        *("부터는", "보다는", "라고는", "에서의", "만으로", "조차도", "이었던", "이었다", "이지만"),
        *("이므로", "에도", "에의", "와의", "과의", "이나", "이란", "이며", "이고", "이다", "이든"),
        *("로써", "로의", "처럼", "마다", "만은", "만의", "만이", "만을", "라며", "라고", "라는"),
        *("라도", "였다", "들이", "들은", "들을", "들의", "들도", "측", "측은", "씨", "인", "이자"),
        *("에선", "에겐", "한테", "한테서", "께서", "께서는", "와는", "과도", "이랑", "랑", "하고"),
        *("뿐", "뿐만", "대로", "만큼", "만큼은", "마저", "밖에", "이라서", "커녕", "엔", "론"),
        *("으론", "들과", "들에게", "들로부터", "에서만은", "까지도", "까지의", "입니다", "같이"),
    ],
)
def test_a_keyword_with_any_particle_is_the_keyword_itself(particle: str) -> None:
    text = f"어제 온새미증권{particle} 그랬다."
    assert relevance("제목", text, FIRM).score == 0.3, particle


@pytest.mark.parametrize("tail", ["노조가", "맨", "빌딩에서", "투자자문은", "배", "클럽"])
def test_a_word_that_is_no_particle_makes_a_compound(tail: str) -> None:
    assert relevance("제목", f"어제 온새미증권{tail} 그랬다.", FIRM).score == 0.15


def test_a_keyword_in_pieces_of_syllables_is_the_same() -> None:
    typed = unicodedata.normalize("NFD", "온새미증권")  # as a terminal of macOS hands it over
    assert relevance("제목", "온새미증권은 밝혔다.", [keyword(typed)]).score == 0.3


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
