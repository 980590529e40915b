from pathlib import Path

import pytest

from yoyak.bench.stack.copies import copies_url, copy_finished_runs
from yoyak.errors import HostError, UsageError


def a_run(runs: Path, name: str, files: tuple[str, ...]) -> None:
    (runs / name).mkdir(parents=True)
    for file in files:
        (runs / name / file).write_text(f"{file} of {name}")


def test_a_finished_run_is_copied_whole_and_once(tmp_path: Path) -> None:
    runs, store = tmp_path / "runs", tmp_path / "store"
    a_run(runs, "one", ("manifest.json", "perf.json", "report.html"))
    assert copy_finished_runs(runs, store.as_uri()) == ("one",)
    assert sorted(path.name for path in (store / "one").iterdir()) == [
        "manifest.json",
        "perf.json",
        "report.html",
    ]
    assert copy_finished_runs(runs, store.as_uri()) == ()


def test_a_copy_that_broke_off_is_made_again(tmp_path: Path) -> None:
    runs, store = tmp_path / "runs", tmp_path / "store"
    a_run(runs, "one", ("manifest.json", "perf.json", "report.html"))
    a_run(store, "one", ("manifest.json",))
    assert copy_finished_runs(runs, store.as_uri()) == ("one",)


def test_a_run_that_goes_on_is_not_copied(tmp_path: Path) -> None:
    a_run(tmp_path / "runs", "one", ("manifest.json", "perf.json"))
    assert copy_finished_runs(tmp_path / "runs", (tmp_path / "store").as_uri()) == ()


def test_a_place_that_cannot_be_written_says_where_the_runs_are(tmp_path: Path) -> None:
    a_run(tmp_path / "runs", "one", ("report.html",))
    (tmp_path / "store").write_text("a file")
    with pytest.raises(HostError, match="they stay in the runs folder"):
        copy_finished_runs(tmp_path / "runs", (tmp_path / "store").as_uri())


def test_no_kind_of_address_is_told(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="YOYAK_RUNS_URL"):
        copy_finished_runs(tmp_path, "nothing://bucket/runs")


@pytest.mark.parametrize("url", ["s3://bucket/runs", "sftp://user@host/runs"])
def test_an_address_that_can_be_written_is_taken(url: str) -> None:
    assert copies_url({"YOYAK_RUNS_URL": url}) == url


@pytest.mark.parametrize("nowhere", [{}, {"YOYAK_RUNS_URL": ""}])
def test_nothing_said_copies_nowhere(nowhere: dict[str, str]) -> None:
    assert copies_url(nowhere) is None


@pytest.mark.parametrize("url", ["bucket/runs", "s4://bucket/runs", "s3://", "https://host/runs"])
def test_another_address_is_refused_before_anything_is_benchmarked(url: str) -> None:
    with pytest.raises(UsageError, match="takes s3://bucket/runs"):
        copies_url({"YOYAK_RUNS_URL": url})
