"""One thread that does things on time: timers in a heap, sockets through epoll, the rest when idle.

asyncio's timers are a millisecond coarse under uvloop and cost a callback chain under the plain
loop; this loop sleeps until shortly before the next timer and spins over the rest
(benchmarks/replay.py measures what that is worth).
"""

import select
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from pathlib import Path
from time import monotonic_ns

from yoyak.units import NS_PER_S, US_PER_S

NS_PER_US = NS_PER_S // US_PER_S
# A sleep ends late by the time it takes to wake the core: about 0.1 ms, less after a short one.
# More spinning gained nothing measurable, and a core that never rests is throttled by SCHED_FIFO.
SPIN_NS = 40 * NS_PER_US
SPIN_AFTER_LONG_NS = 150 * NS_PER_US
LONG_NS = 1000 * NS_PER_US
IDLE_NS = 1000 * NS_PER_US  # work that can wait is done when no timer is due for so long
TIMERS_IN_A_ROW = 32  # then sockets are looked at, however many timers are due
LONGEST_SLEEP_NS = NS_PER_S

Timer = Callable[[int], None]  # gets the time it was due at


class Loop:
    """Runs timers and socket callbacks until `stop`."""

    def __init__(self, idle: Callable[[], bool] | None = None) -> None:
        """Make a loop; `idle` does a little that can wait and returns whether there is more."""
        self._epoll = select.epoll()
        self._heap: list[tuple[int, int, Timer]] = []
        self._watchers: dict[int, Callable[[int], None]] = {}
        self._count = 0
        self._after: deque[Callable[[], None]] = deque()
        self._idle = idle
        self._is_stopping = False

    def at(self, due_ns: int, timer: Timer) -> None:
        """Call `timer(due_ns)` when the monotonic clock has reached `due_ns`.

        Timers due at the same time run in the order in which they were set.
        """
        self._count += 1
        heappush(self._heap, (due_ns, self._count, timer))

    def after(self, work: Callable[[], None]) -> None:
        """Call `work` as soon as no timer is due: what must follow a write, but not at once."""
        self._after.append(work)

    def watch(self, fd: int, events: int, watcher: Callable[[int], None]) -> None:
        """Call `watcher(events)` when the file descriptor has any of these epoll events."""
        if fd in self._watchers:
            self._epoll.modify(fd, events)
        else:
            self._epoll.register(fd, events)
        self._watchers[fd] = watcher

    def forget(self, fd: int) -> None:
        """Watch a file descriptor no longer; it must still be open."""
        del self._watchers[fd]
        self._epoll.unregister(fd)

    def stop(self) -> None:
        """Return from `run` after the current callback."""
        self._is_stopping = True

    def run(self) -> None:
        """Run until stopped."""
        heap, after, poll, watchers = self._heap, self._after, self._epoll.poll, self._watchers
        while not self._is_stopping:
            in_a_row = 0
            while heap and heap[0][0] <= monotonic_ns():
                due_ns, _, timer = heappop(heap)
                timer(due_ns)
                in_a_row += 1
                if in_a_row == TIMERS_IN_A_ROW:
                    break
            else:
                if after:
                    after.popleft()()
                    continue
            # One event at a time: what a socket brings may take longer than a timer can wait.
            for fd, events in poll(0, 1) or self._wait():
                if fd in watchers:
                    watchers[fd](events)

    def close(self) -> None:
        """Free the kernel's side."""
        self._epoll.close()

    def _wait(self) -> list[tuple[int, int]]:
        """Do idle work, or sleep until a socket has something or a timer is nearly due."""
        wait_ns = self._heap[0][0] - monotonic_ns() if self._heap else LONGEST_SLEEP_NS
        if wait_ns <= SPIN_NS or self._after or self._is_stopping:
            return []
        if wait_ns > IDLE_NS and self._idle is not None and self._idle():
            return []
        # epoll's own timeout counts whole milliseconds; select's does not, and takes an epoll.
        spin_ns = SPIN_NS if wait_ns < LONG_NS else SPIN_AFTER_LONG_NS
        sleep_ns = min(wait_ns - spin_ns, LONGEST_SLEEP_NS)
        select.select([self._epoll], [], [], sleep_ns / NS_PER_S)
        return []


def sharpen_timers() -> None:
    """Ask the kernel not to bundle this process's timers with others (50 us by default)."""
    with suppress(OSError):  # a kernel without the file keeps its slack; spinning covers it
        Path("/proc/self/timerslack_ns").write_text("1", encoding="ascii")
