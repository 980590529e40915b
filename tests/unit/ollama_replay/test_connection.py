import socket
import struct

import pytest

from ollama_replay.connection import SO_TIMESTAMPNS, kernel_ns

S = 1_000_000_000
READ_NS, WALL_NS = 500 * S, 1_700_000_000 * S


def note(stamp_ns: int) -> tuple[int, int, bytes]:
    return (socket.SOL_SOCKET, SO_TIMESTAMPNS, struct.pack("@qq", *divmod(stamp_ns, S)))


@pytest.mark.parametrize("ago_ns", [0, 40_000, 9 * S])
def test_a_request_came_when_the_kernel_had_it_however_late_it_is_read(ago_ns: int) -> None:
    assert kernel_ns([note(WALL_NS - ago_ns)], READ_NS, WALL_NS) == READ_NS - ago_ns


@pytest.mark.parametrize("ago_ns", [-1, 60 * S])
def test_a_stamp_that_cannot_be_is_not_believed(ago_ns: int) -> None:
    assert kernel_ns([note(WALL_NS - ago_ns)], READ_NS, WALL_NS) == READ_NS


def test_without_a_stamp_a_request_came_when_it_was_read() -> None:
    assert kernel_ns([], READ_NS, WALL_NS) == READ_NS
