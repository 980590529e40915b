"""A plan adds up: every nanosecond of an answer is told, or is queue and overhead."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_replay.bodies import Question
from ollama_replay.pacing import Pacing
from ollama_replay.plan import Plan, answer_length, measure, plan_answer
from ollama_replay.prompt_tokens import PromptTooLongError
from ollama_replay.script import Model, Script, Timeline

MS = 1_000_000


def plan(
    timeline: Timeline,
    *,
    prompt: str = "요약해 줘",
    model: Model | None = None,
    options: dict[str, Any] | None = None,
    num_ctx: int = 4096,
    granted_ns: int = 0,
    shift: bool = True,
) -> Plan:
    script = Script(timeline=timeline, models=(model or Model(),))
    question = Question(api="chat", model="replay", prompt=prompt, is_empty=False, shift=shift)
    return plan_answer(
        script,
        script.models[0],
        Pacing(timeline, script.seed),
        question,
        options or {},
        num_ctx=num_ctx,
        index=0,
        shared_chars=0,
        granted_ns=granted_ns,
    )


def test_on_an_idle_server_the_first_chunk_comes_when_the_script_says() -> None:
    timeline = Timeline(first_chunk_s=0.075, warm_load_s=0.012, overhead_s=0.003)
    found = plan(timeline, granted_ns=15 * MS)  # handed over at 12, tokenized at 15
    assert found.first_ns == 75 * MS
    assert found.prompt_eval_ns == 60 * MS


def test_each_uncached_prompt_token_takes_its_time() -> None:
    timeline = Timeline(first_chunk_s=0.015, prompt_eval_token_s=0.001)
    assert plan(timeline, prompt="가" * 99).prompt_eval_ns == 100 * MS
    cached = plan(timeline, prompt="가" * 99, model=Model(cached_tokens=60))
    assert (cached.prompt_tokens, cached.cached_tokens) == (100, 60)
    assert cached.prompt_eval_ns == 40 * MS


def test_decoding_lasts_from_the_first_chunk_to_the_last() -> None:
    found = plan(Timeline(gap_s=0.02), options={"num_predict": 5})
    assert (found.output_tokens, found.chunks, found.decode_ns) == (5, 5, 80 * MS)
    paired = plan(Timeline(gap_s=0.02, tokens_per_chunk=(2,)), options={"num_predict": 5})
    assert (paired.output_tokens, paired.chunks, paired.decode_ns) == (5, 3, 40 * MS)


def test_lockstep_is_waited_for_inside_prompt_eval() -> None:
    found = plan(Timeline(align_s=0.1), granted_ns=15 * MS)
    assert found.first_ns == 100 * MS
    assert found.prompt_eval_ns == 85 * MS


@pytest.mark.parametrize(
    ("asked", "natural", "expected"),
    [
        (None, None, (128, "stop")),
        (None, 40, (40, "stop")),
        (200, None, (200, "length")),
        (200, 40, (40, "stop")),
        (40, 40, (40, "length")),
        (0, None, (0, "length")),
    ],
)
def test_how_long_an_answer_is_and_why_it_ends(
    asked: int | None, natural: int | None, expected: tuple[int, str]
) -> None:
    assert answer_length(asked, natural, 128) == expected


def test_an_over_long_prompt_is_cut_without_a_word() -> None:
    assert plan(Timeline(), prompt="가" * 5000).prompt_tokens == 2048
    with pytest.raises(PromptTooLongError):
        plan(Timeline(), prompt="가" * 5000, shift=False)


def test_the_context_is_at_most_what_the_model_was_trained_with() -> None:
    small = Model(context_length=512)
    assert plan(Timeline(), prompt="가" * 600, model=small, num_ctx=8192).prompt_tokens == 256


def test_without_shift_an_answer_ends_at_the_context() -> None:
    found = plan(Timeline(), prompt="가" * 99, num_ctx=110, shift=False)
    assert (found.output_tokens, found.reason) == (10, "length")


def test_zeros_are_left_out_but_that_of_cached_tokens() -> None:
    found = measure(
        plan(Timeline(), options={"num_predict": 1}),
        Script(),
        received_ns=0,
        handed_ns=0,
        generated_ns=75 * MS,
    )
    assert found["eval_count"] == 1
    assert found["eval_duration"] is None
    assert found["load_duration"] is None
    assert found["prompt_eval_cached_count"] == 0


@pytest.mark.parametrize(
    ("version", "count", "cached"),
    [("0.33.3", 100, 60), ("0.33.0", 100, None), ("0.30.0", 40, None)],
)
def test_what_the_prompt_count_holds_depends_on_the_version(
    version: str, count: int, cached: int | None
) -> None:
    found = measure(
        plan(Timeline(), prompt="가" * 99, model=Model(cached_tokens=60)),
        Script(version=version),
        received_ns=0,
        handed_ns=1,
        generated_ns=9,
    )
    assert (found["prompt_eval_count"], found["prompt_eval_cached_count"]) == (count, cached)


@given(
    st.integers(0, 10**10),
    st.integers(0, 10**10),
    st.integers(1, 400),
    st.floats(0.0, 0.01),
    st.integers(0, 10**9),
)
def test_total_is_load_queue_overhead_prompt_eval_and_decoding(
    handed_ns: int, waited_ns: int, tokens: int, per_token_s: float, stalled_ns: int
) -> None:
    timeline = Timeline(prompt_eval_token_s=per_token_s, jitter_s=0.02)
    granted_ns = handed_ns + waited_ns
    found = plan(timeline, options={"num_predict": tokens}, granted_ns=granted_ns)
    measured = measure(
        found,
        Script(timeline=timeline),
        received_ns=0,
        handed_ns=handed_ns,
        generated_ns=found.first_ns + found.decode_ns + stalled_ns,
        stalled_decode_ns=stalled_ns,
    )
    told = ("load_duration", "prompt_eval_duration", "eval_duration")
    assert (measured["total_duration"] or 0) - sum(
        measured[name] or 0 for name in told
    ) == waited_ns
