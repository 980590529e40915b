import random

from hypothesis import given, settings
from hypothesis import strategies as st

from newscrawl.near_duplicates import near_duplicates, shingles

SYLLABLES = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노도로모보소오조초코토포호"


def article(number: int, sentences: int = 12) -> str:
    dice = random.Random(number)
    return " ".join(
        " ".join("".join(dice.choices(SYLLABLES, k=3)) for _ in range(9)) + " 밝혔다."
        for _ in range(sentences)
    )


def links(texts: list[str]) -> dict[int, int]:
    return {link.position: link.original for link in near_duplicates(texts, lambda i: texts[i])}


def test_five_hundred_distinct_articles_are_not_linked() -> None:
    assert links([article(number) for number in range(500)]) == {}


def test_an_edited_copy_is_linked_to_the_first_of_its_kind() -> None:
    original = article(1)
    edited = original.replace("밝혔다.", "말했다.", 3) + " 끝으로 한 문장을 더 붙였다."
    assert links([article(0), original, article(2), edited, original]) == {3: 1, 4: 1}


def jaccard(one: str, other: str) -> float:
    here, there = shingles(one), shingles(other)
    return len(here & there) / len(here | there)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12), st.integers(0, 9)), max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_link_is_always_true_and_a_close_copy_always_linked(
    pieces: list[tuple[int, int, int]],
) -> None:
    def text(number: int, kept: int, other: int) -> str:
        """Return one of five articles whose last sentences are another's."""
        sentences = article(number).split(". ")[: max(1, kept)]
        return ". ".join([*sentences, *article(100 + other).split(". ")[kept:]])

    texts = [text(*piece) for piece in pieces]
    found = near_duplicates(texts, lambda i: texts[i])
    for link in found:
        assert link.original < link.position
        assert link.similarity == jaccard(texts[link.position], texts[link.original]) >= 0.5
    for position, here in enumerate(texts):
        if any(jaccard(here, earlier) >= 0.8 for earlier in texts[:position]):
            assert position in {link.position for link in found}


def test_daily_reports_from_one_mould_are_linked_only_where_most_of_the_text_is_the_same() -> None:
    def report(day: int) -> str:
        dice = random.Random(day)
        firms = dice.sample(["가람은행", "산들전자", "너울해운", "온새미증권", "해솔제약"], 3)
        return " ".join(
            f"{dice.choice(['장 초반', '오후 들어', '마감을 앞두고'])} {firm} 주가가 "
            f"{dice.randint(10, 99)},{dice.randint(100, 999)}원으로 {dice.uniform(0.1, 9):.2f}% "
            f"{dice.choice(['올랐다', '내렸다', '제자리였다'])}. {article(1000 * day + n, 1)}"
            for n, firm in enumerate(firms)
        )

    texts = [report(day) for day in range(500)]
    assert links(texts) == {}


def test_spaces_and_signs_make_no_difference() -> None:
    original = article(1)
    (link,) = near_duplicates(
        [original, original.replace(" ", "\n\n").replace(".", "!")], lambda _: original
    )
    assert link.similarity == 1.0


def test_two_reports_on_one_event_are_two_articles() -> None:
    half = article(1, sentences=6)
    assert links([half + article(2, sentences=14), half + article(3, sentences=14)]) == {}


def test_shingles_of_a_short_text_are_the_text() -> None:
    assert shingles("가 나!") == {"가나"}
