"""Steps drawn on stderr: bars with an ETA on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress_bar import ProgressBar
from rich.text import Text

from yoyak.bench.eta import duration_words
from yoyak.bench.progress import Expected

LINE_EVERY_S = 10.0  # between two lines of one step where no bar can be drawn


class TerminalProgress:
    """Progress bars on a terminal."""

    def __init__(self, console: Console) -> None:
        """Draw on `console`, which writes to stderr."""
        self._console = console

    @contextmanager
    def step(
        self, title: str, total: float | None = None, *, expected: Expected | None = None
    ) -> Iterator["_Bar"]:
        """Draw a bar until the context ends, and leave its line with the time it took.

        The bar of a step that counts no work is the time gone by of the time expected.
        """
        began = time.monotonic()
        columns = (
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28) if expected is None else _TimeBar(expected),
            MofNCompleteColumn() if expected is None else TextColumn(""),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn() if expected is None else _TimeLeft(expected),
        )
        with Progress(*columns, console=self._console, transient=True) as progress:
            yield _Bar(progress, progress.add_task(title, total=total))
        took = duration_words(time.monotonic() - began)
        self._console.print(f"[green]✓[/] {title} [dim]({took})[/]", highlight=False)

    def note(self, message: str) -> None:
        """Print one line."""
        self._console.print(f"[dim]·[/] {message}", highlight=False)


class _TimeBar(ProgressColumn):
    """The time gone by as a part of the time expected; full, but not done, once that is over."""

    def __init__(self, expected: Expected) -> None:
        super().__init__()
        self._expected = expected

    def render(self, task: Task) -> ProgressBar:
        gone_s = min(task.elapsed or 0.0, self._expected.seconds)
        return ProgressBar(total=self._expected.seconds, completed=gone_s, width=28)


class _TimeLeft(ProgressColumn):
    """What is left of the time expected, and where the expectation comes from."""

    def __init__(self, expected: Expected) -> None:
        super().__init__()
        self._expected = expected

    def render(self, task: Task) -> Text:
        return Text(time_left(self._expected, task.elapsed or 0.0), style="progress.remaining")


def time_left(expected: Expected, gone_s: float) -> str:
    """Return an ETA in words: "about 3 s, as last time", or what was expected once it is over."""
    source = "guessed" if expected.is_guess else "as last time"
    if gone_s >= expected.seconds:
        return f"any moment ({duration_words(expected.seconds)} {source})"
    return f"about {duration_words(max(1.0, expected.seconds - gone_s))}, {source}"


class _Bar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def update(self, done: float, total: float | None = None) -> None:
        self._progress.update(self._task, completed=done, total=total)

    def advance(self, amount: float = 1) -> None:
        self._progress.advance(self._task, amount)


class LineProgress:
    """Lines for logs and pipes: a step's beginning, its state every ten seconds, its end."""

    def __init__(self, console: Console) -> None:
        """Print on `console`, which writes to stderr."""
        self._console = console

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
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


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


def progress_on(console: Console) -> TerminalProgress | LineProgress:
    """Return bars where `console` is a terminal, lines elsewhere."""
    return TerminalProgress(console) if console.is_terminal else LineProgress(console)
