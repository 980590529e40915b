"""The sha256 of a model file, remembered so that gigabytes are not hashed for every run.

A remembered digest holds as long as size, modification time and inode are what they were.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from yoyak.errors import UsageError
from yoyak.models.whole_file import whole_file
from yoyak.units import MIB

_READ_BYTES = 1 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class _Digest:
    path: str
    size_bytes: int
    mtime_ns: int
    inode: int
    sha256: str


def weights_sha256(
    path: Path,
    *,
    cache_dir: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Return the sha256 (hexadecimal) of the whole file.

    Args:
        path: the file.
        cache_dir: where digests are remembered; None to hash in any case. A folder that cannot be
            written is no error: the file is then hashed each time.
        progress: called with (bytes done, bytes in all) while it hashes.

    Raises:
        UsageError: the file cannot be read, or it changed while it was read.
    """
    try:
        status = path.stat()
        if cache_dir is not None:
            known = _recall(path, cache_dir)
            if known is not None and known == _digest(path, status, known.sha256):
                return known.sha256
        sha256 = _hash(path, status.st_size, progress)
        unchanged = _digest(path, path.stat(), sha256) == _digest(path, status, sha256)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise UsageError(
            f'the model file "{path}" cannot be read ({reason}); '
            "give a model file: --model file.gguf"
        ) from error
    if not unchanged:
        raise UsageError(
            f'the model file "{path}" changed while it was read; '
            "wait until whatever writes it is done"
        )
    if cache_dir is not None:
        with contextlib.suppress(OSError):
            remember_sha256(path, sha256, cache_dir=cache_dir)
    return sha256


def remember_sha256(path: Path, sha256: str, *, cache_dir: Path) -> None:
    """Remember a digest that is known, as that of a file just written.

    Raises:
        OSError: the folder cannot be written.
    """
    record = _record_path(path, cache_dir)
    record.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(record) as file:
        file.write(json.dumps(asdict(_digest(path, path.stat(), sha256))).encode())


def _record_path(path: Path, cache_dir: Path) -> Path:
    key = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()
    return cache_dir / "sha256" / f"{key[:32]}.json"


def _digest(path: Path, status: os.stat_result, sha256: str) -> _Digest:
    return _Digest(
        path=str(path.resolve()),
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
        sha256=sha256,
    )


def _recall(path: Path, cache_dir: Path) -> _Digest | None:
    try:
        return _Digest(**json.loads(_record_path(path, cache_dir).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None  # none yet, or one that another version wrote


def _hash(path: Path, size_bytes: int, progress: Callable[[int, int], None] | None) -> str:
    sha256, done_bytes = hashlib.sha256(), 0
    buffer = memoryview(bytearray(_READ_BYTES))
    with path.open("rb", buffering=0) as file:
        while read_bytes := file.readinto(buffer):
            sha256.update(buffer[:read_bytes])
            done_bytes += read_bytes
            if progress is not None:
                progress(done_bytes, size_bytes)
    return sha256.hexdigest()
