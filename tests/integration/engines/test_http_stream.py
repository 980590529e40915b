"""The HTTP client against servers that keep to the protocol, and servers that do not."""

import asyncio
import json
import socket
import time
from collections import UserDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, ItemsView
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.integration.engines.certificates import server_context
from tests.integration.engines.scripted_server import (
    END,
    HEAD,
    Peer,
    Server,
    chunk,
    plain,
    serving,
)

from yoyak.engines import http_pool
from yoyak.engines.http_connection import Connection
from yoyak.engines.http_pool import ConnectionPool
from yoyak.engines.http_stream import HttpClient
from yoyak.errors import EngineError, UsageError

DEADLINE_S = 5.0


async def body_of(client: HttpClient, *, timeout_s: float = DEADLINE_S) -> bytes:
    async with client.stream("POST", "/generate", {}, timeout_s=timeout_s) as response:
        return await response.read_whole()


async def failure_of(client: HttpClient, *, timeout_s: float = DEADLINE_S) -> EngineError:
    with pytest.raises(EngineError) as caught:
        await body_of(client, timeout_s=timeout_s)
    return caught.value


@pytest.fixture
async def clients() -> AsyncIterator[list[HttpClient]]:
    opened: list[HttpClient] = []
    yield opened
    for client in opened:
        await client.close()


def connected(
    clients: list[HttpClient], server: Server, *, is_one_shot: bool = False
) -> HttpClient:
    client = HttpClient(server.url, is_one_shot=is_one_shot)
    clients.append(client)
    return client


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition with a deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - most conditions here are counts, not events
            await asyncio.sleep(0.005)


async def test_pieces_bear_the_time_of_their_arrival(clients: list[HttpClient]) -> None:
    sent_ns: list[int] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD)
        for letter in (b"a", b"b", b"c"):
            await asyncio.sleep(0.02)
            sent_ns.append(time.monotonic_ns())
            await peer.send(chunk(letter))
        await peer.send(END)

    async with serving(script) as server:
        client = connected(clients, server)
        pieces: list[tuple[int, bytes]] = []
        async with client.stream("POST", "/", {}, timeout_s=DEADLINE_S) as response:
            while read := await response.read():
                time.sleep(0.005)  # noqa: ASYNC251 - a busy reader must not move the stamps
                pieces += read
    assert [piece for _, piece in pieces] == [b"a", b"b", b"c"]
    for (arrived_ns, _), left_ns in zip(pieces, sent_ns, strict=True):
        assert 0 <= arrived_ns - left_ns < 5_000_000


async def test_a_request_is_what_was_asked(clients: list[HttpClient]) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(plain("200 OK", b"{}"))

    async with serving(script) as server:
        client = HttpClient(server.url + "/base/", headers={"Authorization": "Bearer key"})
        clients.append(client)
        headers = {"X-Request-Id": "r-1"}
        async with client.stream(
            "POST", "/chat", {"text": "요약"}, headers=headers, timeout_s=DEADLINE_S
        ) as response:
            await response.read_whole()
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /base/chat HTTP/1.1"
    assert {"Host: " + server.url.removeprefix("http://"), "Authorization: Bearer key"} <= set(
        lines
    )
    assert {"X-Request-Id: r-1", "Content-Type: application/json"} <= set(lines)
    assert json.loads(body) == {"text": "요약"}


async def test_it_is_told_that_a_request_leaves_after_its_bytes_are_made(
    clients: list[HttpClient],
) -> None:
    made_ns: list[int] = []
    came_ns: list[int] = []
    sent_ns: list[int] = []

    class Slow(UserDict[str, str]):
        """Headers that note when they are made into bytes."""

        def items(self) -> ItemsView[str, str]:
            made_ns.append(time.monotonic_ns())
            return super().items()

    async def script(peer: Peer) -> None:
        await peer.request()
        came_ns.append(time.monotonic_ns())
        await peer.send(plain("200 OK", b"{}"))

    async with serving(script) as server:
        client = connected(clients, server)
        await client.warm(1)
        async with client.stream(
            "POST", "/", {}, headers=Slow(a="b"), timeout_s=DEADLINE_S, on_sent=sent_ns.append
        ) as response:
            await response.read_whole()
    (left_ns,) = sent_ns
    assert made_ns[-1] <= left_ns <= came_ns[0]


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


