import json
from typing import Any

import pytest

from yoyak.engines.json_fields import Fields
from yoyak.engines.ollama_lines import chunk_of, usage_of, version_of
from yoyak.errors import EngineError

LAST = {
    "message": {"role": "assistant", "content": ""},
    "done": True,
    "done_reason": "length",
    "total_duration": 3_412_000_000,
    "load_duration": 12_000_000,
    "prompt_eval_count": 264,
    "prompt_eval_cached_count": 4,
    "prompt_eval_duration": 2_300_000_000,
    "eval_count": 12,
    "eval_duration": 1_090_000_000,
}


def line(**members: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps(members).encode()


def test_counts_and_durations_of_the_last_line() -> None:
    usage = usage_of(Fields(LAST, "x"), (0, 33, 3))
    assert (usage.prompt_tokens, usage.cached_tokens, usage.output_tokens) == (264, 4, 12)
    assert (usage.engine_load_s, usage.prompt_eval_s) == (0.012, 2.3)
    assert (usage.decode_s, usage.engine_total_s) == (1.09, 3.412)
    assert usage.finish_reason == "length"


@pytest.mark.parametrize("key", [key for key in LAST if key.endswith(("count", "duration"))])
def test_what_is_left_out_is_unknown_not_zero(key: str) -> None:
    usage = usage_of(Fields({k: v for k, v in LAST.items() if k != key}, "x"), (0, 33, 3))
    field = {
        "total_duration": "engine_total_s",
        "load_duration": "engine_load_s",
        "prompt_eval_count": "prompt_tokens",
        "prompt_eval_cached_count": "cached_tokens",
        "prompt_eval_duration": "prompt_eval_s",
        "eval_count": "output_tokens",
        "eval_duration": "decode_s",
    }[key]
    assert getattr(usage, field) is None


def test_version_0_30_0_counted_new_tokens_only_so_the_cached_ones_are_added() -> None:
    assert usage_of(Fields(LAST, "x"), (0, 30, 0)).prompt_tokens == 268
    assert usage_of(Fields(LAST, "x"), (0, 30, 1)).prompt_tokens == 264


def test_version_0_30_0_without_a_cached_count_leaves_the_prompts_tokens_unknown() -> None:
    last = {k: v for k, v in LAST.items() if k != "prompt_eval_cached_count"}
    assert usage_of(Fields(last, "x"), (0, 30, 0)).prompt_tokens is None


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ((0, 12, 4), True),
        ((0, 12, 5), False),
        ((0, 12, 6), False),
        ((0, 12, 7), True),
        (None, True),
    ],
)
def test_versions_that_timed_the_last_batch_only_have_no_prompt_time(
    version: tuple[int, ...] | None, known: bool
) -> None:
    assert (usage_of(Fields(LAST, "x"), version).prompt_eval_s is not None) == known


@pytest.mark.parametrize("reason", ["load", "unload"])
def test_a_prompt_that_was_taken_for_a_load_is_an_error(reason: str) -> None:
    with pytest.raises(EngineError, match=reason):
        usage_of(Fields({**LAST, "done_reason": reason}, "x"), None)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("0.33.3", (0, 33, 3)),
        ("0.33.0-rc2", (0, 33, 0)),
        ("0.0.0", None),
        ("main", None),
        (None, None),
    ],
)
def test_the_numbers_of_a_version(text: str | None, version: tuple[int, ...] | None) -> None:
    assert version_of(text) == version


def test_a_line_without_text_is_no_chunk() -> None:
    data = line(message={"role": "assistant", "content": ""}, done=False)
    assert chunk_of(5, data, None, "x") is None


def test_what_a_model_thinks_is_text_too() -> None:
    data = line(message={"role": "assistant", "content": "", "thinking": "음"}, done=False)
    chunk = chunk_of(5, data, None, "x")
    assert chunk is not None
    assert (chunk.arrived_ns, chunk.text, chunk.usage) == (5, "음", None)


def test_the_last_line_may_hold_text() -> None:
    data = line(**{**LAST, "message": {"role": "assistant", "content": "끝"}})
    chunk = chunk_of(5, data, None, "x")
    assert chunk is not None
    assert chunk.text == "끝"
    assert chunk.usage is not None


def test_an_error_line_is_the_engines_error() -> None:
    with pytest.raises(EngineError, match="unexpected EOF") as caught:
        chunk_of(5, line(error="unexpected EOF"), None, "x")
    assert caught.value.error_class == "engine_error"
