"""Reading the kernel's text files: a source that is absent, refused or gone is None."""

import os
from pathlib import Path

from yoyak.units import KIB

_FIRST_BYTES = 8192  # /proc/stat of 2 CPUs has 1 KiB, of 448 about 100 KiB


def read_text(path: Path) -> str | None:
    """Return the file's text without the white space around it, or None if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def read_int(path: Path) -> int | None:
    """Return the file's only number, or None if the file or the number is not there."""
    text = read_text(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def read_link(path: Path) -> str | None:
    """Return where a symbolic link points, or None if it cannot be read."""
    try:
        return str(path.readlink())
    except OSError:
        return None


def entries(path: Path) -> list[str]:
    """Return the names in a directory, or none if it cannot be read."""
    try:
        return os.listdir(path)  # noqa: PTH208 - on the hot path; iterdir costs three times that
    except OSError:
        return []


def kib_value(data: bytes, name: bytes) -> int | None:
    """Return the bytes of a line such as "MemTotal:  123 kB", or None if there is none.

    Args:
        data: a meminfo, status or smaps_rollup.
        name: with the colon, e.g. b"MemTotal:".
    """
    start = 0 if data.startswith(name) else data.find(b"\n" + name) + 1
    if start == 0 and not data.startswith(name):
        return None
    words = data[start + len(name) : start + len(name) + 40].split(None, 1)
    return int(words[0]) * KIB if words and words[0].isdigit() else None


class KernelFile:
    """A file of /proc or /sys that is read again and again.

    Kept open, a read costs 2 to 10 us instead of 20 to 27 (measured on 6.18: opening is the
    expensive part). A kept descriptor of /proc/PID also belongs to that very process: once it is
    gone the read fails, even if another process has got the same pid.
    """

    __slots__ = ("_descriptor", "_keep_open", "_path", "_whole_bytes")

    def __init__(self, path: Path, *, keep_open: bool = True) -> None:
        """Open the file if it is there and is to be kept open."""
        self._path = path
        self._keep_open = keep_open
        self._whole_bytes = _FIRST_BYTES
        self._descriptor = self._open() if keep_open else None

    def read(self, buffer_bytes: int = 4096) -> bytes | None:
        """Return the file's first `buffer_bytes` as they are now, or None if it is gone."""
        descriptor = self._descriptor if self._keep_open else self._open()
        if descriptor is None:
            return None
        try:
            return os.pread(descriptor, buffer_bytes, 0)
        except OSError:
            return None
        finally:
            if not self._keep_open:
                os.close(descriptor)

    def read_whole(self) -> bytes | None:
        """Return all of a file that may be long, with a buffer no longer than needed.

        A buffer of 256 KiB costs 40 us a read: the allocator fetches it from the kernel each time.
        """
        while True:
            data = self.read(self._whole_bytes)
            if data is None or len(data) < self._whole_bytes:
                return data
            self._whole_bytes *= 2

    def close(self) -> None:
        """Give the descriptor back; reading afterwards returns None."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int | None:
        try:
            return os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
