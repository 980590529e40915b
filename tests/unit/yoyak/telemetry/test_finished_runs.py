"""Which runs are found, and how often their files are read."""

import json
import logging
import os
from pathlib import Path

import pytest

from yoyak.telemetry.finished_runs import FinishedRuns

ROOT = Path(__file__).parents[4]
HISTORICAL = json.loads((ROOT / "examples/ec2/m5.16xlarge/perf.json").read_text())


def write_run(folder: Path, run_id: str, started_at: str | None) -> Path:
    path = folder / run_id / "perf.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**HISTORICAL, "run_id": run_id, "started_at": started_at}))
    return path


def ids(runs: FinishedRuns) -> list[str]:
    return [perf.run_id for perf in runs()]


def test_the_newest_runs_are_given_and_undated_ones_always(tmp_path: Path) -> None:
    for day in (1, 3, 2):
        write_run(tmp_path, f"day-{day}", f"2026-01-0{day}T00:00:00.000Z")
    write_run(tmp_path, "old-study", None)
    assert ids(FinishedRuns([tmp_path], most=3)) == ["old-study", "day-3", "day-2"]


def test_the_five_historical_runs_are_found() -> None:
    found = {perf.host["instance_type"] for perf in FinishedRuns([ROOT / "examples/ec2"])()}
    assert found == {"r5.4xlarge", "r5.8xlarge", "r5.16xlarge", "g5.16xlarge", "m5.16xlarge"}


def test_a_run_that_lies_in_two_folders_is_given_once(tmp_path: Path) -> None:
    for name in ("here", "there"):
        write_run(tmp_path / name, "same", None)
    assert ids(FinishedRuns([tmp_path / "here", tmp_path / "there"])) == ["same"]


def test_a_folder_that_is_not_there_yet_holds_no_run_until_it_is(tmp_path: Path) -> None:
    runs = FinishedRuns([tmp_path / "runs"])
    assert ids(runs) == []
    write_run(tmp_path / "runs", "first", None)
    assert ids(runs) == ["first"]


def test_nothing_is_read_again_while_nothing_changes(tmp_path: Path) -> None:
    write_run(tmp_path, "a", None)
    runs = FinishedRuns([tmp_path])
    assert runs() is runs()


def test_a_run_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = write_run(tmp_path, "a", None)
    runs = FinishedRuns([tmp_path])
    runs()
    changed = json.loads(path.read_text())
    changed["totals"]["total_with_load_s"] = 99.0
    path.write_text(json.dumps(changed))
    os.utime(path, ns=(1, 1))  # a clock too coarse to tell the two writes apart
    assert [perf.totals.total_with_load_s for perf in runs()] == [99.0]


def test_a_run_that_was_deleted_is_gone(tmp_path: Path) -> None:
    path = write_run(tmp_path, "a", None)
    write_run(tmp_path, "b", None)
    runs = FinishedRuns([tmp_path])
    runs()
    path.unlink()
    assert ids(runs) == ["b"]


def test_a_broken_file_costs_one_log_line_and_not_the_other_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_run(tmp_path, "good", None)
    write_run(tmp_path, "broken", None).write_text('{"schema_version": 1, "run_id": ')
    runs = FinishedRuns([tmp_path])
    with caplog.at_level(logging.WARNING):
        assert ids(runs) == ["good"]
        assert ids(runs) == ["good"]
    assert len(caplog.records) == 1
    assert "broken" in caplog.text
