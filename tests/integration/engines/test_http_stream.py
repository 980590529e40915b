"""The HTTP client: what it sends, and what it reads of an answer."""

import asyncio
import json
import time
from collections import UserDict
from collections.abc import ItemsView
from pathlib import Path

import pytest
from tests.integration.engines.certificates import server_context
from tests.integration.engines.http_clients import DEADLINE_S, body_of, connected, failure_of
from tests.integration.engines.scripted_server import END, HEAD, Peer, chunk, plain, serving

from yoyak.engines.http_stream import HttpClient
from yoyak.errors import EngineError, UsageError


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
