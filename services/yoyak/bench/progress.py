"""How a long piece of work tells a watcher where it is; the command line draws it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Expected:
    """How long a step should take that cannot say how much of it is done."""

    seconds: float
    is_guess: bool = False  # else: what it took the last time


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

    def step(
        self, title: str, total: float | None = None, *, expected: Expected | None = None
    ) -> AbstractContextManager[Step]:
        """Begin a step; it ends with the context. `expected` is for one that counts no work."""
        ...

    def note(self, message: str) -> None:
        """Tell one line."""
        ...
