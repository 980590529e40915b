"""Steps told on stderr: bars with an ETA on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from yoyak.bench.eta import duration_words
from yoyak.bench.progress import Expected

if TYPE_CHECKING:
    from yoyak.cli.bars import TerminalProgress

LINE_EVERY_S = 10.0  # between two lines of one step where no bar can be drawn


class LineProgress:
    """Lines for logs and pipes: a step's beginning, its state every ten seconds, its end."""

    def __init__(self, file: TextIO) -> None:
        """Print into `file`, which is stderr."""
        self._file = file

    @contextmanager
    def step(
        self, title: str, total: float | None = None, *, expected: Expected | None = None
    ) -> Iterator["_Lines"]:
        """Print lines until the context ends."""
        began = time.monotonic()
        eta = "" if expected is None else f" (ETA {time_left(expected, 0.0)})"
        self._print(f"{title}{eta} ...")
        yield _Lines(self, title, total)
        self._print(f"{title}: done in {duration_words(time.monotonic() - began)}")

    def note(self, message: str) -> None:
        """Print one line."""
        self._print(message)

    def _print(self, line: str) -> None:
        print(line, file=self._file, flush=True)


class _Lines:
    def __init__(self, progress: LineProgress, title: str, total: float | None) -> None:
        self._progress = progress
        self._title = title
        self._total = total
        self._done = 0.0
        self._began = self._last = time.monotonic()

    def update(self, done: float, total: float | None = None) -> None:
        self._done = done
        self._total = self._total if total is None else total
        now = time.monotonic()
        if now - self._last < LINE_EVERY_S or not self._total or not done:
            return
        self._last = now
        left = (now - self._began) * (self._total - done) / done
        self._progress.note(
            f"{self._title}: {100 * done / self._total:.0f} %, ETA {duration_words(left)}"
        )

    def advance(self, amount: float = 1) -> None:
        self.update(self._done + amount)


def time_left(expected: Expected, gone_s: float) -> str:
    """Return an ETA in words: "about 3 s, as last time", or what was expected once it is over."""
    source = "guessed" if expected.is_guess else "as last time"
    if gone_s >= expected.seconds:
        return f"any moment ({duration_words(expected.seconds)} {source})"
    return f"about {duration_words(max(1.0, expected.seconds - gone_s))}, {source}"


def progress_on_stderr() -> "TerminalProgress | LineProgress":
    """Return bars where stderr is a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        return LineProgress(sys.stderr)
    from yoyak.cli.bars import TerminalProgress  # rich is a third of the start of a run
    from yoyak.cli.consoles import messages_console

    return TerminalProgress(messages_console())
