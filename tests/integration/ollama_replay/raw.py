"""A client that keeps every read with its time, and says how the connection ended."""

import json
import select
import socket
import time
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

DEADLINE_S = 20.0
HEAD_END = b"\r\n\r\n"
LINE_END = b"\r\n"


@dataclass(slots=True)
class RawAnswer:
    """What came over a socket.

    Attributes:
        reads: (monotonic ns, bytes) of each read.
        end: "whole" (the HTTP body is complete), "closed" or "reset".
    """

    reads: list[tuple[int, bytes]] = field(default_factory=list)
    end: str = ""

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.reads)

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def head(self) -> str:
        return self.data.partition(HEAD_END)[0].decode("latin-1").lower()

    @property
    def body(self) -> bytes:
        """The body as far as it came, freed of its HTTP chunks."""
        return body_of(self.data)[0]

    @property
    def lines(self) -> list[bytes]:
        return self.body.splitlines()

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    @property
    def text(self) -> str:
        return "".join(
            one["response"] if "response" in one else one["message"]["content"]
            for one in self.objects
            if "error" not in one
        )

    def line_arrivals_ns(self) -> list[int]:
        """When the last byte of each line had come."""
        arrivals: list[int] = []
        data = b""
        for at_ns, piece in self.reads:
            data += piece
            whole = body_of(data)[0].count(b"\n")
            arrivals += [at_ns] * (whole - len(arrivals))
        return arrivals


def body_of(data: bytes) -> tuple[bytes, bool]:
    """Return the body in a response as far as it came, and whether it is complete."""
    head, found, rest = data.partition(HEAD_END)
    if not found:
        return b"", False
    headers = head.decode("latin-1").lower()
    if "transfer-encoding: chunked" in headers:
        return chunked_body(rest)
    if "content-length: " in headers:
        length = int(headers.partition("content-length: ")[2].split()[0])
        return rest[:length], len(rest) >= length
    return rest, False


def chunked_body(rest: bytes) -> tuple[bytes, bool]:
    body, at = bytearray(), 0
    while (size_end := rest.find(LINE_END, at)) >= 0:
        length = int(rest[at:size_end], 16)
        begin = size_end + len(LINE_END)
        if length == 0:
            return bytes(body), rest.startswith(LINE_END, begin)
        body += rest[begin : begin + length]
        at = begin + length + len(LINE_END)
    return bytes(body), False


class RawConnection:
    """A socket to a replay, with its bytes laid open."""

    def __init__(self, url: str, *, receive_bytes: int | None = None) -> None:
        address = urlsplit(url)
        self.sock = socket.socket()
        if receive_bytes is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.sock.connect((str(address.hostname), int(address.port or 0)))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_ns = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(
        self,
        path: str,
        body: object = None,
        *,
        method: str = "POST",
        version: str = "1.1",
        headers: str = "",
    ) -> None:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        head = f"{method} {path} HTTP/{version}\r\nHost: replay\r\n{headers}"
        self.send_bytes(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)

    def send_bytes(self, data: bytes) -> None:
        self.sent_ns = time.monotonic_ns()
        self.sock.sendall(data)

    def read(self) -> RawAnswer:
        """Read until the response is complete or the connection ends."""
        answer = RawAnswer()
        while not answer.end:
            self.read_some(answer)
        return answer

    def read_some(self, answer: RawAnswer) -> None:
        """Wait for the next bytes, or the end."""
        readable, _, _ = select.select([self.sock], [], [], DEADLINE_S)
        assert readable, f"nothing came within {DEADLINE_S} s after {answer.data!r}"
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            answer.end = "reset"
            return
        if data:
            answer.reads.append((time.monotonic_ns(), data))
            is_stream = b"chunked" in answer.reads[0][1]
            if is_stream and not data.endswith(LINE_END):
                return  # it cannot be the end, and looking costs more with each read
            if body_of(answer.data)[1]:
                answer.end = "whole"
        else:
            answer.end = "closed"


def ask(
    url: str, path: str, body: object = None, *, method: str = "POST", headers: str = ""
) -> RawAnswer:
    """Send one request on a connection of its own and return what came."""
    with RawConnection(url) as connection:
        connection.send(path, body, method=method, headers=headers)
        return connection.read()


def chat(url: str, prompt: str = "기사", model: str = "replay", **more: object) -> RawAnswer:
    """Ask /api/chat."""
    return ask(url, "/api/chat", chat_body(prompt, model, **more))


def chat_body(prompt: str = "기사", model: str = "replay", **more: object) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": prompt}], **more}
