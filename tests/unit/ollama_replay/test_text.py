"""Answers are whole characters of our own Korean sentences, the same for the same question."""

from hypothesis import given
from hypothesis import strategies as st

from ollama_replay.text import SENTENCES, answer_start, answer_text, pieces, starts


def test_the_pieces_joined_are_the_sentences() -> None:
    assert "".join(pieces()) == "".join(f"{sentence} " for sentence in SENTENCES)
    assert all(1 <= len(piece) <= 3 for piece in pieces())


def test_an_answer_begins_with_a_sentence() -> None:
    for start, sentence in zip(starts(), SENTENCES, strict=True):
        assert answer_text(start, 0, 40).startswith(sentence)


@given(st.integers(0, 2**31), st.text(), st.integers(1, 200), st.integers(1, 9))
def test_pieces_in_any_portions_make_the_same_answer(
    seed: int, question: str, tokens: int, portion: int
) -> None:
    start = answer_start(seed, question)
    portions = [
        answer_text(start, first, min(portion, tokens - first))
        for first in range(0, tokens, portion)
    ]
    assert "".join(portions) == answer_text(start, 0, tokens)


def test_the_question_and_the_seed_decide_the_answer() -> None:
    assert answer_start(1, "기사") == answer_start(1, "기사")
    assert len({answer_start(1, f"기사 {n}") for n in range(50)}) > 10
    assert len({answer_start(n, "기사") for n in range(50)}) > 10


def test_half_a_surrogate_in_a_question_is_no_trouble() -> None:
    assert answer_start(1, "\ud800") in starts()
