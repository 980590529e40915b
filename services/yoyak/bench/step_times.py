"""How long steps took that cannot count their work: the next time, that is their ETA."""

import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yoyak.bench.progress import Expected, Progress, Step
from yoyak.units import seconds

FILE = "step-times.json"
_MOST_KEPT = 100  # steps; of models that come and go


class StepTimes:
    """Remembers durations in a file of the cache folder; without the file it only guesses."""

    def __init__(self, cache: Path) -> None:
        """Read what is remembered; a file that cannot be read is as none."""
        self._path = cache.expanduser() / FILE
        self._took_s = _read(self._path)

    @contextmanager
    def step(self, progress: Progress, title: str, *, guess_s: float) -> Iterator[Step]:
        """Run a step that ends when it is done, told with the time it took when last it was.

        Args:
            progress: the watcher.
            title: of the step; also what its duration is remembered under, so it names what the
                duration depends on.
            guess_s: what to expect where nothing is remembered.
        """
        last_s = self._took_s.get(title)
        expected = Expected(guess_s, is_guess=True) if last_s is None else Expected(last_s)
        began_ns = time.monotonic_ns()
        with progress.step(title, expected=expected) as step:
            yield step
        self._learn(title, seconds(time.monotonic_ns() - began_ns))

    def _learn(self, title: str, took_s: float) -> None:
        kept = {name: value for name, value in self._took_s.items() if name != title}
        kept[title] = round(took_s, 3)
        self._took_s = dict(list(kept.items())[-_MOST_KEPT:])
        with contextlib.suppress(OSError):  # a cache that cannot be written stops no run
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_suffix(".new")
            temporary.write_text(json.dumps(self._took_s, ensure_ascii=False, indent=1) + "\n")
            temporary.replace(self._path)


def _read(path: Path) -> dict[str, float]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        title: float(took_s)
        for title, took_s in found.items()
        if isinstance(took_s, int | float) and not isinstance(took_s, bool) and 0 <= took_s < 1e6
    }
