"""A process and its descendants, read together at a bounded cost."""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from yoyak.host.kernel_files import entries
from yoyak.host.proc import (
    MemoryStatus,
    Process,
    ProcessIdentity,
    ProcessStat,
    WalkedMemory,
    process_stat,
)
from yoyak.units import NS_PER_S

_SCAN_AT_LEAST_NS = NS_PER_S  # a kernel that does not count forks (gVisor) is still followed
_SCAN_AT_MOST_NS = NS_PER_S // 2  # listing /proc takes 185 us: not at each sample of a busy host
# Reading a member takes 10 us for its CPU time and 12 us for its memory, so a tree of up to 8 is
# read whole, and of a larger one who matters at every sample and the others in turn: 50 members
# within 11 samples, 1.1 s at 10 Hz.
_READ_WHOLE = 8
_LARGEST = 4
_BUSIEST = 4
_IN_TURN = 4
_NOT_WALKED = WalkedMemory(None, None)
_KEPT_OPEN = 100  # two descriptors each, well below the usual limit of 1024


class TreeReading(NamedTuple):
    """Sums over the live members; the fields of records.EngineSample.

    A small idle member of a large tree counts with its last reading, about a second old at most.
    """

    processes: int
    threads: int
    cpu_s: float
    rss_bytes: int
    rss_peak_bytes: int | None
    anon_bytes: int | None
    file_bytes: int | None
    pss_bytes: int | None
    huge_page_bytes: int | None


