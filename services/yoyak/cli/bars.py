"""Steps drawn as bars on a terminal."""

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
from yoyak.cli.progress import time_left


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


class _Bar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def update(self, done: float, total: float | None = None) -> None:
        self._progress.update(self._task, completed=done, total=total)

    def advance(self, amount: float = 1) -> None:
        self._progress.advance(self._task, amount)
