"""`yoyak run --resume` after a real kill -9."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.bench.conftest import RunYoyak
from tests.integration.bench.replays import (
    DEADLINE_S,
    a_script,
    arguments,
    finished,
    journal,
    lines_of,
    manifest_of,
    the_run,
)

from ollama_replay import running
from yoyak.dataset import read_dataset, write_dataset
from yoyak.store.run_folder import read_run


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate(timeout=DEADLINE_S)


def measured_of(folder: Path, repetition: int) -> list[dict[str, object]]:
    return [
        line
        for line in journal(folder, "requests.jsonl")
        if line["repetition"] == repetition and not line["is_warmup"]
    ]


def test_a_killed_run_is_gone_on_with(yoyak: RunYoyak, tmp_path: Path, dataset: Path) -> None:
    with running(a_script()) as replay:
        given = arguments(dataset, replay.url, **{"repetitions": 3, "output-tokens": 60})
        process = yoyak(*given)
        wait_for(lambda: len(measured_of(tmp_path, 1)) >= 2)
        kill(process)
        path = the_run(tmp_path)
        with (path / "requests.jsonl").open("ab") as file:
            file.write(b'{"request_id": "cut off in mid-')  # as a kill in mid-write leaves it
        before = lines_of(path / "requests.jsonl")
        samples_before = len(lines_of(path / "samples.jsonl"))
        assert [line["repetition"] for line in lines_of(path / "blocks.jsonl")] == [0]

        code, _, err = finished(yoyak("run", "--resume", str(path), "--format", "json"))
        assert code == 0, err
        truth = replay.wait_for(
            lambda one: one.get("on") == "answer", len(lines_of(path / "requests.jsonl"))
        )

    after = lines_of(path / "requests.jsonl")
    assert after[: len(before)] == before  # every record of before is still there, as it was
    assert len(lines_of(path / "samples.jsonl")) > samples_before
    run = read_run(path)
    (resume,) = run.manifest.resumes
    assert (resume.repetition, resume.first_index, resume.clock) == (1, 1_000_000, "monotonic")
    assert resume.command[:3] == ("yoyak", "run", "--resume")
    # The finished repetition is that of before; the cut one was begun anew, as a whole.
    assert [block.repetition for block in run.blocks] == [0, 1, 2]
    assert [load.repetition for load in run.loads] == [0, 1, 2]
    measured = [record for record in run.requests if not record.is_warmup]
    assert [record.repetition for record in measured] == [0] * 4 + [1] * 4 + [2] * 4
    superseded = {record.request_id for record in run.superseded}
    assert superseded == {line["request_id"] for line in before if line["repetition"] == 1}
    # What was in flight at the kill has no record, but the engine saw it: its id and nonce are
    # used up as well.
    seen = [answer["request_id"] for answer in truth]
    assert len(set(seen)) == len(seen) >= len(after)
    assert all(r.sent_ns > resume.at_ns for r in measured if r.repetition > 0)
    assert run.perf is not None
    assert run.perf.totals.requests == 12
    assert run.perf.rates.requests_per_s.n == 3
    codes = {finding.code for finding in run.perf.findings}
    assert "resumed-run" in codes
    assert not codes & {"interrupted-run", "loads-missing", "cut-line"}

    code, _, err = finished(yoyak("run", "--resume", str(path)))
    assert code == 2
    assert "is complete, all 3 repetitions of it" in err


def test_ctrl_c_says_how_to_go_on_and_so_it_does(
    yoyak: RunYoyak, tmp_path: Path, dataset: Path
) -> None:
    with running(a_script()) as replay:
        options = {"repetitions": 2, "articles": 10, "output-tokens": 60}
        process = yoyak(*arguments(dataset, replay.url, **options))
        wait_for(lambda: len(measured_of(tmp_path, 0)) >= 2)
        process.send_signal(signal.SIGINT)
        code, _, err = finished(process)
        assert code == 130
        hint = err.splitlines()[-1].partition("go on with it: yoyak ")[2]
        code, out, err = finished(yoyak(*hint.split(), "--format", "json"))
    assert code == 0, err
    assert json.loads(out)["totals"]["requests"] == 20


def test_a_killed_sweep_keeps_the_rates_that_it_tried(
    yoyak: RunYoyak, tmp_path: Path, dataset: Path
) -> None:
    with running(a_script()) as replay:
        options = {"slo": "ttft_p50=100ms", "rate": 8, "duration": "1s", "arrivals": "constant"}
        process = yoyak(*arguments(dataset, replay.url, **options))
        wait_for(lambda: len(measured_of(tmp_path, 1)) >= 1)
        kill(process)
        (tried,) = journal(tmp_path, "blocks.jsonl")
        code, out, err = finished(
            yoyak("run", "--resume", str(the_run(tmp_path)), "--format", "json")
        )
    assert code == 0, err
    steps = json.loads(out)["sweep"]["steps"]
    assert journal(tmp_path, "blocks.jsonl")[0] == tried
    assert [step["repetition"] for step in steps] == list(range(len(steps)))
    assert (steps[0]["rate_per_s"], steps[1]["rate_per_s"]) == (8, 16)
    assert steps[1]["sent"] == steps[1]["planned"] == 16
    assert json.loads(out)["sweep"]["lowest_missed_per_s"] is not None


def test_a_run_that_still_goes_on_is_left_alone(
    yoyak: RunYoyak, tmp_path: Path, dataset: Path
) -> None:
    with running(a_script()) as replay:
        process = yoyak(*arguments(dataset, replay.url, repetitions=500))
        wait_for(lambda: len(measured_of(tmp_path, 0)) >= 1)
        code, _, err = finished(yoyak("run", "--resume", str(the_run(tmp_path))))
        kill(process)
    assert code == 3
    assert err.splitlines()[-1].endswith("still goes on; wait for its end, or stop it")
    assert manifest_of(tmp_path)["resumes"] == []


@pytest.mark.parametrize("what", ["options", "articles", "engine"])
def test_what_is_no_longer_the_same_run_is_refused_in_one_line(
    yoyak: RunYoyak, tmp_path: Path, dataset: Path, what: str
) -> None:
    with running(a_script()) as replay:
        process = yoyak(*arguments(dataset, replay.url, repetitions=50))
        wait_for(lambda: len(measured_of(tmp_path, 0)) >= 1)
        kill(process)
    before = (the_run(tmp_path) / "requests.jsonl").read_bytes()
    articles = list(read_dataset(dataset).articles)
    write_dataset(tmp_path / "other", articles[1:], created_at="2026-01-01T00:00:00Z")
    version = "0.40.0" if what == "engine" else "0.33.3"
    with running(a_script(version=version)) as replay:
        more = {
            "options": ("--seed", "7"),
            "articles": ("--dataset", str(tmp_path / "other")),
            "engine": (),
        }[what]
        given = ("run", "--resume", str(the_run(tmp_path)), "--url", replay.url, *more)
        code, _, err = finished(yoyak(*given))
    expected = {
        "options": (2, "began with --seed 1, and 7 is given now"),
        "articles": (2, "began with "),
        "engine": (3, "began with the engine's version 0.33.3, now it is 0.40.0"),
    }[what]
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (code, len(errors)) == (expected[0], 1), err
    assert expected[1] in errors[0]
    assert (the_run(tmp_path) / "requests.jsonl").read_bytes() == before


def test_what_is_no_run_is_one_line(yoyak: RunYoyak, tmp_path: Path) -> None:
    code, _, err = finished(yoyak("run", "--resume", str(tmp_path / "nowhere")))
    assert code == 2
    assert err.startswith("error: ")
    assert "is no run folder" in err