class ProcessTree:
    """The tree below one root process. Once a member, a process stays one until it ends.

    That holds also when its parent ends and it is handed to init. A process that was started
    and left by an intermediate one between two scans is not found.
    """

    def __init__(self, identity: ProcessIdentity, root: Path = Path("/")) -> None:
        """Begin with the root alone; the first reading looks for the others."""
        self.identity = identity
        self._root = root
        self._members = {identity.pid: Process(identity, root)}
        self._stats: dict[int, ProcessStat] = {}
        self._gained_s: dict[int, float] = {}  # CPU time between a member's last two readings
        self._memory: dict[int, MemoryStatus] = {}
        self._names: frozenset[str] = frozenset()  # of /proc at the last scan
        self._forks: int | None = None
        self._scanned_ns: int | None = None
        self._turn = 0
        self._largest: set[int] = set()
        self._busiest = {identity.pid}
        self._lost_cpu_s = 0.0

    @property
    def pids(self) -> frozenset[int]:
        """The members at the last reading."""
        return frozenset(self._members)

    def read(
        self, now_ns: int, forks: int | None = None, *, pss: bool = False
    ) -> TreeReading | None:
        """Return the tree's sums, or None once the root has ended.

        Args:
            now_ns: monotonic; how long ago the last scan was.
            forks: the host's count of forks since boot. While it stands still no process can
                have been born, and /proc need not be scanned.
            pss: whether to add the proportional set size and what lies in huge pages, which is
                slow; reads every member.
        """
        self._scan_if_due(now_ns, forks)
        for_memory, for_cpu = self._due(everyone=pss)
        self._read_stats(for_memory | for_cpu)
        root = self._stats.get(self.identity.pid)
        if root is None or not root.is_alive:
            return None
        alive = {pid: stat for pid, stat in self._stats.items() if stat.is_alive}
        self._read_memory(for_memory & alive.keys())
        memory = [self._memory[pid] for pid in alive if pid in self._memory]
        walked = self._walked(alive) if pss else _NOT_WALKED
        return TreeReading(
            processes=len(alive),
            threads=sum(stat.threads for stat in alive.values()),
            cpu_s=self._lost_cpu_s
            + sum(stat.cpu_s + stat.children_cpu_s for stat in self._stats.values()),
            rss_bytes=sum(_rss_bytes(self._memory.get(pid), stat) for pid, stat in alive.items()),
            rss_peak_bytes=_known_sum([m.rss_peak_bytes for m in memory]),
            anon_bytes=_known_sum([m.anon_bytes for m in memory]),
            file_bytes=_known_sum([m.file_bytes for m in memory]),
            **walked._asdict(),
        )

    def close(self) -> None:
        """Give all descriptors back."""
        for member in self._members.values():
            member.close()

    def _scan_if_due(self, now_ns: int, forks: int | None) -> None:
        if self._scanned_ns is not None:
            age_ns = now_ns - self._scanned_ns
            has_forked = forks is None or forks != self._forks
            due_ns = _SCAN_AT_MOST_NS if has_forked else _SCAN_AT_LEAST_NS
            if age_ns < due_ns:
                return
        self._forks = forks
        self._scanned_ns = now_ns
        self._scan()

    def _scan(self) -> None:
        """Look at the processes that were not there at the last scan, and take in descendants.

        Listing /proc and reading only what is new costs 65 us with 85 processes. The kernel's
        own list (task/*/children) needs a read for each thread of each member, an option that
        not every kernel has, and promises nothing while the tree changes.
        """
        names = frozenset(name for name in entries(self._root / "proc") if name.isdigit())
        born: dict[int, ProcessStat] = {}
        for name in names - self._names:
            stat = process_stat(int(name), self._root)
            if stat is not None:
                born[int(name)] = stat
        self._names = names
        found = True
        while found:  # until no newcomer's parent is a member: a grandchild may be listed first
            found = False
            for pid, stat in list(born.items()):
                if stat.parent_pid in self._members and pid not in self._members:
                    identity = ProcessIdentity(pid, stat.starttime_ticks)
                    keep_open = len(self._members) < _KEPT_OPEN
                    self._members[pid] = Process(identity, self._root, keep_open=keep_open)
                    del born[pid]
                    found = True

    def _due(self, *, everyone: bool) -> tuple[set[int], set[int]]:
        """Return the members whose memory is read now, and those for their CPU time alone."""
        pids = list(self._members)
        if everyone or len(pids) <= _READ_WHOLE:
            return set(pids), set()
        if self._turn >= len(pids):  # everybody had a turn: rank them anew
            self._turn = 0
            self._rank()
        for_memory = {*self._largest, *pids[self._turn : self._turn + _IN_TURN]}
        self._turn += _IN_TURN
        for_memory.update([pid for pid in pids if pid not in self._stats])
        return for_memory & self._members.keys(), self._busiest & self._members.keys()

    def _rank(self) -> None:
        sizes = {pid: memory.rss_bytes or 0 for pid, memory in self._memory.items()}
        by_size = sorted([(size, pid) for pid, size in sizes.items()])
        by_gain = sorted([(gained_s, pid) for pid, gained_s in self._gained_s.items() if gained_s])
        self._largest = {pid for _, pid in by_size[-_LARGEST:]}
        self._busiest = {self.identity.pid, *[pid for _, pid in by_gain[-_BUSIEST:]]}

    def _read_stats(self, due: set[int]) -> None:
        """Read members, drop those that are gone, and keep the CPU time that went with them.

        A member that is waited for leaves its time to its parent, at that moment and not before.
        So children are read before their parents, a parent is read when a child is gone, and
        children once more when the parent has gained: who was waited for between the two readings
        would count twice.

        If nobody of the tree waited for it, its time would vanish: what the ended ones had and
        the others did not gain is kept. Children too short to be seen make that a lower bound.
        """
        before = self._stats
        now = dict(before)
        children_gained_s = {}
        to_read = [pid for pid in self._members if pid in due]  # insertion order: parents first
        while to_read:
            pid = to_read.pop()
            stat = self._members[pid].stat()
            if stat is None:
                now.pop(pid, None)
                parent_pid = before[pid].parent_pid if pid in before else None
                if parent_pid in self._members and parent_pid not in due:
                    due = due | {parent_pid}  # it may have waited for this one
                    to_read.append(parent_pid)
                continue
            now[pid] = stat
            if pid in before:
                children_gained_s[pid] = stat.children_cpu_s - before[pid].children_cpu_s
                self._gained_s[pid] = stat.cpu_s - before[pid].cpu_s
        for pid, stat in list(now.items()):
            if children_gained_s.get(stat.parent_pid) and self._members[pid].stat() is None:
                del now[pid]
        ended = before.keys() - now.keys()
        ended_s = sum(before[pid].cpu_s + before[pid].children_cpu_s for pid in ended)
        self._lost_cpu_s += max(0.0, ended_s - sum(children_gained_s.values()))
        if now.keys() - before.keys():
            self._turn = len(self._members)  # newcomers: rank everybody at the next reading
        self._stats = now
        for pid in self._members.keys() - now.keys() - {self.identity.pid}:
            self._members.pop(pid).close()
            self._memory.pop(pid, None)
            self._gained_s.pop(pid, None)

    def _read_memory(self, due: set[int]) -> None:
        """Read the memory lines of members that are alive."""
        for pid in due:
            memory = self._members[pid].memory()
            # While it exits, a process has given its memory back but is no zombie yet.
            if memory is not None and memory.rss_bytes is not None:
                self._memory[pid] = memory

    def _walked(self, alive: Collection[int]) -> WalkedMemory:
        walked = [self._members[pid].walked() for pid in alive]
        return WalkedMemory(
            pss_bytes=_whole_sum([memory.pss_bytes for memory in walked]),
            huge_page_bytes=_whole_sum([memory.huge_page_bytes for memory in walked]),
        )


def _rss_bytes(memory: MemoryStatus | None, stat: ProcessStat) -> int:
    if memory is not None and memory.rss_bytes is not None:
        return memory.rss_bytes
    return stat.rss_bytes


def _whole_sum(values: list[int | None]) -> int | None:
    """Return the sum, or None if a value is unknown: a part would look like the whole."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _known_sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
