"""The pool over real sockets, of which the test itself holds the server's end."""

import asyncio
import os
import resource
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from yoyak.engines import http_pool
from yoyak.engines.http_address import parse_address
from yoyak.engines.http_pool import ConnectionPool
from yoyak.errors import EngineError

RESET = struct.pack("@ii", 1, 0)  # linger on, for no time: close sends a reset
RETRY_S = 0.9  # the kernel sends a first packet again after a second
UNSEEN_S = 0.01  # longer than the last look may be ago without another


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def pool_of(listener: socket.socket) -> ConnectionPool:
    return ConnectionPool(
        parse_address(f"http://127.0.0.1:{listener.getsockname()[1]}"), is_one_shot=False
    )


@pytest.mark.parametrize("is_reset", [False, True])
async def test_a_connection_that_the_server_has_just_ended_is_not_handed_out(
    listener: socket.socket, *, is_reset: bool
) -> None:
    pool = pool_of(listener)
    connection = await pool.open()
    peer, _ = listener.accept()
    pool.give_back(connection, is_usable=True)
    time.sleep(UNSEEN_S)  # noqa: ASYNC251 - the point: the loop has no turn to see the end
    if is_reset:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    peer.close()
    assert pool.take_ready() is None
    await pool.close()


async def test_a_connection_that_we_have_just_ended_is_not_handed_out(
    listener: socket.socket,
) -> None:
    pool = pool_of(listener)
    connection = await pool.open()
    pool.give_back(connection, is_usable=True)
    connection.abort()
    assert pool.take_ready() is None
    await pool.close()


async def test_a_connection_that_we_have_just_ended_is_not_taken_back(
    listener: socket.socket,
) -> None:
    pool = pool_of(listener)
    connection = await pool.open()
    connection.abort()
    pool.give_back(connection, is_usable=True)
    assert pool.take_ready() is None
    await pool.close()


async def test_a_host_that_allows_no_more_files_is_not_taken_for_an_engine_that_is_down(
    listener: socket.socket,
) -> None:
    pool = pool_of(listener)
    first = await pool.open()  # what a loop opens for itself is open now
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))  # the next one would be this
    try:
        with pytest.raises(EngineError, match=r"raise the limit of open files \(ulimit -n\)"):
            await pool.open()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert first.can_send
    await pool.close()


async def test_many_connections_are_opened_in_groups_that_a_server_can_accept(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_pool, "_TO_ACCEPT_S", 0.1)  # this server shares our interpreter
    listener.listen(http_pool._OPENED_AT_ONCE)
    count = 3 * http_pool._OPENED_AT_ONCE
    accepting = asyncio.create_task(asyncio.to_thread(accepted, listener, count))
    pool = pool_of(listener)
    began_s = time.monotonic()
    await pool.warm(count)
    assert time.monotonic() - began_s < RETRY_S
    for peer in await accepting:
        peer.close()
    await pool.close()


def accepted(listener: socket.socket, count: int) -> list[socket.socket]:
    return [listener.accept()[0] for _ in range(count)]
