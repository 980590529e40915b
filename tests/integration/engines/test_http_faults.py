"""The HTTP client against servers, networks and readers that break off."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from tests.integration.engines.http_clients import DEADLINE_S, body_of, connected, failure_of, until
from tests.integration.engines.scripted_server import HEAD, Peer, chunk, serving

from yoyak.engines.http_stream import HttpClient
from yoyak.errors import EngineError


async def test_nothing_is_sent_twice_when_a_connection_breaks_after_the_request(
    clients: list[HttpClient],
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.reset()

    async with serving(script) as server:
        failure = await failure_of(connected(clients, server))
        assert failure.error_class == "reset"
        assert failure.http_status is None
        assert "without an answer" in str(failure)
        assert len(server.requests) == 1


@pytest.mark.parametrize("is_reset", [True, False])
async def test_a_connection_cut_in_mid_stream_is_a_reset(
    clients: list[HttpClient], is_reset: bool
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD, chunk(b"ab")[:-3])
        if is_reset:
            peer.reset()

    async with serving(script) as server:
        failure = await failure_of(connected(clients, server))
    assert (failure.error_class, failure.http_status) == ("reset", 200)


async def test_what_arrived_before_the_cut_is_still_given(clients: list[HttpClient]) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD, chunk(b"ab"))

    async with serving(script) as server:
        client = connected(clients, server)
        async with client.stream("POST", "/", {}, timeout_s=DEADLINE_S) as response:
            assert [piece for _, piece in await response.read()] == [b"ab"]
            with pytest.raises(EngineError, match="within its answer"):
                await response.read()


async def test_no_server_is_an_error_of_the_connection(clients: list[HttpClient]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    client = HttpClient(url)
    clients.append(client)
    failure = await failure_of(client)
    assert failure.error_class == "connect"
    assert url in str(failure)
    assert "--url" in str(failure)
    with pytest.raises(EngineError, match="no connection"):
        await client.warm(2)


async def test_a_name_that_does_not_resolve_is_an_error_of_the_connection(
    clients: list[HttpClient],
) -> None:
    client = HttpClient("http://engine.invalid:11434")
    clients.append(client)
    assert (await failure_of(client)).error_class == "connect"


@pytest.mark.parametrize(
    "sent",
    [b"", b"HTTP/1.1 200 OK\r\n", HEAD, HEAD + chunk(b"ab")],
    ids=["", "head", "body", "mid"],
)
async def test_a_stall_ends_at_the_deadline(clients: list[HttpClient], sent: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(sent)
        await peer.gone()

    async with serving(script) as server:
        failure = await failure_of(connected(clients, server), timeout_s=0.1)
    assert failure.error_class == "timeout"
    assert "0.1 s" in str(failure)


async def test_a_drip_of_bytes_does_not_outlive_the_deadline(clients: list[HttpClient]) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD)
        while peer.writer.transport.is_closing() is False:
            await peer.send(chunk(b"."))
            await asyncio.sleep(0.01)

    async with serving(script) as server:
        assert (
            await failure_of(connected(clients, server), timeout_s=0.1)
        ).error_class == "timeout"


async def test_leaving_early_ends_the_connection(clients: list[HttpClient]) -> None:
    has_gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD, chunk(b"ab"))
        await peer.gone()
        has_gone.set()

    async with serving(script) as server:
        client = connected(clients, server)
        async with client.stream("POST", "/", {}, timeout_s=DEADLINE_S) as response:
            await response.read()
        await until(has_gone.is_set)


async def test_cancelling_the_task_ends_the_connection(clients: list[HttpClient]) -> None:
    has_begun, has_gone = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        has_begun.set()
        await peer.gone()
        has_gone.set()

    async with serving(script) as server:
        task = asyncio.create_task(body_of(connected(clients, server)))
        await until(has_begun.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(has_gone.is_set)


async def test_closing_a_generator_around_a_stream_ends_the_connection(
    clients: list[HttpClient],
) -> None:
    has_gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD, chunk(b"a"))
        await peer.gone()
        has_gone.set()

    async with serving(script) as server:
        client = connected(clients, server)

        async def pieces() -> AsyncGenerator[bytes, None]:
            async with client.stream("POST", "/", {}, timeout_s=DEADLINE_S) as response:
                while read := await response.read():
                    for _, piece in read:
                        yield piece

        async with aclosing(pieces()) as stream:
            async for piece in stream:
                assert piece == b"a"
                break
        await until(has_gone.is_set)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        HEAD + b"zz\r\nab\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx",
    ],
    ids=["ssh", "status", "chunk-size", "upgrade"],
)
async def test_what_is_not_http_is_an_error_of_the_protocol(
    clients: list[HttpClient], answer: bytes
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer)
        await peer.gone()

    async with serving(script) as server:
        assert (await failure_of(connected(clients, server))).error_class == "protocol"


async def test_a_request_in_plain_to_a_tls_address_is_an_error_of_the_connection(
    clients: list[HttpClient],
) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await peer.gone()

    async with serving(script) as server:
        client = HttpClient(server.url.replace("http:", "https:"))
        clients.append(client)
        assert (await failure_of(client)).error_class == "connect"
