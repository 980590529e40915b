"""The finished runs of some folders, read again only where a perf.json has changed."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from yoyak.errors import UsageError
from yoyak.records import Perf
from yoyak.store.run_folder import PERF, read_perf

log = logging.getLogger(__name__)

# 84 series a run with a GPU: a scrape of 100 is 1.4 MB, made once in 0.2 s and then sent in 5 ms.
MOST_RUNS = 100

_Stamp = tuple[int, int]  # mtime in ns, size


class FinishedRuns:
    """Reads `FOLDER/*/perf.json`; a file that cannot be read costs one log line, not the others."""

    def __init__(self, folders: Sequence[Path], *, most: int = MOST_RUNS) -> None:
        """Remember where to look.

        Args:
            folders: each holds run folders; one that is not there (yet) holds none.
            most: how many runs are given; the newest, and first those that bear no date, since
                somebody put them there to compare with.
        """
        self._folders = tuple(folders)
        self._most = most
        self._read: dict[Path, tuple[_Stamp, Perf | None]] = {}
        self._given: tuple[Perf, ...] = ()

    def __call__(self) -> tuple[Perf, ...]:
        """Return the runs, each run id once; the same tuple as before if nothing has changed."""
        found = dict(self._stamps())
        if found != {path: stamp for path, (stamp, _) in self._read.items()}:
            self._read = {path: (stamp, self._perf(path, stamp)) for path, stamp in found.items()}
            self._given = _chosen([perf for _, perf in self._read.values() if perf], self._most)
        return self._given

    def _stamps(self) -> Iterator[tuple[Path, _Stamp]]:
        for folder in self._folders:
            for path in sorted(folder.glob(f"*/{PERF}")):
                try:
                    status = path.stat()
                except FileNotFoundError:  # the run was taken away just now
                    continue
                yield path, (status.st_mtime_ns, status.st_size)

    def _perf(self, path: Path, stamp: _Stamp) -> Perf | None:
        known = self._read.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            return read_perf(path)
        except UsageError as error:
            log.warning("no metrics of one run: %s", error)
            return None


def _chosen(runs: Sequence[Perf], most: int) -> tuple[Perf, ...]:
    once = list({perf.run_id: perf for perf in runs}.values())
    undated = [perf for perf in once if perf.started_at is None]
    dated = [perf for perf in once if perf.started_at is not None]
    dated.sort(key=lambda perf: perf.started_at or "", reverse=True)
    return tuple((undated + dated)[:most])
