"""What `yoyak run` asks of an Ollama server, by the server's own log."""

from dataclasses import replace
from typing import Any

import pytest
from tests.integration.bench.in_process import Ended, Runner
from tests.integration.bench.replays import MODEL, TOKENS, a_script

from ollama_replay import Script

LOAD_OPTIONS = ("num_ctx", "num_batch", "num_thread")


def with_model(**changes: object) -> Script:
    return replace(a_script(), models=(replace(MODEL, **changes),))  # type: ignore[arg-type] # by name


def answers(ended: Ended) -> list[dict[str, Any]]:
    """Return what the log says of prompts, without loads and unloads."""
    return [one for one in ended.truth if one["kind"] == "request" and one["on"] == "answer"]


def test_options_are_sent_with_every_request_and_nothing_loads_anew(runner: Runner) -> None:
    given = {"warmup": 2, "repetitions": 2, "threads": 2, "context": 2048, "batch": 256, "seed": 9}
    ended = runner.run(with_model(load_s=0.4), **given)
    assert ended.code == 0, ended.lines
    asked = [one["options"] for one in answers(ended)]
    assert len(asked) == 2 * (2 + 4)
    assert {tuple(one[name] for name in LOAD_OPTIONS) for one in asked} == {(2048, 256, 2)}
    assert {(one["seed"], one["temperature"], one["num_predict"]) for one in asked} == {
        (9, 0.0, TOKENS)
    }
    assert all(one["ignored_options"] == [] for one in answers(ended))
    assert ended.run is not None
    # Ollama's load_duration is above 0 in a warm request too; a load takes 0.4 s there.
    loads_s = [record.engine_load_s for record in ended.run.requests]
    assert all(load_s is not None and load_s < 0.3 for load_s in loads_s)
    assert [load.repetition for load in ended.run.loads] == [0, 1]
    assert all(load.load_s >= 0.4 for load in ended.run.loads)


def test_every_prompt_begins_with_a_number_of_its_own(runner: Runner) -> None:
    ended = runner.run(replace(a_script(), remembered_prompts=64), repetitions=2)
    assert ended.code == 0, ended.lines
    # The server remembers every prompt, and would take what it has seen before from its cache.
    assert [record.cached_tokens for record in ended.measured] == [0] * 8
    ids = [one["request_id"] for one in answers(ended)]
    assert len(set(ids)) == 8


def test_a_context_that_the_server_made_smaller_is_refused(runner: Runner) -> None:
    ended = runner.run(with_model(context_length=2048))
    assert ended.code == 3
    assert "the engine runs with 2048 context tokens a slot, the run asks for 4096" in (
        ended.last_line
    )
    assert answers(ended) == []


def test_a_prompt_that_does_not_fit_is_refused_before_it_is_sent(runner: Runner) -> None:
    ended = runner.run(a_script(), context=128)
    assert ended.code == 2
    assert "prompt tokens; with --output-tokens 11 that is over --context 128" in ended.last_line
    assert answers(ended) == []
    assert ended.run is None


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_where_the_model_lies_is_in_the_manifest(runner: Runner, share: float) -> None:
    ended = runner.run(with_model(gpu_share=share), articles=1)
    assert ended.run is not None
    engine = ended.run.manifest.engine
    assert engine.backend == {0.0: "cpu", 0.5: "50%/50% cpu/gpu", 1.0: "gpu"}[share]
    assert engine.model.manifest_digest == MODEL.digest


def test_the_plan_is_told_before_the_first_request(runner: Runner) -> None:
    ended = runner.run(a_script(), rate=20, arrivals="constant", cooldown="10ms", repetitions=2)
    assert ended.code == 0, ended.lines
    plan = next(line for line in ended.lines if "2 repetitions of 4 articles into" in line)
    assert "at least 0 s, and the model loads" in plan
    benchmark = next(line for line in ended.lines if line.startswith("benchmark"))
    assert ended.lines.index(plan) < ended.lines.index(benchmark)


def test_a_short_answer_is_told(runner: Runner) -> None:
    script = replace(a_script(), timeline=replace(a_script().timeline, answer_tokens=5))
    ended = runner.run(script)
    assert ended.run is not None
    assert ended.run.perf is not None
    assert {record.finish_reason for record in ended.measured} == {"stop"}
    assert "short-answers" in {finding.code for finding in ended.run.perf.findings}
