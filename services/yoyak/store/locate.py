"""A run by its name: a folder, a perf.json, or an address that fsspec opens."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fsspec import AbstractFileSystem

from yoyak.errors import UsageError
from yoyak.records import Perf
from yoyak.store.remote import opened
from yoyak.store.run_folder import (
    BLOCKS,
    LOADS,
    MANIFEST,
    PERF,
    REQUESTS,
    SAMPLES,
    SUMMARY,
    Run,
    read_perf,
    read_run,
)

RESULTS = (MANIFEST, PERF)  # what a comparison needs of most runs
RECORDS = (REQUESTS, LOADS, BLOCKS, SAMPLES, SUMMARY)
_SHOWN = 200  # characters of a name


@contextmanager
def located(name: str, *, records: bool = True) -> Iterator[Path]:
    """Yield the local place of a run: a folder that holds one, or a perf.json.

    What an address names is copied, for as long as the context lasts. A folder with a perf.json and
    no manifest (a run of old, written by hand) is that perf.json.

    Args:
        name: a path or an address.
        records: False copies manifest and results only, which are a hundredth of a run; without
            results the records are copied all the same.

    Raises:
        UsageError: not there, or not a run; names which.
        HostError: the address cannot be reached, or a package for it is missing.
    """
    if "://" in name:
        with tempfile.TemporaryDirectory(prefix="yoyak-run-") as folder:
            yield _run_in(_fetched(name, Path(folder), records=records), name)
    else:
        yield _local(name)


def read_located(path: Path) -> Run | Perf:
    """Return the run at a place that `located` yielded: all of it, or its perf.json."""
    return read_run(path) if path.is_dir() else read_perf(path)


def _local(name: str) -> Path:
    try:
        return _run_in(Path(name).expanduser(), name)
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such user, a NUL
        raise UsageError(
            f"{ascii(name)[:_SHOWN]} is no name of a run: {error.__class__.__name__}; "
            f"name a run folder, a {PERF} or an address of one"
        ) from error


def _run_in(path: Path, name: str) -> Path:
    if path.is_file() or (path / MANIFEST).is_file():
        return path
    if (path / PERF).is_file():
        return path / PERF
    if path.is_dir():
        raise UsageError(
            f"{name or path} holds neither {MANIFEST} nor {PERF}; "
            "name a folder that `yoyak run` wrote"
        )
    raise UsageError(f"{name} is not there; name a run folder, a {PERF} or an address of one")


def _fetched(url: str, target: Path, *, records: bool) -> Path:
    """Copy a run from an address; return its folder or file here."""
    with opened(url) as (files, root):
        if root.endswith(".json"):
            files.get_file(root, str(target / PERF))
            return target / PERF
        for name in RESULTS:
            _copy(files, f"{root.rstrip('/')}/{name}", target / name)
        if records or not (target / PERF).is_file():
            for name in RECORDS:
                _copy(files, f"{root.rstrip('/')}/{name}", target / name)
    if not (target / MANIFEST).is_file() and not (target / PERF).is_file():
        raise UsageError(f"{url} holds no run; name a run folder or its {PERF}")
    return target


def _copy(files: AbstractFileSystem, remote: str, target: Path) -> None:
    """Copy one file if it is there."""
    try:
        files.get_file(remote, str(target))
    except FileNotFoundError:
        target.unlink(missing_ok=True)  # begun before the answer came
