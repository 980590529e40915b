"""ETAs of steps that cannot count their work."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from yoyak.bench.progress import Expected, Step
from yoyak.bench.step_times import FILE, StepTimes


class Watcher:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Expected | None]] = []

    @contextmanager
    def step(
        self,
        title: str,
        total: float | None = None,  # noqa: ARG002 - the protocol's
        *,
        expected: Expected | None = None,
    ) -> Iterator[Step]:
        self.told.append((title, expected))
        yield self

    def update(self, done: float, total: float | None = None) -> None: ...

    def advance(self, amount: float = 1) -> None: ...

    def note(self, message: str) -> None: ...


def test_the_first_time_is_a_guess(tmp_path: Path) -> None:
    watcher = Watcher()
    with StepTimes(tmp_path).step(watcher, "report", guess_s=3.0):
        pass
    assert watcher.told == [("report", Expected(3.0, is_guess=True))]


def test_the_next_time_is_what_the_last_one_took(tmp_path: Path) -> None:
    with StepTimes(tmp_path).step(Watcher(), "report", guess_s=3.0):
        pass
    watcher = Watcher()
    with StepTimes(tmp_path).step(watcher, "report", guess_s=3.0):
        pass
    [(_, expected)] = watcher.told
    assert expected is not None
    assert (expected.is_guess, expected.seconds < 3.0) == (False, True)


def test_a_step_that_failed_teaches_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="broken"),
        StepTimes(tmp_path).step(Watcher(), "report", guess_s=3.0),
    ):
        raise ValueError("broken")
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"report": "long"}', '{"report": NaN}', "\0"])
def test_a_file_that_is_none_of_ours_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    watcher = Watcher()
    with StepTimes(tmp_path).step(watcher, "report", guess_s=3.0):
        pass
    assert watcher.told == [("report", Expected(3.0, is_guess=True))]


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with StepTimes(tmp_path / "file" / "below").step(Watcher(), "report", guess_s=3.0):
        pass


def test_other_steps_stay_remembered(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"load": 7.5}')
    with StepTimes(tmp_path).step(Watcher(), "report", guess_s=3.0):
        pass
    kept = json.loads((tmp_path / FILE).read_text())
    assert (list(kept), kept["load"]) == (["load", "report"], 7.5)
