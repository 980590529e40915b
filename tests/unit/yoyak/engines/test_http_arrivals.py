import socket
import struct

from yoyak.engines.http_arrivals import arrived_ns

KIND = 35  # SO_TIMESTAMPNS
READ_NS = 5_000_000_000_000


def note(second: int, rest_ns: int) -> tuple[int, int, bytes]:
    return (socket.SOL_SOCKET, KIND, struct.pack("@qq", second, rest_ns))


def test_the_kernel_s_stamp_is_taken_over_to_the_monotonic_clock() -> None:
    # The wall clock runs 1,000 s ahead; the bytes came 3 ms before they were read.
    assert arrived_ns([note(5_999, 997_000_000)], -1_000_000_000_000, READ_NS) == (
        READ_NS - 3_000_000
    )


def test_without_a_stamp_bytes_came_when_they_were_read() -> None:
    assert arrived_ns([], -1_000_000_000_000, READ_NS) == READ_NS


def test_a_stamp_is_of_no_use_once_the_wall_clock_was_set() -> None:
    assert arrived_ns([note(5_999, 997_000_000)], None, READ_NS) == READ_NS


def test_a_stamp_of_the_future_is_not_believed() -> None:
    assert arrived_ns([note(6_000, 1)], -1_000_000_000_000, READ_NS) == READ_NS


def test_a_stamp_of_long_ago_is_not_believed() -> None:
    assert arrived_ns([note(5_980, 0)], -1_000_000_000_000, READ_NS) == READ_NS
