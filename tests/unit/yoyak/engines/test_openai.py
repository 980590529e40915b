import json
from typing import Any

import pytest

from yoyak.engines.openai import Answer
from yoyak.errors import EngineError


def event(**members: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps(members).encode()


def piece(text: str, reason: str | None = None) -> bytes:
    return event(choices=[{"delta": {"content": text}, "finish_reason": reason}])


def test_texts_and_the_reason_of_the_end() -> None:
    answer = Answer("x")
    assert [answer.take(1, piece("가")), answer.take(2, piece("", "stop"))] == ["가", ""]
    assert answer.is_finished
    usage = answer.usage()
    assert (usage.finish_reason, answer.last_ns) == ("stop", 2)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"choices": 5}, id="choices"),
        pytest.param({"choices": [5]}, id="choice"),
        pytest.param({"choices": [{"delta": 5}]}, id="delta"),
        pytest.param({"choices": [{"delta": {"content": 5}}]}, id="content"),
        pytest.param({"choices": [{"delta": {"content": "a"}, "finish_reason": 5}]}, id="reason"),
        pytest.param({"choices": [{"delta": {"content": "a"}}], "usage": 5}, id="usage"),
        pytest.param({"choices": [{"delta": {"content": "a"}}], "timings": 5}, id="timings"),
    ],
)
def test_a_member_of_another_type_is_an_error_of_the_protocol(members: dict[str, object]) -> None:
    with pytest.raises(EngineError) as caught:
        Answer("x").take(1, event(**members))
    assert caught.value.error_class == "protocol"


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ([], ""),
        ([{"delta": {}}], ""),
        ([{"delta": {"role": "assistant", "content": None}}], ""),
        ([{"delta": {"role": "assistant", "content": "가"}}], "가"),
        ([{"delta": {"content": "가"}}, {"delta": {"content": "나"}}], "가나"),
        ([{"delta": {"content": "가", "reasoning": "나"}}], "나가"),
    ],
)
def test_text_is_what_all_choices_hold(choices: list[object], text: str) -> None:
    assert Answer("x").take(1, event(choices=choices)) == text


def test_a_server_without_counts_leaves_them_unknown() -> None:
    answer = Answer("x")
    answer.take(1, piece("가", "length"))
    usage = answer.usage()
    assert (usage.prompt_tokens, usage.output_tokens, usage.cached_tokens) == (None, None, None)
    assert (usage.prompt_eval_s, usage.decode_s) == (None, None)


def test_counts_come_after_the_end_of_the_text() -> None:
    answer = Answer("x")
    answer.take(1, piece("가", "length"))
    counts = {
        "prompt_tokens": 9,
        "completion_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 2},
    }
    answer.take(2, event(choices=[], usage=counts))
    usage = answer.usage()
    assert (usage.prompt_tokens, usage.output_tokens, usage.cached_tokens) == (9, 3, 2)


def test_a_null_usage_in_each_event_does_not_hide_the_last() -> None:
    answer = Answer("x")
    answer.take(1, event(choices=[], usage={"prompt_tokens": 9, "completion_tokens": 3}))
    answer.take(2, event(choices=[], usage=None))
    assert answer.usage().prompt_tokens == 9


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_what_a_model_thinks_is_text_too(key: str) -> None:
    assert Answer("x").take(1, event(choices=[{"delta": {key: "음"}}])) == "음"


def test_llama_cpps_timings_are_taken_where_they_are_present() -> None:
    answer = Answer("x")
    answer.take(1, event(choices=[], timings={"cache_n": 1, "prompt_ms": 5.0, "predicted_ms": 7.0}))
    usage = answer.usage()
    assert (usage.cached_tokens, usage.prompt_eval_s, usage.decode_s) == (1, 0.005, 0.007)


def test_an_error_event_is_the_engines_error() -> None:
    with pytest.raises(EngineError, match="out of memory") as caught:
        Answer("x").take(1, event(error={"message": "out of memory"}))
    assert caught.value.error_class == "engine_error"
