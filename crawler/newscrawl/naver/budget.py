"""How many calls of the search API are left today, across crawls and restarts."""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from newscrawl.extract.times import KST
from yoyak.errors import HostError, MeasuredFailure

CALLS_A_DAY = 25_000  # of a client id, over all kinds of search


class DailyBudget:
    """Counts calls of one client id in a file; the day is Korea's, as the API's is.

    A call is counted before it is made, so a crash cannot make the count too small.
    """

    def __init__(
        self, path: Path, client_id: str, *, limit: int = CALLS_A_DAY, now: Callable[[], datetime]
    ) -> None:
        """Count in `path`; the client id is kept as a hash."""
        self._path = path
        self._owner = hashlib.sha256(client_id.encode()).hexdigest()[:16]
        self._limit = limit
        self._now = now

    def spend(self) -> int:
        """Count one call and return how many are left.

        Raises:
            MeasuredFailure: none was left.
            HostError: the file cannot be written.
        """
        day = self._now().astimezone(KST).date().isoformat()
        with self._locked() as counts:
            used = counts.get(self._owner, {}).get(day, 0)
            if used >= self._limit:
                raise MeasuredFailure(
                    f"the daily budget of {self._limit} API calls is used up; it begins anew at "
                    "midnight in Korea: run the same command then, what was found is kept"
                )
            counts[self._owner] = {day: used + 1}  # earlier days are of no use any more
        return self._limit - used - 1

    @contextmanager
    def _locked(self) -> Iterator[dict[str, dict[str, int]]]:
        """Yield the counts, and put them back, whole or not at all, when the block ends well."""
        part = self._path.with_name(self._path.name + ".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_name(self._path.name + ".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                counts = json.loads(self._path.read_text()) if self._path.exists() else {}
                yield counts
                part.write_text(json.dumps(counts))
                part.replace(self._path)
        except (OSError, ValueError) as error:
            raise HostError(
                f"the call budget {self._path} cannot be read or written ({error}); "
                "name another file: --budget-file FILE"
            ) from error
