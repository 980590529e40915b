"""`yoyak run --slo` against an engine whose capacity is known."""

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.integration.bench.conftest import RunYoyak
from tests.integration.bench.replays import (
    CAPACITY_PER_S,
    a_script,
    arguments,
    finished,
    lines_of,
    the_run,
)

from ollama_replay import running
from yoyak.store.run_folder import read_run
from yoyak.store.schema_files import schemas


def test_the_rate_that_is_found_is_the_engines_capacity(
    yoyak: RunYoyak, tmp_path: Path, dataset: Path
) -> None:
    with running(a_script()) as replay:
        options = {"slo": "ttft_p90=150ms", "rate": 8, "arrivals": "constant", "duration": "2s"}
        code, out, err = finished(yoyak(*arguments(dataset, replay.url, format="json", **options)))
    assert code == 0, err
    perf = json.loads(out)
    sweep = perf["sweep"]
    # An engine alone reaches its capacity; on a machine that others use it may fall short of it.
    assert 0.5 * CAPACITY_PER_S < sweep["highest_met_per_s"] < 1.1 * CAPACITY_PER_S
    assert (
        sweep["highest_met_per_s"]
        < sweep["lowest_missed_per_s"]
        <= (1.1 * sweep["highest_met_per_s"] * 1.01)
    )
    assert perf["workload"]["rate_per_s"] == sweep["highest_met_per_s"]
    Draft202012Validator(schemas()["perf.schema.json"]).validate(perf)

    run = read_run(the_run(tmp_path))  # which checks each record
    assert [block.rate_per_s for block in run.blocks] == [s["rate_per_s"] for s in sweep["steps"]]
    for step, block in zip(sweep["steps"], run.blocks, strict=True):
        sent = [r for r in run.requests if r.repetition == block.repetition and not r.is_warmup]
        assert len(sent) == step["sent"]
        assert [load.repetition for load in run.loads].count(block.repetition) == 1
    for line in lines_of(the_run(tmp_path) / "blocks.jsonl"):
        Draft202012Validator(schemas()["blocks.schema.json"]).validate(line)
    page = (the_run(tmp_path) / "report.html").read_text()
    assert "Rates that were tried" in page

    before = (the_run(tmp_path) / "perf.json").read_bytes()
    code, out, err = finished(yoyak("report", str(the_run(tmp_path)), "--recompute"))
    assert code == 0, err
    assert f"Highest rate with ttft_p90=0.15s: {sweep['highest_met_per_s']:g}" in out
    assert (the_run(tmp_path) / "perf.json").read_bytes() == before


def test_a_target_that_no_rate_meets_ends_with_1(yoyak: RunYoyak, dataset: Path) -> None:
    with running(a_script()) as replay:
        options = {"slo": "ttft_p95=5ms", "rate": 16, "duration": "500ms"}
        code, out, err = finished(yoyak(*arguments(dataset, replay.url, format="json", **options)))
    assert code == 1
    last = err.splitlines()[-1]
    assert last.startswith("error: no rate meets ttft_p95=0.005s: 0.5 requests a second")
    perf = json.loads(out)
    assert perf["sweep"]["highest_met_per_s"] is None
    assert len(perf["sweep"]["steps"]) == 6  # from 16 down to a 32nd of it
    assert "slo-missed" in {finding["code"] for finding in perf["findings"]}


def test_without_a_first_rate_the_warm_up_gives_it(yoyak: RunYoyak, dataset: Path) -> None:
    with running(a_script()) as replay:
        options = {"slo": "e2e_p50=10s", "duration": "300ms"}
        process = yoyak(*arguments(dataset, replay.url, format="json", **options))
        code, out, err = finished(process)
    assert code == 0, err
    first = json.loads(out)["sweep"]["steps"][0]["rate_per_s"]
    assert first <= 0.5 / 0.04  # half of what one user reaches; slower where the host is busy


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slo": "ttft_p95"}, 'error: --slo "ttft_p95" is no target'),
        ({"slo": "ttft_p95=2s", "concurrency": 2}, "error: --slo searches in open loop"),
    ],
)
def test_a_bad_target_is_one_line(
    yoyak: RunYoyak, dataset: Path, options: dict[str, object], message: str
) -> None:
    code, _, err = finished(yoyak(*arguments(dataset, "http://127.0.0.1:9", **options)))
    assert code == 2
    assert err.startswith(message)
    assert len(err.split(os.linesep)) == 2
