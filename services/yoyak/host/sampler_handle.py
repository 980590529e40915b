"""The run's side of the sampler process: start it, point it at the engine, stop it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

_STOP_DEADLINE_S = 5.0  # its last sample may walk the page tables of a large engine


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplerReport:
    """How the sampling went."""

    samples: int | None  # lines written; None if it died
    skipped_ticks: int | None  # moments at which the one before was not done
    late_max_s: float | None  # the largest delay of a sample
    failure: str | None  # one line if it died, else None
    log: tuple[str, ...] = ()  # what it had to say, e.g. that a GPU was lost


class SamplerProcess:
    """A running sampler. Its calls return at once, `stop` excepted; none raises if it has died.

    A dead sampler costs the run its resource figures and nothing else: ask `failure()`, and make
    the report's `failure` a finding.
    """

    def __init__(
        self,
        *,
        out: Path,
        origin_ns: int,
        hz: float = 10.0,
        client_pids: Collection[int] | None = None,
        engine_pid: int | None = None,
        engine_port: int | None = None,
    ) -> None:
        """Start it, without waiting for its first sample.

        Args:
            out: samples.jsonl, appended to.
            origin_ns: `time.monotonic_ns()` at which the run began.
            hz: samples a second.
            client_pids: the load generator's processes; the calling one if None.
            engine_pid: root of the engine's tree, if it is known yet.
            engine_port: or the port that it listens on, or will.
        """
        command = [sys.executable, "-m", "yoyak.host.sampler_process"]
        command += ["--origin-ns", str(origin_ns), "--out", str(out), "--hz", str(hz)]
        for pid in (os.getpid(),) if client_pids is None else client_pids:
            command += ["--client-pid", str(pid)]
        if engine_pid is not None:
            command += ["--engine-pid", str(engine_pid)]
        if engine_port is not None:
            command += ["--engine-port", str(engine_port)]
        self._process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the run, which stops us after it has drained
        )
        self._report: SamplerReport | None = None

    @property
    def pid(self) -> int:
        """The sampler's own process."""
        return self._process.pid

    def point_at_engine(self, *, pid: int | None = None, port: int | None = None) -> None:
        """Follow another engine from the next sample on: after a reload, or none."""
        self._tell({"engine_pid": pid} if port is None else {"engine_port": port})

    def request_pss(self) -> None:
        """Have the next sample read the engine's proportional set size, which is slow."""
        self._tell({"pss": True})

    def failure(self) -> str | None:
        """Return one line if the sampler ended by itself, else None."""
        if self._report is not None:
            return self._report.failure
        if self._process.poll() is None:
            return None
        return self.stop().failure

    def stop(self) -> SamplerReport:
        """Have it take a last sample, write everything and end; wait for that for 5 s at most."""
        if self._report is None:
            self._tell({"stop": True})
            self._report = self._finish()
        return self._report

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _tell(self, order: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError):  # it has died; or we closed the pipe
            _pipe(self._process.stdin).write(json.dumps(order).encode() + b"\n")

    def _finish(self) -> SamplerReport:
        try:
            output, errors = self._process.communicate(timeout=_STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            output, errors = self._process.communicate()
        code = self._process.returncode
        log = tuple(errors.decode(errors="replace").splitlines())
        lines = output.splitlines()
        if code == 0 and len(lines) > 1:
            return SamplerReport(**json.loads(lines[-1]), failure=None, log=log)
        told = log[-1] if log else f"exit code {code}"
        reason = f"killed by {signal.Signals(-code).name}" if code < 0 else told
        return SamplerReport(
            samples=None,
            skipped_ticks=None,
            late_max_s=None,
            failure=f"the host sampler died, later resource figures are missing: {reason}",
            log=log,
        )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the pipe is closed")
    return stream
