"""The HTTP client's connections: kept, renewed, opened beforehand."""

import asyncio
import time

import pytest
from tests.integration.engines.http_clients import DEADLINE_S, body_of, connected, until
from tests.integration.engines.scripted_server import END, HEAD, Peer, chunk, plain, serving

from yoyak.engines import http_pool
from yoyak.engines.http_connection import Connection
from yoyak.engines.http_pool import ConnectionPool
from yoyak.engines.http_stream import HttpClient


async def test_connecting_is_in_the_time_of_a_request_that_finds_no_connection(
    clients: list[HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_ns: list[int] = []
    sent_ns: list[int] = []
    open_ = ConnectionPool.open

    async def opening(pool: ConnectionPool) -> Connection:
        opened_ns.append(time.monotonic_ns())
        return await open_(pool)

    monkeypatch.setattr(ConnectionPool, "open", opening)

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(plain("200 OK", b"{}"))

    async with serving(script) as server:
        client = connected(clients, server)
        async with client.stream(
            "POST", "/", {}, timeout_s=DEADLINE_S, on_sent=sent_ns.append
        ) as response:
            await response.read_whole()
    assert sent_ns[0] <= opened_ns[0]


async def test_one_connection_serves_one_request_after_another(clients: list[HttpClient]) -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            await peer.send(HEAD, chunk(b"ab"), END)

    async with serving(script) as server:
        client = connected(clients, server)
        await client.warm(1)
        for _ in range(3):
            assert await body_of(client) == b"ab"
        assert len(server.peers) == 1


async def test_warm_connections_are_open_before_the_first_request(
    clients: list[HttpClient],
) -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            await peer.send(plain("200 OK", b"x"))

    async with serving(script) as server:
        client = connected(clients, server)
        await client.warm(3)
        await until(lambda: len(server.peers) == 3)
        await asyncio.gather(*(body_of(client) for _ in range(3)))
        assert len(server.peers) == 3


async def test_a_connection_closed_while_idle_is_replaced_before_the_request_leaves(
    clients: list[HttpClient],
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(plain("200 OK", b"%d" % peer.number))

    async with serving(script) as server:
        client = connected(clients, server)
        assert await body_of(client) == b"0"
        await asyncio.sleep(0.02)  # the server's close arrives
        assert await body_of(client) == b"1"
        assert [len(peer.requests) for peer in server.peers] == [1, 1]


async def test_a_lost_idle_connection_is_made_again_in_the_background(
    clients: list[HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_pool, "_SOON_S", 0.0)
    close_now = asyncio.Event()

    async def script(peer: Peer) -> None:
        if peer.number == 0:
            await close_now.wait()
            return
        await peer.gone()

    async with serving(script) as server:
        client = connected(clients, server)
        await client.warm(1)
        close_now.set()
        await until(lambda: len(server.peers) == 2)


async def test_an_idle_connection_is_renewed_before_the_server_would_close_it(
    clients: list[HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_pool, "MOST_IDLE_S", 0.05)
    monkeypatch.setattr(http_pool, "_SOON_S", 0.01)
    monkeypatch.setattr(http_pool, "KEEP_READY_S", 0.4)

    async def script(peer: Peer) -> None:
        await peer.gone()

    async with serving(script) as server:
        client = connected(clients, server)
        await client.warm(1)
        await until(lambda: len(server.peers) >= 3)
        await asyncio.sleep(0.6)  # nobody uses it: the renewals stop
        seen = len(server.peers)
        await asyncio.sleep(0.2)
        assert len(server.peers) == seen


async def test_a_one_shot_server_gets_a_new_connection_for_each_request(
    clients: list[HttpClient],
) -> None:
    async def script(peer: Peer) -> None:
        assert b"Connection: close" in await peer.request()
        await peer.send(HEAD, chunk(b"%d" % peer.number), END)

    async with serving(script) as server:
        client = connected(clients, server, is_one_shot=True)
        await client.warm(1)
        assert await body_of(client) == b"0"
        await until(lambda: len(server.peers) == 2)  # the next one waits ready
        assert await body_of(client) == b"1"


async def test_a_name_is_resolved(clients: list[HttpClient]) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(plain("200 OK", b"ab"))

    async with serving(script) as server:
        client = HttpClient(server.url.replace("127.0.0.1", "localhost"))
        clients.append(client)
        assert await body_of(client) == b"ab"


@pytest.mark.parametrize(
    "answer",
    [plain("200 OK", b"ab", "Connection: close"), plain("200 OK", b"ab") + b"HTTP/1.1 200"],
)
async def test_a_connection_that_cannot_be_used_again_is_not(
    clients: list[HttpClient], answer: bytes
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer)
        await peer.gone()

    async with serving(script) as server:
        client = connected(clients, server)
        assert await body_of(client) == b"ab"
        assert await body_of(client) == b"ab"
        assert len(server.peers) == 2


async def test_the_end_of_a_message_is_waited_for_so_that_the_connection_is_kept(
    clients: list[HttpClient],
) -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            await peer.send(HEAD, chunk(b"last word"))
            await asyncio.sleep(0.02)
            await peer.send(END)

    async with serving(script) as server:
        client = connected(clients, server)
        for _ in range(2):
            async with client.stream("POST", "/", {}, timeout_s=DEADLINE_S) as response:
                await response.read()
                await client.drain(response)
        assert len(server.peers) == 1


async def test_a_message_without_end_is_not_waited_for_long(
    clients: list[HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yoyak.engines.http_stream.DRAIN_S", 0.05)

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD, chunk(b"last word"))
        await peer.gone()

    async with serving(script) as server:
        client = connected(clients, server)
        async with client.stream("POST", "/", {}, timeout_s=DEADLINE_S) as response:
            await response.read()
            await client.drain(response)
        assert not response.is_complete
