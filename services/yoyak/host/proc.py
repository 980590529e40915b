"""One process as /proc shows it: its identity, CPU time and memory."""

import os
import re
import resource
from pathlib import Path
from typing import NamedTuple

from yoyak.host.kernel_files import KernelFile, kib_value, read_link

CLOCK_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = resource.getpagesize()


class ProcessIdentity(NamedTuple):
    """A pid alone can be given to another process later; with its start time it cannot."""

    pid: int
    starttime_ticks: int  # clock ticks since boot


class ProcessStat(NamedTuple):
    """/proc/PID/stat; times in seconds, to the kernel's clock tick of 10 ms."""

    state: str  # Z: ended, not yet waited for
    parent_pid: int
    cpu_s: float  # user + system of its threads, ended ones included
    children_cpu_s: float  # of its children that ended and were waited for, and theirs
    threads: int
    starttime_ticks: int
    rss_bytes: int  # an estimate: see MemoryStatus

    @property
    def is_alive(self) -> bool:
        """Whether it runs; a zombie has ended and only its exit status is left."""
        return self.state not in ("Z", "X", "x")


class MemoryStatus(NamedTuple):
    """/proc/PID/status. What the kernel does not tell is None.

    From Linux 6.2 the counters are kept per CPU, and `stat` reads an estimate that may be off by
    CPUs x max(32, 2 x CPUs) pages a counter (16 MiB at 45 CPUs; small processes show 0). Since
    commit 82241a83cd15 (2025) `status` sums them exactly, so `status` is what we report. The
    high-water mark is kept from the estimate, and is never shown below the RSS. smaps_rollup
    walks the page tables and is exact everywhere, and slow.

    Source:
        Linux fs/proc/task_mmu.c (task_mem), fs/proc/array.c (do_task_stat), lib/percpu_counter.c.
    """

    rss_bytes: int | None
    rss_peak_bytes: int | None  # VmHWM: the highest RSS since the process began
    anon_bytes: int | None
    file_bytes: int | None


class WalkedMemory(NamedTuple):
    """/proc/PID/smaps_rollup. What the kernel does not tell is None."""

    pss_bytes: int | None  # each shared page divided by who shares it
    huge_page_bytes: int | None  # of the anonymous memory, in transparent huge pages


def parse_stat(data: bytes) -> ProcessStat | None:
    """Return the fields of a /proc/PID/stat, or None if it is not one.

    The name in parentheses may hold spaces and parentheses itself, so fields count from the last
    closing one.
    """
    fields = data[data.rfind(b")") + 1 :].split(None, 22)
    try:
        return ProcessStat(
            state=fields[0].decode("ascii"),
            parent_pid=int(fields[1]),
            cpu_s=(int(fields[11]) + int(fields[12])) / CLOCK_TICKS_PER_S,
            children_cpu_s=(int(fields[13]) + int(fields[14])) / CLOCK_TICKS_PER_S,
            threads=int(fields[17]),
            starttime_ticks=int(fields[19]),
            rss_bytes=int(fields[21]) * _PAGE_BYTES,
        )
    except (IndexError, ValueError):
        return None


def parse_status(data: bytes) -> MemoryStatus:
    """Return the memory lines of a /proc/PID/status."""
    return MemoryStatus(
        rss_bytes=kib_value(data, b"VmRSS:"),
        rss_peak_bytes=kib_value(data, b"VmHWM:"),
        anon_bytes=kib_value(data, b"RssAnon:"),
        file_bytes=kib_value(data, b"RssFile:"),
    )


def process_stat(pid: int, root: Path = Path("/")) -> ProcessStat | None:
    """Return a process's stat, or None if there is no such process."""
    data = KernelFile(root / "proc" / str(pid) / "stat", keep_open=False).read()
    return None if data is None else parse_stat(data)


def process_identity(pid: int, root: Path = Path("/")) -> ProcessIdentity | None:
    """Return who has this pid now, or None if nobody has."""
    stat = process_stat(pid, root)
    return None if stat is None else ProcessIdentity(pid, stat.starttime_ticks)


def pid_namespace(root: Path = Path("/"), pid: int | str = "self") -> int | None:
    """Return the inode number of a process's pid namespace, or None if it cannot be read."""
    found = re.fullmatch(r"pid:\[(\d+)\]", read_link(root / "proc" / str(pid) / "ns/pid") or "")
    return int(found[1]) if found else None


class Process:
    """One process that is read again and again; None once it is gone, also if its pid lives on."""

    __slots__ = ("_stat", "_status", "directory", "identity")

    def __init__(self, identity: ProcessIdentity, root: Path, *, keep_open: bool = True) -> None:
        """Open its files. If the process has ended by now, every read returns None."""
        self.identity = identity
        self.directory = root / "proc" / str(identity.pid)
        self._stat = KernelFile(self.directory / "stat", keep_open=keep_open)
        self._status = KernelFile(self.directory / "status", keep_open=keep_open)

    def stat(self) -> ProcessStat | None:
        """Return its stat now."""
        data = self._stat.read()
        stat = None if data is None else parse_stat(data)
        if stat is None or stat.starttime_ticks != self.identity.starttime_ticks:
            return None
        return stat

    def memory(self) -> MemoryStatus | None:
        """Return its memory lines now, right after `stat()` said that it is still there."""
        data = self._status.read()
        return None if data is None else parse_status(data)

    def walked(self) -> WalkedMemory:
        """Return what the kernel walks the page tables for: slow.

        130 us for 10 MB, 9 ms for 500 MB of small pages. Nothing is known where it is not allowed
        (another user's process).
        """
        data = KernelFile(self.directory / "smaps_rollup", keep_open=False).read() or b""
        return WalkedMemory(
            pss_bytes=kib_value(data, b"Pss:"), huge_page_bytes=kib_value(data, b"AnonHugePages:")
        )

    def close(self) -> None:
        """Give its descriptors back."""
        self._stat.close()
        self._status.close()
