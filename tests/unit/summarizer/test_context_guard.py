"""A prompt that does not fit is refused before it is sent, and counting is paid once."""

from dataclasses import replace

import pytest

from summarizer.context_guard import ContextGuard
from summarizer.problems import Problem
from yoyak import prompts
from yoyak.engines.base import GenerationOptions, GenerationRequest
from yoyak.records import EngineFacts, ModelFacts


class Counting:
    """Counts one token a character, and how often it was asked."""

    def __init__(self, *, can_count: bool = True) -> None:
        self.asked = 0
        self._can_count = can_count

    async def __call__(self, prompt: str) -> int | None:
        self.asked += 1
        return len(prompt) if self._can_count else None


def facts(context_tokens: int | None) -> EngineFacts:
    return EngineFacts(
        name="llamacpp", context_tokens=context_tokens, model=ModelFacts(name="tiny")
    )


def request(text: str, *, nonce: str = "1" * 16, output_tokens: int = 10) -> GenerationRequest:
    return GenerationRequest(
        request_id="r",
        article_id="a",
        title="제목",
        text=text,
        nonce=nonce,
        prompt=prompts.build_prompt(nonce=nonce, title="제목", text=text),
        options=GenerationOptions(output_tokens=output_tokens, seed=1, temperature=0.0),
    )


LONG = request("가" * 1000)
TOKENS = len(LONG.prompt)


async def test_a_prompt_that_just_fits_passes() -> None:
    await ContextGuard().check(Counting(), facts(TOKENS + 10), LONG)


async def test_one_token_too_many_is_413_with_all_numbers() -> None:
    with pytest.raises(Problem) as caught:
        await ContextGuard().check(Counting(), facts(TOKENS + 9), LONG)
    assert caught.value.kind.status == 413
    assert caught.value.error_class == "prompt_too_long"
    assert caught.value.extra == {
        "prompt_tokens": TOKENS,
        "output_tokens": 10,
        "context_tokens": TOKENS + 9,
    }


async def test_an_articles_tokens_are_counted_once_whatever_its_nonce() -> None:
    guard, engine = ContextGuard(), Counting()
    for digit in "123":
        await guard.check(engine, facts(2000), replace(LONG, nonce=digit * 16))
    assert engine.asked == 1
    await guard.check(engine, facts(2000), request("나" * 1000))
    assert engine.asked == 2


async def test_a_prompt_whose_bytes_fit_is_not_counted_at_all() -> None:
    engine = Counting()
    await ContextGuard().check(engine, facts(4096), request("짧은 기사"))
    assert engine.asked == 0


async def test_where_context_or_count_is_unknown_the_engine_decides() -> None:
    await ContextGuard().check(Counting(), facts(None), LONG)
    await ContextGuard().check(Counting(), None, LONG)
    await ContextGuard().check(Counting(can_count=False), facts(100), LONG)
