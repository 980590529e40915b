"""`yoyak run` on the real embedded engine with a tiny model."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from jsonschema import Draft202012Validator
from tests.integration.bench.conftest import RunYoyak
from tests.integration.bench.replays import lines_of

from yoyak.store.run_folder import read_run
from yoyak.store.schema_files import schemas

DEADLINE_S = 60.0


def arguments(dataset: object, model: object, **options: object) -> list[str]:
    given = {
        "dataset": dataset,
        "model": model,
        "engine": "llamacpp",
        "articles": 3,
        "repetitions": 2,
        "output-tokens": 16,
        "warmup": 1,
        "threads": 1,  # two would spin for each other whenever this machine is busy
        "out": "runs",
        **options,
    }
    return ["run", *(part for name, value in given.items() for part in (f"--{name}", str(value)))]


def finished(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=DEADLINE_S)
    return process.returncode, out, err


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def the_run(folder: Path) -> Path:
    (path,) = (folder / "runs").iterdir()
    return path


def wait_for_requests(folder: Path, count: int) -> None:
    runs = folder / "runs"
    wait_for(
        lambda: (
            runs.is_dir()
            and any(len(lines_of(path / "requests.jsonl")) >= count for path in runs.iterdir())
        )
    )


@pytest.fixture(scope="module")
def complete(
    tmp_path_factory: pytest.TempPathFactory, dataset: Path, tiny_model: Path
) -> tuple[Path, str]:
    """One whole run, for the tests that only look: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("complete")
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "yoyak.cli",
            *arguments(dataset, tiny_model, cache=folder / "cache", format="json"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert ended.returncode == 0, ended.stderr
    return the_run(folder), ended.stdout


def test_a_run_leaves_every_file_of_the_contract(complete: tuple[Path, str]) -> None:
    path, _ = complete
    assert {file.name for file in path.iterdir()} == {
        "manifest.json",
        "requests.jsonl",
        "loads.jsonl",
        "blocks.jsonl",
        "samples.jsonl",
        "perf.json",
        "summary.json",
        "report.html",
    }


@pytest.mark.parametrize("name", ["manifest.json", "perf.json"])
def test_whole_files_fit_their_schemas(complete: tuple[Path, str], name: str) -> None:
    document = json.loads((complete[0] / name).read_text())
    Draft202012Validator(schemas()[name.replace(".json", ".schema.json")]).validate(document)


@pytest.mark.parametrize("name", ["requests", "loads", "blocks", "samples"])
def test_every_line_fits_its_schema(complete: tuple[Path, str], name: str) -> None:
    validator = Draft202012Validator(schemas()[f"{name}.schema.json"])
    lines = lines_of(complete[0] / f"{name}.jsonl")
    assert lines
    for line in lines:
        validator.validate(line)


def test_every_summary_fits_its_schema(complete: tuple[Path, str]) -> None:
    validator = Draft202012Validator(schemas()["summary.schema.json"])
    summaries = json.loads((complete[0] / "summary.json").read_text())
    assert len(summaries) == 6
    for summary in summaries:
        validator.validate(summary)


def test_stdout_holds_the_results_and_nothing_else(complete: tuple[Path, str]) -> None:
    path, stdout = complete
    assert json.loads(stdout) == json.loads((path / "perf.json").read_text())


def test_the_records_are_what_was_asked_for(complete: tuple[Path, str]) -> None:
    run = read_run(complete[0])
    measured = [record for record in run.requests if not record.is_warmup]
    assert [record.repetition for record in measured] == [0, 0, 0, 1, 1, 1]
    assert len(run.requests) == 2 * (1 + 3)
    for record in run.requests:
        assert record.error is None
        assert record.output_tokens == 16
        assert record.finish_reason == "length"
        assert record.cached_tokens == 0
        assert record.sent_ns < record.chunk_ns[0] <= record.chunk_ns[-1] <= record.done_ns
        assert len(record.output) == record.output_chars


def test_each_repetition_begins_with_a_load(complete: tuple[Path, str]) -> None:
    run = read_run(complete[0])
    assert [load.repetition for load in run.loads] == [0, 1]
    for load in run.loads:
        later = [r.sent_ns for r in run.requests if r.repetition == load.repetition]
        assert load.done_ns <= min(later)
        assert load.load_s > 0
        assert load.state in ("page_cache", "disk", None)


def test_the_engines_memory_is_the_engines(complete: tuple[Path, str]) -> None:
    run = read_run(complete[0])
    assert run.perf is not None
    peak = run.perf.resources.engine_rss_peak_bytes
    client = run.perf.totals.client_rss_end_bytes
    assert peak is not None
    assert client is not None
    pids = {sample.engine.pid for sample in run.samples if sample.engine is not None}
    assert len(pids) == 2  # one process a repetition, neither of them ours
    assert peak > 30_000_000


def test_synthetic_weights_are_said_everywhere(complete: tuple[Path, str]) -> None:
    path, _ = complete
    perf = json.loads((path / "perf.json").read_text())
    assert perf["model"]["synthetic"] is True
    assert "synthetic-weights" in {finding["code"] for finding in perf["findings"]}
    assert "synthetic" in (path / "report.html").read_text().lower()


def test_kill_9_in_the_middle_leaves_every_finished_request_readable(
    yoyak: RunYoyak, tmp_path: Path, dataset: Path, tiny_model: Path
) -> None:
    process = yoyak(*arguments(dataset, tiny_model, **{"repetitions": 50, "output-tokens": 64}))
    wait_for_requests(tmp_path, 4)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=DEADLINE_S)
    path = the_run(tmp_path)
    run = read_run(path)
    assert len(run.requests) >= 4
    assert not (path / "perf.json").exists()  # a folder without it says that the run did not end
    wait_for(lambda: not any(is_alive(child) for child in children))  # engine and sampler are gone

    code, out, err = finished(yoyak("report", str(path), "--format", "json"))
    assert code == 0
    assert "was killed or still goes on" in err
    assert json.loads(out)["run_id"] == run.manifest.run_id


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_ctrl_c_drains_writes_what_there_is_and_exits_with_130(
    yoyak: RunYoyak, tmp_path: Path, dataset: Path, tiny_model: Path
) -> None:
    process = yoyak(*arguments(dataset, tiny_model, repetitions=50))
    wait_for_requests(tmp_path, 6)
    process.send_signal(signal.SIGINT)
    code, _, err = finished(process)
    assert code == 130
    assert "error: stopped early; what was finished is in runs/" in err
    run = read_run(the_run(tmp_path))
    assert run.perf is not None
    assert all(record.error is None for record in run.requests)
    assert "interrupted-run" in {finding.code for finding in run.perf.findings}


