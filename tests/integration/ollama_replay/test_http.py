"""HTTP as Go's server speaks it: connections, versions, framing, and clients that misbehave."""

import json
import re
import socket
from collections.abc import Callable

import psutil
import pytest
from tests.integration.ollama_replay.raw import (
    DEADLINE_S,
    RawAnswer,
    RawConnection,
    ask,
    chat,
    chat_body,
)

from ollama_replay import Replay, Timeline

Start = Callable[..., Replay]
FLOOD = Timeline(first_chunk_s=0.02, gap_s=0.0)


def test_a_stream_is_ndjson_in_http_chunks_of_a_line_each(replay: Replay) -> None:
    answer = chat(replay.url)
    assert "content-type: application/x-ndjson" in answer.head
    assert "transfer-encoding: chunked" in answer.head
    assert len(re.findall(rb"\r\n[0-9a-f]+\r\n\{", answer.data)) == len(answer.lines) == 9
    assert answer.data.endswith(b"\n\r\n0\r\n\r\n")


def test_the_head_comes_with_the_first_line(replay: Replay) -> None:
    first = chat(replay.url).reads[0][1]
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'"done":false' in first


def test_an_answer_in_one_body_has_its_length(replay: Replay) -> None:
    answer = chat(replay.url, stream=False)
    assert "content-type: application/json; charset=utf-8" in answer.head
    assert f"content-length: {len(answer.body)}" in answer.head


def test_a_connection_serves_one_request_after_another(replay: Replay) -> None:
    with RawConnection(replay.url) as connection:
        for _ in range(3):
            connection.send("/api/chat", chat_body())
            assert connection.read().end == "whole"


def test_requests_sent_ahead_are_answered_in_turn(replay: Replay) -> None:
    with RawConnection(replay.url) as connection:
        connection.send("/api/chat", chat_body(), headers="X-Request-Id: one\r\n")
        connection.send("/api/version", method="GET")
        connection.send("/", method="GET", headers="Connection: close\r\n")
        answer = RawAnswer()
        while not answer.data.endswith(b"Ollama is running"):
            connection.read_some(answer)
    assert answer.data.index(b'"done":true') < answer.data.index(b'"version"')
    assert answer.data.count(b"HTTP/1.1 200 OK") == 3


def test_connection_close_is_honoured_and_said(replay: Replay) -> None:
    with RawConnection(replay.url) as connection:
        connection.send("/api/chat", chat_body(), headers="Connection: close\r\n")
        answer = connection.read()
        assert "connection: close" in answer.head
        assert answer.end == "whole"
        connection.read_some(answer)
        assert answer.end == "closed"


def test_an_http_1_0_client_gets_bare_lines_until_the_connection_ends(replay: Replay) -> None:
    with RawConnection(replay.url) as connection:
        connection.send("/api/chat", chat_body(), version="1.0")
        answer = connection.read()
    assert answer.end == "closed"
    assert "transfer-encoding" not in answer.head
    assert answer.objects[-1]["done"] is True


def test_a_body_may_come_in_chunks_and_dribs(replay: Replay) -> None:
    body = json.dumps(chat_body()).encode()
    with RawConnection(replay.url) as connection:
        connection.send_bytes(b"POST /api/chat HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        for byte in body:
            connection.send_bytes(b"1\r\n%c\r\n" % byte)
        connection.send_bytes(b"0\r\n\r\n")
        assert connection.read().objects[-1]["done"] is True


def test_a_client_that_asks_first_may_go_on(replay: Replay) -> None:
    body = json.dumps(chat_body()).encode()
    with RawConnection(replay.url) as connection:
        connection.send_bytes(
            b"POST /api/chat HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
            % len(body)
        )
        go_on = RawAnswer()
        connection.read_some(go_on)
        assert go_on.data == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send_bytes(body)
        assert connection.read().end == "whole"


def test_head_has_no_body(replay: Replay) -> None:
    for path in ("/", "/api/version", "/api/tags"):
        with RawConnection(replay.url) as connection:
            connection.send(path, method="HEAD", headers="Connection: close\r\n")
            answer = RawAnswer()
            while not answer.end:
                connection.read_some(answer)
        assert (answer.status, answer.end) == (200, "closed")
        assert answer.body == b""


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/metrics", 404, b"404 page not found"),
        ("POST", "/v1/messages", 404, b"404 page not found"),
        ("GET", "/api/chat", 405, b"405 method not allowed"),
        ("POST", "/api/tags", 405, b"405 method not allowed"),
        ("GET", "/", 200, b"Ollama is running"),
        ("GET", "/?a=b", 200, b"Ollama is running"),
    ],
)
def test_paths_and_methods(
    replay: Replay, method: str, path: str, status: int, body: bytes
) -> None:
    answer = ask(replay.url, path, method=method)
    assert (answer.status, answer.body) == (status, body)


def test_what_is_no_http_gets_400_and_the_end(replay: Replay) -> None:
    with RawConnection(replay.url) as connection:
        connection.send_bytes(b"\x16\x03\x01 hello\r\n\r\n")
        answer = connection.read()
    assert answer.status == 400
    assert answer.end in ("closed", "reset")


def test_a_client_that_leaves_gives_its_slot_back(start: Start) -> None:
    replay = start(parallel=1)
    with RawConnection(replay.url) as leaving:
        leaving.send("/api/chat", chat_body(options={"num_predict": 10_000}))
        begun = RawAnswer()
        leaving.read_some(begun)
    assert chat(replay.url).objects[-1]["done"] is True
    records = replay.answers(2)
    assert [one["outcome"] for one in records] == ["client_gone", "done"]
    assert records[1]["granted_ns"] >= records[0]["end_ns"]


def test_a_client_that_does_not_read_holds_up_nobody_and_misses_nothing(start: Start) -> None:
    replay = start(timeline=FLOOD)
    with RawConnection(replay.url, receive_bytes=4096) as slow:
        slow.send("/api/chat", chat_body(options={"num_predict": 30_000}))
        replay_is_alive = [chat(replay.url, options={"num_predict": 8}) for _ in range(3)]
        assert all(answer.objects[-1]["done"] for answer in replay_is_alive)
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        data = bytearray()
        while not data.endswith(b"\r\n0\r\n\r\n"):
            data += slow.sock.recv(65536)
    answer = RawAnswer(reads=[(0, bytes(data))])
    assert len(answer.lines) == 30_001
    record = next(one for one in replay.answers(4) if one["output_tokens"] == 30_000)
    assert record["was_blocked"] is True
    assert answer.text == record["text"]


def test_connections_that_end_leave_nothing_behind(replay: Replay) -> None:
    """The server runs without a garbage collector: whatever holds itself would stay."""

    def come_and_go() -> int:
        for _ in range(400):
            ask(replay.url, "/api/version", method="GET")
        return psutil.Process(replay.pid).memory_info().rss

    before_bytes = come_and_go()
    assert come_and_go() - before_bytes < 400 * 1024


def test_half_a_request_is_not_answered(replay: Replay) -> None:
    with RawConnection(replay.url) as connection:
        connection.send_bytes(b"POST /api/chat HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        assert ask(replay.url, "/", method="GET").status == 200
        connection.sock.shutdown(socket.SHUT_WR)
        connection.sock.settimeout(DEADLINE_S)
        assert connection.sock.recv(100) == b""
