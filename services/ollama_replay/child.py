"""A replay server as a child process, so that what a test does cannot disturb the ruler."""

import json
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ollama_replay.script import Script
from ollama_replay.script_file import script_json
from ollama_replay.truth import read_truth
from yoyak.errors import HostError

READY_S = 30.0
STOP_S = 10.0
POLL_S = 0.005
FOUND_S = 10.0


@dataclass(frozen=True, slots=True)
class Replay:
    """A running replay; its truth log grows when it has nothing else to do."""

    url: str
    pid: int
    truth_path: Path

    def truth(self) -> list[dict[str, Any]]:
        """Return all that is in the log now."""
        return read_truth(self.truth_path)

    def answers(self, count: int, *, within_s: float = FOUND_S) -> list[dict[str, Any]]:
        """Return the first `count` answers in order of their end, waiting for them.

        Raises:
            TimeoutError: fewer have ended within the time.
        """
        return self.wait_for(
            lambda one: one["kind"] == "request" and one["on"] == "answer", count, within_s
        )

    def wait_for(
        self, wanted: Callable[[dict[str, Any]], bool], count: int, within_s: float = FOUND_S
    ) -> list[dict[str, Any]]:
        """Return the first `count` wanted records of the log, waiting for them."""
        deadline_s = time.monotonic() + within_s
        while len(found := [one for one in self.truth() if wanted(one)]) < count:
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{len(found)} of {count} records after {within_s:g} s")
            time.sleep(POLL_S)
        return found[:count]


@contextmanager
def running(
    script: Script | None = None,
    *,
    truth: Path | None = None,
    cpu: int | None = None,
    is_realtime: bool = False,
) -> Iterator[Replay]:
    """Run `python -m ollama_replay` while the context lasts; when it ends the log is whole.

    Args:
        script: what to play; None is a server with defaults.
        truth: where the log goes; None is a temporary file that ends with the context.
        cpu: the only core that the server may use.
        is_realtime: run it under SCHED_FIFO, for figures from a machine that others use as well.

    Raises:
        HostError: it did not start.
    """
    with tempfile.TemporaryDirectory(prefix="ollama_replay-") as folder:
        script_path = Path(folder) / "script.json"
        script_path.write_text(script_json(script or Script()), encoding="utf-8")
        truth_path = truth or Path(folder) / "truth.jsonl"
        command = [sys.executable, "-m", "ollama_replay", "--die-with-parent"]
        command += ["--script", str(script_path), "--truth", str(truth_path)]
        command += [] if cpu is None else ["--cpu", str(cpu)]
        command += ["--realtime"] if is_realtime else []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                said = _ready(process)
                yield Replay(url=said["url"], pid=said["pid"], truth_path=truth_path)
            finally:
                _end(process)


def _ready(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Return what the child says when it listens."""
    if process.stdout is None or not select.select([process.stdout], [], [], READY_S)[0]:
        raise HostError(f"ollama_replay was not ready within {READY_S:g} s; is this host stuck?")
    line = process.stdout.readline()
    if not line:
        raise HostError(
            f"ollama_replay ended with exit code {process.wait(STOP_S)} before it was ready;"
            " what it said on stderr tells why"
        )
    said: dict[str, Any] = json.loads(line)
    return said


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
