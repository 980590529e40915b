"""A file that appears under its name whole or not at all.

It is written under a temporary name in the same folder, synced and renamed. The temporary file is
removed when anything goes wrong, Ctrl-C included. A kill -9 leaves it behind; since its writer
holds a lock on it that ends with the process, the next writer of the same name knows it for a
leftover and removes it.
"""

import contextlib
import fcntl
import glob
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a binary file to write; when the block ends well, it replaces `path`.

    Raises:
        OSError: from opening, writing, syncing or renaming.
    """
    remove_leftovers(path)
    part, file = _open_locked(path)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
        _sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files that killed writers of `path` left behind."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        # OSError: it is being written (locked), just finished, or another user's.
        with contextlib.suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def _open_locked(path: Path) -> tuple[Path, BinaryIO]:
    while True:
        part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
        file = part.open("xb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except BaseException:
            file.close()
            part.unlink(missing_ok=True)
            raise
        if os.fstat(file.fileno()).st_nlink:
            return part, file
        file.close()  # another writer took it for a leftover before it was locked


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
