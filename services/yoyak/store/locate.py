"""A run by its name: a folder, a perf.json, or an address that fsspec opens."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from yoyak.errors import HostError, UsageError
from yoyak.records import Perf
from yoyak.store.run_folder import (
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

FILES = (MANIFEST, REQUESTS, LOADS, SAMPLES, PERF, SUMMARY)


@contextmanager
def located(name: str) -> Iterator[Path]:
    """Yield the local place of a run: a folder that holds one, or a perf.json.

    What an address names is copied, for as long as the context lasts. A folder with a perf.json and
    no manifest (a run of old, written by hand) is that perf.json.

    Raises:
        UsageError: not there, or not a run; names which.
        HostError: the address cannot be reached.
    """
    if "://" in name:
        with _fetched(name) as path:
            yield _run_in(path, name)
    else:
        yield _run_in(Path(name).expanduser(), name)


def read_located(path: Path) -> Run | Perf:
    """Return the run at a place that `located` yielded: all of it, or its perf.json."""
    return read_run(path) if path.is_dir() else read_perf(path)


def _run_in(path: Path, name: str) -> Path:
    if path.is_file() or (path / MANIFEST).is_file():
        return path
    if (path / PERF).is_file():
        return path / PERF
    if path.is_dir():
        raise UsageError(
            f"{name} holds neither {MANIFEST} nor {PERF}; name a folder that `yoyak run` wrote"
        )
    raise UsageError(f"{name} is not there; name a run folder, a {PERF} or an address of one")


@contextmanager
def _fetched(url: str) -> Iterator[Path]:
    """Copy a run from an address to a temporary place; yield its folder or file there."""
    try:
        files, root = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise HostError(f"{url} cannot be opened: {error}") from error
    with tempfile.TemporaryDirectory(prefix="yoyak-run-") as folder:
        target = Path(folder)
        try:
            if root.endswith(".json"):
                files.get_file(root, str(target / PERF))
                yield target / PERF
                return
            if not _copy_folder(files, root, target):
                raise UsageError(f"{url} holds no run; name a run folder or its {PERF}")
        except (OSError, RuntimeError) as error:
            raise HostError(f"{url} cannot be read: {error}; check address and access") from error
        yield target


def _copy_folder(files: AbstractFileSystem, root: str, target: Path) -> bool:
    found = False
    for name in FILES:
        remote = f"{root.rstrip('/')}/{name}"
        if files.exists(remote):
            files.get_file(remote, str(target / name))
            found = True
    return found
