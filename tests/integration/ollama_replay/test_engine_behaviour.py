"""What ENGINES.md says of the real server, seen from outside."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from tests.integration.ollama_replay.conftest import QUICK
from tests.integration.ollama_replay.raw import RawAnswer, ask, chat, chat_body

from ollama_replay import Model, Replay, Timeline

Start = Callable[..., Replay]
MS = 1_000_000


def ps(replay: Replay) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = ask(replay.url, "/api/ps", method="GET").objects[0]["models"]
    return models


def last(answer: RawAnswer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    return answer.objects[-1]


def test_unknown_options_are_ignored_and_noted_in_the_truth(start: Start) -> None:
    replay = start()
    chat(replay.url, options={"ignore_eos": True, "num_predict": 3, "seed": 7})
    (record,) = replay.answers(1)
    assert record["options"] == {"num_predict": 3, "seed": 7}
    assert record["ignored_options"] == ["ignore_eos"]


def test_a_cold_request_has_its_load_in_load_duration_and_a_warm_one_not_zero(
    start: Start,
) -> None:
    replay = start(models=(Model(load_s=0.2),))
    cold, warm = last(chat(replay.url)), last(chat(replay.url))
    assert cold["load_duration"] == 202 * MS
    assert warm["load_duration"] == 2 * MS
    assert cold["total_duration"] - warm["total_duration"] == 200 * MS


def test_other_load_options_reload_the_model(start: Start) -> None:
    replay = start(models=(Model(load_s=0.2, unload_s=0.05),))
    chat(replay.url, options={"num_thread": 4})
    assert last(chat(replay.url, options={"num_thread": 4}))["load_duration"] == 2 * MS
    assert last(chat(replay.url, options={"num_thread": 8}))["load_duration"] == 252 * MS
    assert (
        last(chat(replay.url, options={"num_thread": 8}, shift=False))["load_duration"] > 200 * MS
    )
    chat(replay.url, options={"num_ctx": 100_000})
    assert ps(replay)[0]["context_length"] == 32_768  # what the model was trained with


def test_an_over_long_prompt_is_cut_silently_or_refused(start: Start) -> None:
    replay = start()
    prompt = "가" * 600
    options = {"num_ctx": 512}
    assert last(chat(replay.url, prompt, options=options))["prompt_eval_count"] == 256
    for name in ("truncate", "shift"):
        refused = ask(replay.url, "/api/chat", chat_body(prompt, options=options) | {name: False})
        assert refused.status == 400
        assert "exceeds the context length" in refused.objects[0]["error"]
    assert last(chat(replay.url, options=options))["done"] is True  # the slot was given back


def test_a_repeated_prompt_is_counted_whole_but_evaluated_in_no_time(start: Start) -> None:
    timeline = replace(QUICK, prompt_eval_token_s=0.001)
    replay = start(timeline=timeline, remembered_prompts=4)
    first = last(chat(replay.url, "기" * 99))
    again = last(chat(replay.url, "기" * 99))
    other = last(chat(replay.url, "사" * 99))
    assert (first["prompt_eval_count"], first["prompt_eval_cached_count"]) == (100, 0)
    assert (again["prompt_eval_count"], again["prompt_eval_cached_count"]) == (100, 99)
    assert other["prompt_eval_cached_count"] == 0
    assert (first["prompt_eval_duration"], again["prompt_eval_duration"]) == (107 * MS, 8 * MS)


def test_an_old_version_says_nothing_of_cached_tokens(start: Start) -> None:
    replay = start(version="0.32.0", models=(Model(cached_tokens=5),))
    said = last(chat(replay.url, "가" * 99))
    assert said["prompt_eval_count"] == 100
    assert "prompt_eval_cached_count" not in said
    assert ask(replay.url, "/api/version", method="GET").objects == [{"version": "0.32.0"}]


def test_a_model_expires_after_its_keep_alive(start: Start) -> None:
    replay = start(models=(Model(load_s=0.01, unload_s=0.01),))
    chat(replay.url, keep_alive="200ms")
    assert len(ps(replay)) == 1
    deadline_s = time.monotonic() + 10
    while ps(replay):
        assert time.monotonic() < deadline_s
    (record,) = replay.answers(1)
    assert time.monotonic_ns() - record["end_ns"] >= 200 * MS


def test_the_model_is_in_memory_while_it_loads(start: Start) -> None:
    replay = start(models=(Model(load_s=0.3),))
    with ThreadPoolExecutor() as pool:
        loading = pool.submit(ask, replay.url, "/api/generate", {"model": "replay"})
        deadline_s = time.monotonic() + 10
        while not ps(replay):
            assert time.monotonic() < deadline_s
        assert not loading.done()
        assert loading.result().objects[0]["done_reason"] == "load"


def test_a_full_queue_is_503_only_for_those_who_need_a_load(start: Start) -> None:
    replay = start(models=(Model(load_s=0.5),), max_queue=2, parallel=1)
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(one.status for one in pool.map(lambda _: chat(replay.url), range(4)))
        assert statuses == [200, 200, 503, 503]
        assert {one.status for one in pool.map(lambda _: chat(replay.url), range(8))} == {200}


def test_re_tokenizing_for_context_delays_only_the_last_line(start: Start) -> None:
    replay = start(timeline=Timeline(context_s=0.2, unasked_tokens=4))
    body = {"model": "replay", "prompt": "기사"}
    slow = ask(replay.url, "/api/generate", body)
    raw = ask(replay.url, "/api/generate", body | {"raw": True})
    late, prompt = replay.answers(2)
    assert slow.line_arrivals_ns()[-1] >= late["intended_ns"][-1] + 200 * MS
    assert ("context" in slow.objects[-1], "context" in raw.objects[-1]) == (True, False)
    generated_ns = late["intended_ns"][-1] - late["received_ns"]
    assert late["reported"]["total_duration"] == generated_ns
    assert late["done_intended_ns"] - late["intended_ns"][-1] == 200 * MS
    assert prompt["done_intended_ns"] == prompt["intended_ns"][-1]


@pytest.mark.parametrize("tokens_per_chunk", [(1,), (3,), (1, 4)])
def test_a_line_may_hold_several_tokens(start: Start, tokens_per_chunk: tuple[int, ...]) -> None:
    replay = start(timeline=Timeline(tokens_per_chunk=tokens_per_chunk, gap_s=0.001))
    answer = chat(replay.url, options={"num_predict": 10})
    (record,) = replay.answers(1)
    assert last(answer)["eval_count"] == sum(record["chunk_tokens"]) == 10
    assert len(answer.lines) - 1 == len(record["chunk_tokens"])
    assert record["chunk_tokens"][: len(tokens_per_chunk)] == list(tokens_per_chunk)


def test_a_model_may_stop_by_itself(start: Start) -> None:
    timeline = Timeline(answer_tokens=5, gap_s=0.001)
    replay = start(timeline=timeline)
    said = last(chat(replay.url, options={"num_predict": 200}))
    assert (said["eval_count"], said["done_reason"]) == (5, "stop")


def test_models_have_timelines_of_their_own(start: Start) -> None:
    slow = Model(name="slow", load_s=0.01, timeline=Timeline(first_chunk_s=0.3, unasked_tokens=1))
    replay = start(models=(Model(load_s=0.01), slow))
    chat(replay.url)
    chat(replay.url, model="slow")
    quick, late = replay.answers(2)
    assert quick["intended_ns"][0] - quick["handed_ns"] == 8 * MS
    assert late["intended_ns"][0] - late["handed_ns"] == 288 * MS
    assert len(quick["intended_ns"]) == QUICK.unasked_tokens