async def test_a_body_is_the_same_wherever_the_network_cuts_it(clients: list[HttpClient]) -> None:
    answer = HEAD + chunk("요약".encode()) + chunk(b"\n") + END

    async def script(peer: Peer) -> None:
        for place in range(1, len(answer)):
            await peer.request()
            await peer.send(answer[:place])
            await asyncio.sleep(0)  # the client may read the first part alone
            await peer.send(answer[place:])

    async with serving(script) as server:
        client = connected(clients, server)
        for _ in range(1, len(answer)):
            assert await body_of(client) == "요약\n".encode()
        assert len(server.peers) == 1


async def test_an_answer_byte_by_byte_is_read(clients: list[HttpClient]) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        for byte in HEAD + chunk(b"ab") + END:
            await peer.send(bytes((byte,)))
            await asyncio.sleep(0)

    async with serving(script) as server:
        assert await body_of(connected(clients, server)) == b"ab"


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


async def test_a_name_is_resolved(clients: list[HttpClient]) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(plain("200 OK", b"ab"))

    async with serving(script) as server:
        client = HttpClient(server.url.replace("127.0.0.1", "localhost"))
        clients.append(client)
        assert await body_of(client) == b"ab"


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


async def test_an_interim_response_is_passed_over(clients: list[HttpClient]) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", plain("200 OK", b"ab"))

    async with serving(script) as server:
        client = connected(clients, server)
        async with client.stream("POST", "/", {}, timeout_s=DEADLINE_S) as response:
            assert (response.status, "link" in response.headers) == (200, False)
            assert await response.read_whole() == b"ab"


async def test_a_body_may_end_with_its_connection(clients: list[HttpClient]) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.0 200 OK\r\n\r\nab")

    async with serving(script) as server:
        client = connected(clients, server)
        assert await body_of(client) == b"ab"
        assert await body_of(client) == b"ab"
        assert len(server.peers) == 2


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


async def test_management_calls_give_json_or_say_why_not(clients: list[HttpClient]) -> None:
    answers = {
        b"GET /ok": plain("200 OK", b'{"a": [1]}'),
        b"GET /none": plain("204 No Content", b"", "Connection: close"),
        b"GET /missing": plain("404 Not Found", b'{"error": "no such model"}'),
        b"GET /broken": plain("500 Internal Server Error", b'{"error": {"message": "oops"}}'),
        b"GET /text": plain("200 OK", b"Ollama is running"),
    }

    async def script(peer: Peer) -> None:
        request = await peer.request()
        assert b"Connection: close" in request
        await peer.send(answers[b" ".join(request.split()[:2])])

    async with serving(script) as server:
        client = connected(clients, server)
        assert await client.request_json("GET", "/ok") == {"a": [1]}
        assert await client.request_json("GET", "/none") is None
        for path, error_class, status, said in (
            ("/missing", "http_4xx", 404, "no such model"),
            ("/broken", "http_5xx", 500, "oops"),
            ("/text", "protocol", 200, "Ollama is running"),
        ):
            with pytest.raises(EngineError, match=said) as caught:
                await client.request_json("GET", path)
            assert (caught.value.error_class, caught.value.http_status) == (error_class, status)


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


async def test_tls_is_spoken_and_verified(
    clients: list[HttpClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer, number=0)
        while await peer.request():
            await peer.send(plain("200 OK", b"ab"))
        writer.close()

    context, trusted = server_context(tmp_path)
    listener = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    url = f"https://localhost:{listener.sockets[0].getsockname()[1]}"
    try:
        distrustful = HttpClient(url)
        clients.append(distrustful)
        failure = await failure_of(distrustful)
        assert failure.error_class == "connect"
        assert "certificate" in str(failure).lower()
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))  # as OpenSSL reads it
        trusting = HttpClient(url)
        clients.append(trusting)
        await trusting.warm(1)
        assert await body_of(trusting) == b"ab"
        assert await body_of(trusting) == b"ab"
        await trusting.close()
    finally:
        listener.close()


def test_a_header_that_would_end_its_line_is_refused() -> None:
    with pytest.raises(UsageError, match="Authorization"):
        HttpClient("http://127.0.0.1:1", headers={"Authorization": "Bearer a\r\nX: y"})
