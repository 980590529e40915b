"""`python -m yoyak.bench.stack.runner`: benchmarks once, then shows what there is.

Each configuration is benchmarked once into the runs folder, by `yoyak run` as a process of its own,
so that nothing of this one is in its way. Options are those of `yoyak run`, from YOYAK_RUN_*.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from yoyak.bench.stack.copies import copies_url, copy_finished_runs
from yoyak.bench.stack.ledger import Ledger, configuration_digest
from yoyak.bench.stack.runs_server import RunnerState, RunsServer
from yoyak.config import RunConfig, resolve
from yoyak.dataset import read_dataset
from yoyak.engines import open_engine
from yoyak.errors import EngineError, HostError, UsageError, YoyakError
from yoyak.host.cloud import CloudIdentity
from yoyak.host.facts import host_facts
from yoyak.host.topology import auto_threads
from yoyak.records import EngineFacts
from yoyak.telemetry.finished_runs import FinishedRuns

RERUN = "YOYAK_RERUN"
ASK_EVERY_S = 1.0  # while the engine is not there yet


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerSettings:
    """What the runner does."""

    config: RunConfig
    host: str
    port: int
    others: tuple[Path, ...]  # folders of runs to show beside its own
    is_rerun_wanted: bool
    is_only_showing: bool
    copies_url: str | None


def settings_from(arguments: Sequence[str], environ: Mapping[str, str]) -> RunnerSettings:
    """Return the settings from arguments and environment.

    Raises:
        UsageError: an argument or a variable that cannot be; names it.
    """
    parser = argparse.ArgumentParser(prog="python -m yoyak.bench.stack.runner")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--also-show", type=Path, action="append", default=[], metavar="FOLDER")
    parser.add_argument("--only-show", action="store_true", help="benchmark nothing, as in a hub")
    given = parser.parse_args(list(arguments))
    rerun = environ.get(RERUN, "")
    if rerun not in ("", "0", "1"):
        raise UsageError(f'{RERUN} is "{rerun}"; it takes 1 (benchmark again) or 0')
    return RunnerSettings(
        config=resolve({}, environ=environ).config,
        host=given.host,
        port=given.port,
        others=tuple(given.also_show),
        is_rerun_wanted=rerun == "1",
        is_only_showing=given.only_show,
        copies_url=copies_url(environ),
    )


class Runner:
    """The benchmark of one configuration, and the wait for the end."""

    def __init__(self, settings: RunnerSettings, state: RunnerState) -> None:
        """Do nothing yet."""
        self._config = settings.config
        self._is_rerun_wanted = settings.is_rerun_wanted
        self._is_only_showing = settings.is_only_showing
        self._copies_url = settings.copies_url
        self._state = state
        self._stop = threading.Event()
        self._child: subprocess.Popen[str] | None = None

    def run(self) -> None:
        """Benchmark unless that was done before, then wait until told to stop."""
        if self._is_only_showing:
            self._state.well("showing finished runs")
        elif (facts := self._engine()) is not None:
            self._benchmark_once(facts)
            self._copy()
        self._stop.wait()

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT; `yoyak run` is told, and finishes with what it has."""
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stop.set()
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()

    def _engine(self) -> EngineFacts | None:
        """Return what the engine says of itself, once it is there; None if told to stop before."""
        said = None
        while not self._stop.is_set():
            try:
                return asyncio.run(_describe(self._config))
            except EngineError as error:
                line = f"waiting for the engine: {error}"
                self._state.unwell(line)
                if line != said:
                    _log(line)
                said = line
            self._stop.wait(ASK_EVERY_S)
        return None

    def _benchmark_once(self, facts: EngineFacts) -> None:
        config = self._config
        ledger = Ledger(config.out)
        digest = configuration_digest(
            config,
            facts,
            host_facts(
                told=CloudIdentity(
                    instance_type=config.instance_type,
                    instance_id=config.instance_id,
                    availability_zone=config.availability_zone,
                )
            ),
            dataset_sha256=read_dataset(config.dataset).manifest.dataset_sha256,
        )
        known = ledger.run_of(digest)
        if known is not None and not self._is_rerun_wanted:
            self._say_well(f"this configuration is benchmarked: {known}; again with {RERUN}=1")
            return
        self._say_well(f"benchmarking configuration {digest[:12]}")
        run_id, failure = self._benchmark()
        if run_id is None or failure:
            if self._stop.is_set():
                return
            line = f"the benchmark failed: {failure}; once mended: docker compose restart runner"
            self._state.unwell(line)
            _log(line)
            return
        try:
            ledger.note(digest, run_id)
        except (
            HostError
        ) as error:  # not the end of this process: it would start and benchmark again
            line = f"benchmarked: {run_id}, which the next start will not know: {error}"
            self._state.unwell(line)
            _log(line)
            return
        self._say_well(f"benchmarked: {run_id}")

    def _copy(self) -> None:
        """Copy finished runs, those included that an earlier start could not."""
        if self._copies_url is None or self._stop.is_set():
            return
        try:
            copied = copy_finished_runs(self._config.out, self._copies_url)
        except HostError as error:
            self._state.unwell(str(error))
            _log(f"warning: {error}")
        else:
            for run_id in copied:
                _log(f"copied: {run_id}")

    def _benchmark(self) -> tuple[str | None, str]:
        """Run `yoyak run`; return the run's id, and what went wrong if something did."""
        self._child = subprocess.Popen(
            [sys.executable, "-m", "yoyak.cli", "run", "--format", "json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        if self._stop.is_set():  # the signal came while it was being started
            self._child.terminate()
        with self._child as child:
            output = child.communicate()[0]
        failure = "" if child.returncode == 0 else f"yoyak run ended with {child.returncode}"
        try:
            run_id = json.loads(output)["run_id"]
        except (ValueError, LookupError, TypeError):
            return None, failure or "yoyak run printed no results"
        return str(run_id), failure

    def _say_well(self, line: str) -> None:
        self._state.well(line)
        _log(line)


async def _describe(config: RunConfig) -> EngineFacts:
    engine = open_engine(
        config.engine,
        url=config.url,
        model=config.model,
        threads=auto_threads() if config.threads is None else config.threads,
        context=config.context,
        batch=config.batch,
        parallel=config.parallel,
        timeout_s=config.timeout,
        cache_dir=config.cache,
    )
    try:
        return await engine.describe()
    finally:
        await engine.close()


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run until told to stop and return the exit code."""
    state = RunnerState()
    try:
        settings = settings_from(arguments, environ)
        if not settings.is_only_showing:
            _check_writable(settings.config.out)
            read_dataset(settings.config.dataset)
        shown = FinishedRuns((settings.config.out, *settings.others))
        runner = Runner(settings, state)
        with (
            runner.stopped_by_signals(),
            RunsServer(settings.host, settings.port, runs=shown, state=state),
        ):
            runner.run()
    except YoyakError as error:
        _log(f"error: {error}")
        return error.exit_code
    return 0


def _check_writable(runs: Path) -> None:
    if not (runs.is_dir() and os.access(runs, os.W_OK | os.X_OK)):
        raise HostError(
            f"the runs folder {runs} is not there or not writable for user {os.getuid()}; "
            "give it to that user, or set YOYAK_UID and YOYAK_GID to its owner's"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
