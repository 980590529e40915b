"""`yoyak run` in this process: the command line of a user, without its imports."""

import gc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.bench.replays import arguments

from ollama_replay import running
from ollama_replay.script import Script
from ollama_replay.truth import read_truth
from yoyak.cli.main import run_command_line
from yoyak.records import RequestRecord
from yoyak.store.run_folder import Run, read_run


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that ended: exit code, stderr, its folder if it has one, and the engine's own log."""

    code: int
    lines: list[str]
    run: Run | None
    truth: list[dict[str, Any]]

    @property
    def last_line(self) -> str:
        return self.lines[-1]

    @property
    def measured(self) -> list[RequestRecord]:
        """The measured requests in the order of sending."""
        assert self.run is not None
        records = [record for record in self.run.requests if not record.is_warmup]
        return sorted(records, key=lambda record: record.sent_ns)


class Runner:
    """Runs `yoyak run` in this process: the command line of a user, without its imports."""

    def __init__(
        self, folder: Path, cache: Path, dataset: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._folder, self._cache, self._dataset, self._capsys = folder, cache, dataset, capsys

    def run(self, script: Script, **options: object) -> Ended:
        given = {
            "warmup": 0,
            "repetitions": 1,
            "out": self._folder / "runs",
            "cache": self._cache,
            "format": "json",
            **options,
        }
        truth = self._folder / "truth.jsonl"  # whole once the server has ended
        with running(script, truth=truth) as replay:
            # A run collects garbage before its clock starts. What the tests hold is none of its
            # heap, and going through that took a fifth of the time.
            gc.freeze()
            code = run_command_line(arguments(self._dataset, replay.url, **given))
        err = self._capsys.readouterr().err
        assert "Traceback" not in err
        runs = self._folder / "runs"
        paths = list(runs.iterdir()) if runs.is_dir() else []
        return Ended(
            code=code,
            lines=err.splitlines(),
            run=read_run(paths[0]) if paths else None,
            truth=read_truth(truth),
        )
