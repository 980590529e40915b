"""Our own services as child processes: started, waited for, and always ended."""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

from yoyak.errors import HostError

STOP_S = 10.0  # a child that does not end within it after SIGTERM is killed
LAST_LINES = 20


@contextmanager
def service(module: str, arguments: Sequence[str], *, ready_s: float) -> Iterator[dict[str, Any]]:
    """Run `python -m module` until the context ends; yield the JSON line that it prints when ready.

    Raises:
        HostError: it ended, or said nothing within `ready_s`; carries its own last error line.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C reaches us only; we end the child ourselves
    )
    last_words: list[str] = []
    first: queue.Queue[str] = queue.Queue()
    readers = (
        threading.Thread(target=_keep_last, args=(process.stderr, last_words), daemon=True),
        threading.Thread(target=_first_line, args=(process.stdout, first), daemon=True),
    )
    for reader in readers:
        reader.start()
    try:
        yield _ready(module, first, last_words, readers[0], ready_s)
    finally:
        _end(process)
        for reader in readers:
            reader.join(STOP_S)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _ready(
    module: str,
    first: "queue.Queue[str]",
    last_words: list[str],
    stderr_reader: threading.Thread,
    ready_s: float,
) -> dict[str, Any]:
    deadline = time.monotonic() + ready_s
    try:
        line = first.get(timeout=ready_s)
    except queue.Empty:
        raise HostError(
            f"{module} was not ready within {ready_s:.0f} s; see what keeps this host busy"
        ) from None
    if not line:
        stderr_reader.join(max(0.0, min(STOP_S, deadline - time.monotonic())))
        said = last_words[-1].removeprefix("error: ") if last_words else "it said nothing"
        raise HostError(f"{module} did not start: {said}")
    answer: dict[str, Any] = json.loads(line)
    return answer


def _keep_last(stream: IO[str], lines: list[str]) -> None:
    for line in stream:
        if line.strip():
            lines.append(line.rstrip())
            del lines[:-LAST_LINES]


def _first_line(stream: IO[str], first: "queue.Queue[str]") -> None:
    first.put(stream.readline())
    for _ in stream:  # whatever follows must not fill the pipe
        pass


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
