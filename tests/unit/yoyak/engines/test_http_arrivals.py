import socket
import struct

import pytest

from yoyak.engines import http_arrivals
from yoyak.engines.http_arrivals import Arrivals, StampClock, arrived_ns

KIND = 35  # SO_TIMESTAMPNS
READ_NS = 5_000_000_000_000
MS = 1_000_000
S = 1_000 * MS
CLOCK = StampClock(offset_ns=-1_000 * S, oldest_ns=READ_NS - 10 * S)


def note(second: int, rest_ns: int) -> tuple[int, int, bytes]:
    return (socket.SOL_SOCKET, KIND, struct.pack("@qq", second, rest_ns))


def test_the_kernel_s_stamp_is_taken_over_to_the_monotonic_clock() -> None:
    # The wall clock runs 1,000 s ahead; the bytes came 3 ms before they were read.
    assert arrived_ns([note(5_999, 997_000_000)], CLOCK, READ_NS) == READ_NS - 3 * MS


def test_without_a_stamp_bytes_came_when_they_were_read() -> None:
    assert arrived_ns([], CLOCK, READ_NS) == READ_NS


def test_a_stamp_is_of_no_use_once_the_wall_clock_was_set() -> None:
    assert arrived_ns([note(5_999, 997_000_000)], None, READ_NS) == READ_NS


def test_a_stamp_of_the_future_is_not_believed() -> None:
    assert arrived_ns([note(6_000, 1)], CLOCK, READ_NS) == READ_NS


def test_a_stamp_of_long_ago_is_not_believed() -> None:
    assert arrived_ns([note(5_980, 0)], CLOCK, READ_NS) == READ_NS


class Clocks:
    """The two clocks, as the test sets them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns, self.offset_ns = READ_NS, -1_000 * S
        monkeypatch.setattr(http_arrivals, "monotonic_ns", lambda: self.now_ns)
        monkeypatch.setattr(http_arrivals, "_offset_ns", lambda: self.offset_ns)


def test_after_the_wall_clock_was_set_no_stamp_is_read_while_bytes_of_before_may_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clocks, arrivals = Clocks(monkeypatch), Arrivals()
    assert arrivals.clock() is not None
    clocks.now_ns += MS
    clocks.offset_ns += 500 * MS
    assert arrivals.clock() is None
    clocks.now_ns += 9 * S
    assert arrivals.clock() is None
    clocks.now_ns += S
    clock = arrivals.clock()
    assert clock is not None
    assert clock.offset_ns == clocks.offset_ns


def test_a_wall_clock_that_is_slewed_while_nobody_looks_was_not_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clocks, arrivals = Clocks(monkeypatch), Arrivals()
    arrivals.clock()
    clocks.now_ns += 60 * S
    clocks.offset_ns += 60 * S * 500 // 1_000_000
    assert arrivals.clock() is not None
