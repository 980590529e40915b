import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak import prompts


@given(run_id=st.text(min_size=1), index=st.integers(0, 10**9))
def test_a_nonce_always_has_sixteen_digits(run_id: str, index: int) -> None:
    assert prompts.is_nonce(prompts.nonce(run_id, index))


def test_no_two_requests_of_a_run_share_a_nonce() -> None:
    nonces = {prompts.nonce("run", index) for index in range(100_000)}
    assert len(nonces) == 100_000


def test_neighbouring_nonces_differ_from_the_first_digit_on() -> None:
    pairs = [(prompts.nonce("run", i), prompts.nonce("run", i + 1)) for i in range(1000)]
    assert all(a[0] != b[0] for a, b in pairs)


def test_two_runs_draw_different_nonces() -> None:
    assert prompts.nonce("run-a", 0) != prompts.nonce("run-b", 0)


def test_the_nonce_is_the_first_thing_in_the_prompt() -> None:
    prompt = prompts.build_prompt(nonce="0123456789012345", title="제목", text="본문")
    assert prompt.startswith("0123456789012345\n")


def test_braces_in_an_article_stay_as_they_are() -> None:
    prompt = prompts.build_prompt(nonce="0" * 16, title="{text}", text="{nonce} {}")
    assert "제목: {text}\n\n{nonce} {}\n" in prompt


def test_the_prompts_length_does_not_depend_on_the_nonce() -> None:
    lengths = {
        len(prompts.build_prompt(nonce=prompts.nonce("r", i), title="t", text="x"))
        for i in range(50)
    }
    assert len(lengths) == 1


def test_a_negative_index_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0"):
        prompts.nonce("run", -1)


@pytest.mark.parametrize(
    "text", ["", "123", "12345678901234567", "１２３４５６７８９０１２３４５６"]
)
def test_other_texts_are_no_nonces(text: str) -> None:
    assert not prompts.is_nonce(text)
