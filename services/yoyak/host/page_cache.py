"""How much of a model file the kernel holds in memory: what a load will have to read from disk."""

import ctypes
import mmap
import os
from pathlib import Path
from typing import Literal

from yoyak.units import MIB

# A load of a file with the cached share r takes about r x cached + (1 - r) x k x cached, where k is
# how much slower the disk is: 40 for 125 MB/s (EBS gp3's base) against 5 GB/s from memory. Each
# state's name may be wrong by a tenth of its load time at most:
#   all from memory: (1 - r) x 40 <= 0.1  ->  r >= 0.9975
#   all from disk:   r <= 0.1
# In between the load is neither, and its time compares with nothing.
PAGE_CACHE_LEAST_RATIO = 0.9975
DISK_MOST_RATIO = 0.1

_WINDOW_BYTES = 256 * MIB  # one byte of mincore's answer a page: 64 KiB at a time
_READ_BYTES = 8 * MIB
_LOWEST_BIT = bytes(value & 1 for value in range(256))  # mincore: the others are reserved
_MAP_FAILED = ctypes.c_void_p(-1).value


def cached_ratio(path: Path) -> float | None:
    """Return the share of a file's pages that are in the page cache, 0 to 1.

    Pages in the cache over pages of the file, from mincore on a mapping that is never touched, so
    that looking reads nothing in. None where the file is absent or empty, or where the kernel
    does not tell: it answers "all" to whoever neither owns the file nor may write to it.

    Source:
        Linux mm/mincore.c, can_do_mincore (from 5.2, CVE-2019-5489).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        may_know = status.st_uid == os.geteuid() or os.access(path, os.W_OK)
        if status.st_size == 0 or not may_know:
            return None
        return _resident_ratio(descriptor, status.st_size)
    finally:
        os.close(descriptor)


def drop_from_cache(path: Path) -> bool:
    """Ask the kernel to forget a file's pages, and return whether it is then at the state "disk".

    Dirty pages are written first, because those are kept. Pages that a process has mapped or
    locked are kept too: unload the engine before. Needs no privilege for a file that we may read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError:  # a file system that can do neither
        return False
    finally:
        os.close(descriptor)
    return load_state(path) == "disk"


def settle(path: Path) -> float | None:
    """Bring a file that is half in the page cache wholly into it; return the share cached then.

    A kernel that reclaims idle pages leaves a few per cent of a model out between two loads, and
    such a load compares with nothing. One that is (nearly) all on disk stays there: it is a disk
    load. Where memory is too small for the file the share stays in between, and is told as it is.
    """
    ratio = cached_ratio(path)
    if ratio is None or state_of_ratio(ratio) is not None:
        return ratio
    with path.open("rb", buffering=0) as file:
        while file.read(_READ_BYTES):
            pass
    return cached_ratio(path)


def load_state(path: Path) -> Literal["page_cache", "disk"] | None:
    """Return where a load of this file would find it, or None if mixed or not known."""
    return state_of_ratio(cached_ratio(path))


def state_of_ratio(ratio: float | None) -> Literal["page_cache", "disk"] | None:
    """Return the load state of a cached share; the thresholds are derived above."""
    if ratio is None:
        return None
    if ratio >= PAGE_CACHE_LEAST_RATIO:
        return "page_cache"
    return "disk" if ratio <= DISK_MOST_RATIO else None


def _resident_ratio(descriptor: int, size: int) -> float | None:
    libc = _libc()
    resident = 0
    for start in range(0, size, _WINDOW_BYTES):
        length = min(_WINDOW_BYTES, size - start)
        pages = _pages(length)
        address = libc.mmap(None, length, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, start)
        if address == _MAP_FAILED:
            return None
        answer = (ctypes.c_ubyte * pages)()
        failed = libc.mincore(address, length, answer)
        libc.munmap(address, length)
        if failed:
            return None
        resident += bytes(answer).translate(_LOWEST_BIT).count(1)
    return resident / _pages(size)


def _pages(size: int) -> int:
    return -(-size // mmap.PAGESIZE)


def _libc() -> ctypes.CDLL:
    """Return the C library with three calls declared; Python's own mmap hides its address."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = (
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int64,  # off_t where we run: 64-bit Linux
    )
    libc.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
    libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    return libc
