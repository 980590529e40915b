"""The truth log: JSON lines with what was meant and what was done, written when there is time.

Stamps are CLOCK_MONOTONIC in ns, which every process of a host shares.
"""

import json
from collections import deque
from pathlib import Path
from typing import IO, Any, Protocol

# Finished requests wait in memory for an idle moment; beyond so many each new one writes an old
# one, so that memory is bounded where no such moment comes.
MOST_WAITING = 20_000


class Record(Protocol):
    """Something finished that can say what happened."""

    def truth(self) -> dict[str, Any]:
        """Return the JSON object to log."""
        ...


class TruthLog:
    """Takes finished records at once and writes them later; without a path it forgets them."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, anew.

        Raises:
            OSError: it cannot be written.
        """
        self._waiting: deque[Record] = deque()
        self._file: IO[bytes] | None = None if path is None else path.open("wb")
        self._is_flushed = True

    def add(self, record: Record) -> None:
        """Keep a finished record; cheap."""
        if self._file is None:
            return
        self._waiting.append(record)
        if len(self._waiting) > MOST_WAITING:
            self.write_some()

    def write_some(self) -> bool:
        """Write one record, or flush after the last; return whether there may be more to do."""
        if self._file is None or (self._is_flushed and not self._waiting):
            return False
        if not self._waiting:
            self._file.flush()
            self._is_flushed = True
            return False
        line = json.dumps(self._waiting.popleft().truth(), ensure_ascii=False)
        self._file.write(line.encode("utf-8", "replace") + b"\n")
        self._is_flushed = False
        return True

    def close(self) -> None:
        """Write everything that waits."""
        while self.write_some():
            pass
        if self._file is not None:
            self._file.close()
            self._file = None


class Event:
    """Something that happened to the server: start, down, up, stop."""

    def __init__(self, event: str, at_ns: int, **more: object) -> None:
        self._said = {"kind": "server", "event": event, "at_ns": at_ns, **more}

    def truth(self) -> dict[str, Any]:
        """Return the event and when it was."""
        return self._said


def read_truth(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a truth log, which may still be growing."""
    text, _, _ = path.read_bytes().rpartition(b"\n")
    return [json.loads(line) for line in text.split(b"\n")] if text else []
