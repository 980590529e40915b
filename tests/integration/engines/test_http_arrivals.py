"""Kernel stamps, gathered reads and large writes over real sockets; the server is a thread."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import uvloop
from tests.integration.engines.scripted_server import END, HEAD, chunk

from yoyak.engines import http_arrivals
from yoyak.engines.http_stream import HttpClient
from yoyak.errors import EngineError

DEADLINE_S = 10.0
MS = 1_000_000
Talk = Callable[[socket.socket], None]


def request_of(sock: socket.socket) -> bytes:
    """Read one request with its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += sock.recv(65536)
    return body


@contextmanager
def talking(talk: Talk) -> Iterator[str]:
    """Serve one connection in a thread of its own, which our event loop cannot hold up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE_S)

        def serve() -> None:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with sock:
                talk(sock)

        server = threading.Thread(target=serve)
        server.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.join(DEADLINE_S)


async def pieces_of(
    url: str, *, may_gather: bool = False, blocks_s: float = 0.0, timeout_s: float = DEADLINE_S
) -> list[tuple[int, bytes]]:
    client = HttpClient(url)
    pieces = []
    try:
        async with client.stream(
            "POST", "/", {}, timeout_s=timeout_s, may_gather=may_gather
        ) as response:
            time.sleep(blocks_s)  # noqa: ASYNC251 - the point: nobody reads meanwhile
            while read := await response.read():
                pieces += read
    finally:
        await client.close()
    return pieces


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_busy_client_makes_no_stamp_late(run: Callable[..., list[tuple[int, bytes]]]) -> None:
    sent_ns: list[int] = []

    def talk(sock: socket.socket) -> None:
        request_of(sock)
        sock.sendall(HEAD)
        time.sleep(0.05)
        sent_ns.append(time.monotonic_ns())
        sock.sendall(chunk(b"a"))
        time.sleep(0.3)  # the client wakes up and reads it
        sock.sendall(END)

    with talking(talk) as url:
        ((stamp, data),) = run(pieces_of(url, blocks_s=0.2))
    assert data == b"a"
    # Taken when it was read, the stamp would be 150 ms late.
    assert 0 <= stamp - sent_ns[0] < 50 * MS


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_gathered_pieces_keep_their_own_stamps(
    run: Callable[..., list[tuple[int, bytes]]],
) -> None:
    sent_ns: list[int] = []

    def talk(sock: socket.socket) -> None:
        request_of(sock)
        sock.sendall(HEAD)
        for _ in range(40):
            time.sleep(0.003)
            sent_ns.append(time.monotonic_ns())
            sock.sendall(chunk(b"a"))
        sock.sendall(END)

    with talking(talk) as url:
        pieces = run(pieces_of(url, may_gather=True))
    assert len(pieces) == len(sent_ns)
    late = sorted(stamp - sent for (stamp, _), sent in zip(pieces, sent_ns, strict=True))
    assert late[0] >= 0
    assert late[len(late) // 2] < 1 * MS


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_reader_that_hands_on_gets_pieces_in_quick_succession_at_once(
    run: Callable[..., list[tuple[int, bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_arrivals, "LOOK_EVERY_NS", 5000 * MS)  # were a look to wait so long

    def talk(sock: socket.socket) -> None:
        request_of(sock)
        sock.sendall(HEAD)
        for _ in range(40):
            time.sleep(0.003)
            sock.sendall(chunk(b"a"))
        sock.sendall(END)

    with talking(talk) as url:
        began_s = time.monotonic()
        assert len(run(pieces_of(url))) == 40
        assert time.monotonic() - began_s < 4


async def test_an_answer_whose_message_does_not_end_is_handed_over_when_it_goes_quiet() -> None:
    done = threading.Event()

    def talk(sock: socket.socket) -> None:
        request_of(sock)
        sock.sendall(HEAD + chunk(b"all that there is"))
        done.wait(DEADLINE_S)

    with talking(talk) as url:
        client = HttpClient(url)
        try:
            async with (
                asyncio.timeout(DEADLINE_S),
                client.stream("POST", "/", {}, timeout_s=60, may_gather=True) as response,
            ):
                read = await response.read()
        finally:
            await client.close()
            done.set()
    assert [data for _, data in read] == [b"all that there is"]


async def test_a_request_larger_than_the_kernel_s_buffers_is_sent_whole() -> None:
    got: list[int] = []

    def talk(sock: socket.socket) -> None:
        time.sleep(0.1)  # the buffers fill up
        got.append(len(request_of(sock)))
        sock.sendall(HEAD + chunk(b"a") + END)

    with talking(talk) as url:
        client = HttpClient(url)
        try:
            async with client.stream(
                "POST", "/", {"prompt": "x" * 20_000_000}, timeout_s=DEADLINE_S
            ) as response:
                assert await response.read_whole() == b"a"
        finally:
            await client.close()
    assert got == [20_000_000 + len('{"prompt":""}')]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
@pytest.mark.parametrize("size", [1, 40_000])
def test_an_answer_that_arrived_in_time_is_no_timeout_however_late_it_is_read(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., list[tuple[int, bytes]]], size: int
) -> None:
    monkeypatch.setattr(http_arrivals, "READ_BYTES", 1000)  # so that one read is not enough

    def talk(sock: socket.socket) -> None:
        request_of(sock)
        sock.sendall(HEAD)
        time.sleep(0.1)
        sock.sendall(chunk(b"a" * size) + END)

    with talking(talk) as url:  # as if the process had been stopped beyond its deadline
        pieces = run(pieces_of(url, blocks_s=0.8, timeout_s=0.4))
    assert sum(len(data) for _, data in pieces) == size


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_an_answer_that_arrived_too_late_is_a_timeout_though_it_is_all_there(
    run: Callable[..., list[tuple[int, bytes]]],
) -> None:
    def talk(sock: socket.socket) -> None:
        request_of(sock)
        sock.sendall(HEAD)
        time.sleep(0.4)
        sock.sendall(chunk(b"a") + END)

    with (
        talking(talk) as url,
        pytest.raises(EngineError, match=r"not done within 0\.2 s") as caught,
    ):
        run(pieces_of(url, blocks_s=0.8, timeout_s=0.2))
    assert caught.value.error_class == "timeout"


def test_a_connection_that_the_server_cut_in_time_is_no_timeout_however_late_that_is_seen() -> None:
    def talk(sock: socket.socket) -> None:
        request_of(sock)
        sock.sendall(HEAD + chunk(b"a"))

    with talking(talk) as url, pytest.raises(EngineError, match="within its answer") as caught:
        uvloop.run(pieces_of(url, blocks_s=0.4, timeout_s=0.2))
    assert caught.value.error_class == "reset"


def test_bytes_that_waited_while_the_wall_clock_was_set_get_no_wrong_stamp(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, shift_ns = http_arrivals._offset_ns, 0
    monkeypatch.setattr(http_arrivals, "_offset_ns", lambda: real() + shift_ns)
    sent_ns: list[int] = []

    def talk(sock: socket.socket) -> None:
        nonlocal shift_ns
        request_of(sock)
        sock.sendall(HEAD)
        for letter in (b"a", b"b", b"c"):
            time.sleep(0.05)
            sent_ns.append(time.monotonic_ns())
            sock.sendall(chunk(letter))
            # From here on the kernel's stamps are of the clock before, all of them.
            shift_ns = -500 * MS
        sock.sendall(END)

    with talking(talk) as url:
        pieces = asyncio.run(pieces_of(url))
    assert [data for _, data in pieces] == [b"a", b"b", b"c"]
    for (stamp, _), sent in zip(pieces, sent_ns, strict=True):
        assert 0 <= stamp - sent < 50 * MS
