import random

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
