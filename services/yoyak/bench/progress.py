"""How a long piece of work tells a watcher where it is; the command line draws it."""

from contextlib import AbstractContextManager
from typing import Protocol


class Step(Protocol):
    """One step in progress."""

    def update(self, done: float, total: float | None = None) -> None:
        """Say how much of the step is done; the total may become known, or change, on the way."""
        ...

    def advance(self, amount: float = 1) -> None:
        """Add to what is done."""
        ...


class Progress(Protocol):
    """A watcher of steps."""

    def step(self, title: str, total: float | None = None) -> AbstractContextManager[Step]:
        """Begin a step; it ends with the context."""
        ...

    def note(self, message: str) -> None:
        """Tell one line."""
        ...
