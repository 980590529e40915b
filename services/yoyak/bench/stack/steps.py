"""Progress for a container's log, which is no terminal: a line every twentieth part."""

import sys

from yoyak.units import PERCENT

STEPS = 20


class Steps:
    """Called with (done, total); the total may grow, and then nothing is told twice."""

    def __init__(self, what: str) -> None:
        """Tell of `what`."""
        self._what = what
        self._told = 0

    def __call__(self, done: int, total: int) -> None:
        """Write a line to stderr if another twentieth is done."""
        step = done * STEPS // total if total else 0
        if step > self._told:
            self._told = step
            sys.stderr.write(f"{self._what}: {step * PERCENT // STEPS:.0f} %\n")
            sys.stderr.flush()