def test_a_second_ctrl_c_gives_up_the_request_in_flight(
    yoyak: RunYoyak, tmp_path: Path, dataset: Path, tiny_model: Path
) -> None:
    long = {"repetitions": 2, "output-tokens": 2000, "articles": 2, "article-chars": 800}
    process = yoyak(*arguments(dataset, tiny_model, **long))
    wait_for_requests(tmp_path, 1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)  # two signals at once are one signal
    process.send_signal(signal.SIGINT)
    code, _, err = finished(process)
    assert code == 130
    assert "Traceback" not in err
    assert len(read_run(the_run(tmp_path)).requests) >= 1


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"dataset": "nowhere"}, 2, "error: nowhere is no dataset"),
        ({"engine": "gpt"}, 2, "error: "),
        ({"model": "nowhere.gguf"}, 2, "error: "),
        ({"articles": 500}, 2, "error: only "),
        ({"context": 256, "output-tokens": 256}, 2, "error: --output-tokens 256 leaves no room"),
        ({"context": 512, "output-tokens": 256}, 2, "error: article "),
        ({"url": "http://127.0.0.1:9"}, 3, "error: "),
        ({"out": "/proc/runs"}, 3, "error: the run folder "),
    ],
)
def test_bad_input_is_one_line_and_its_code(
    yoyak: RunYoyak,
    dataset: Path,
    tiny_model: Path,
    options: dict[str, object],
    code: int,
    message: str,
) -> None:
    given = {"dataset": dataset, "model": tiny_model, **options}
    ended, out, err = finished(yoyak(*arguments(**given)))
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (ended, len(errors)) == (code, 1), err
    assert errors[0].startswith(message)
    assert "Traceback" not in err
    assert out == ""


def test_a_model_that_is_no_gguf_is_one_line(
    yoyak: RunYoyak, tmp_path: Path, dataset: Path
) -> None:
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(os.urandom(4096))
    code, _, err = finished(yoyak(*arguments(dataset, fake)))
    assert code == 2
    assert "is not a GGUF file" in err


def test_an_engine_that_dies_is_recorded_and_measured_as_failure(
    yoyak: RunYoyak, tmp_path: Path, dataset: Path, tiny_model: Path
) -> None:
    process = yoyak(
        *arguments(dataset, tiny_model, **{"repetitions": 3, "output-tokens": 200, "articles": 4})
    )
    wait_for_requests(tmp_path, 2)
    (engine,) = [
        child
        for child in psutil.Process(process.pid).children()
        if "llamacpp" in " ".join(child.cmdline())
    ]
    engine.kill()
    code, _, err = finished(process)
    assert code == 1, err
    run = read_run(the_run(tmp_path))
    failed = [record for record in run.requests if record.error is not None]
    assert failed
    assert {record.error for record in failed} <= {"reset", "connect", "truncated"}
    assert run.perf is not None
    assert run.perf.totals.failed == len([r for r in failed if not r.is_warmup])


def test_a_full_disk_is_one_line_and_keeps_what_was_finished(
    tmp_path: Path, cache: Path, dataset: Path, tiny_model: Path
) -> None:
    given = arguments(dataset, tiny_model, repetitions=50, cache=cache)
    ended = subprocess.run(
        # No file may grow past 40 kB: to a writer that is a disk without room.
        ["bash", "-c", 'ulimit -f 40; exec "$@"', "-", sys.executable, "-m", "yoyak.cli", *given],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("error: ")
    run = read_run(the_run(tmp_path))
    assert run.perf is None
    assert len(run.requests) > 5
    assert "requests.jsonl" in run.cut_lines
