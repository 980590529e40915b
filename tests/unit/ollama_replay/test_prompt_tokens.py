"""Prompts: counted, cut without a word, spared by a cache."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_replay.prompt_tokens import (
    PromptCache,
    PromptTooLongError,
    cached_tokens,
    count_tokens,
    tokens_kept,
)


def test_tokens_are_characters_by_a_factor_and_one_to_begin_with() -> None:
    assert count_tokens("", 1.0) == 1
    assert count_tokens("요약", 1.0) == 3
    assert count_tokens("요약해 줘", 1.1) == 7


def test_a_prompt_that_fits_is_kept_whole() -> None:
    assert tokens_kept(4095, 4096, truncate=True, shift=True) == 4095


def test_one_that_does_not_fit_is_cut_to_half_of_the_context() -> None:
    assert tokens_kept(4096, 4096, truncate=True, shift=True) == 2048
    assert tokens_kept(99_999, 4096, truncate=True, shift=True) == 2048


@pytest.mark.parametrize(("truncate", "shift"), [(False, True), (True, False)])
def test_cutting_may_be_forbidden(truncate: bool, shift: bool) -> None:
    with pytest.raises(PromptTooLongError, match=r"5000 tokens.*4096 tokens"):
        tokens_kept(5000, 4096, truncate=truncate, shift=shift)


def test_a_cache_knows_the_longest_beginning_among_recent_prompts() -> None:
    cache = PromptCache(2)
    assert cache.shared_chars("기사 하나") == 0
    assert cache.shared_chars("기사 둘") == 3
    assert cache.shared_chars("기사 하나") == 5
    assert cache.shared_chars("딴것") == 0
    assert cache.shared_chars("기사 둘") == 3  # "기사 둘" was two prompts ago: forgotten
    cache.clear()
    assert cache.shared_chars("기사 둘") == 0


def test_no_cache_remembers_nothing() -> None:
    cache = PromptCache(0)
    cache.shared_chars("같은 말")
    assert cache.shared_chars("같은 말") == 0


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(1, 5000))
def test_the_last_token_is_always_evaluated(scripted: int, shared: int, tokens: int) -> None:
    found = cached_tokens(scripted, shared, 1.0, tokens)
    assert 0 <= found < tokens
    assert found == min(max(scripted, shared), tokens - 1)
