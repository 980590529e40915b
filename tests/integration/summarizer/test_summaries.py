"""An article in, a summary out: whole, or as it is written."""

import json
import time
from typing import Any

import pytest
from tests.integration.summarizer.running import ARTICLE, Service

from yoyak import prompts

OUTPUT_TOKENS = 48


def test_a_summary_comes_with_the_engines_counts_and_durations(service: Service) -> None:
    answer = service.summarize(output_tokens=OUTPUT_TOKENS)
    assert answer.status == 200
    summary = answer.json
    assert summary["summary"]
    assert summary["finish_reason"] == "length"
    engine = summary["engine"]
    assert engine["output_tokens"] == OUTPUT_TOKENS
    assert engine["prompt_tokens"] > 100
    assert engine["cached_tokens"] == 0
    assert engine["prompt_eval_s"] > 0
    assert engine["decode_s"] > 0


def test_the_same_seed_nonce_and_temperature_write_the_same_text(service: Service) -> None:
    options: dict[str, Any] = {"output_tokens": 12, "seed": 7, "temperature": 0, "nonce": "1" * 16}
    first, second = (service.summarize(**options).json["summary"] for _ in range(2))
    assert first == second


def test_a_nonce_is_drawn_where_none_is_given_so_no_prompt_is_cached(service: Service) -> None:
    for _ in range(2):
        assert service.summarize(output_tokens=1).json["engine"]["cached_tokens"] == 0


def test_a_request_id_is_echoed_and_drawn_if_absent(service: Service) -> None:
    answer = service.summarize(output_tokens=1, headers={"X-Request-Id": "run-1/7"})
    assert answer.headers["x-request-id"] == "run-1/7"
    assert len(service.summarize(output_tokens=1).headers["x-request-id"]) == 32


def test_a_stream_is_ndjson_whose_last_line_holds_the_counts(service: Service) -> None:
    answer = service.summarize(stream=True, output_tokens=OUTPUT_TOKENS)
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.body.splitlines()]
    *deltas, last = lines
    assert all(set(line) == {"delta"} and line["delta"] for line in deltas)
    assert last["done"] is True
    assert last["finish_reason"] == "length"
    assert last["engine"]["output_tokens"] == OUTPUT_TOKENS


def test_a_stream_joins_to_what_the_whole_answer_says(service: Service) -> None:
    options: dict[str, Any] = {"output_tokens": 20, "seed": 3, "temperature": 0, "nonce": "2" * 16}
    whole = service.summarize(**options).json["summary"]
    lines = service.summarize(stream=True, **options).body.splitlines()
    assert "".join(json.loads(line).get("delta", "") for line in lines) == whole


def test_chunks_arrive_while_the_engine_writes_not_in_one_burst(service: Service) -> None:
    arrived: list[float] = []
    last: dict[str, Any] = {}
    with service.streaming(output_tokens=400) as response:
        for line in response:
            arrived.append(time.monotonic())
            last = json.loads(line)
    spread_s = arrived[-1] - arrived[0]
    # Had they been held back, they would come together; written one by one, they take as long as
    # the engine itself says that decoding took.
    assert spread_s == pytest.approx(last["engine"]["decode_s"], rel=0.25)
    halfway = arrived[len(arrived) // 2] - arrived[0]
    assert 0.25 * spread_s < halfway < 0.75 * spread_s


def test_tokens_are_counted_as_the_engine_counts_them(service: Service) -> None:
    counted = service.ask("POST", "/v1/tokens", {"article": ARTICLE, "nonce": "3" * 16})
    evaluated = service.summarize(output_tokens=1, nonce="3" * 16).json["engine"]["prompt_tokens"]
    assert counted.json == {"prompt_tokens": evaluated}


def test_the_engine_describes_itself_and_the_service_names_its_template(service: Service) -> None:
    facts = service.engine
    assert facts["name"] == "llamacpp"
    assert facts["via"] is None
    assert facts["template_sha256"] == prompts.TEMPLATE_SHA256
    assert facts["context_tokens"] == 4096
    assert facts["parallel"] == 1
    assert facts["model"]["synthetic"] is True


def test_it_is_alive_and_ready(service: Service) -> None:
    assert service.ask("GET", "/healthz").status == 200
    assert service.ask("GET", "/readyz").status == 200
