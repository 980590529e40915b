"""The crawler as a process, against real servers on loopback."""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from newsroom.server import RunningNewsroom, serve

CRAWL_TIMEOUT_S = 60

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a server was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at_s: float  # by the monotonic clock


@dataclass(slots=True)
class Reply:
    """What a server answers.

    `stall` answers nothing until the server ends, `reset` breaks off, `stall_after` sends so many
    bytes of the body and then nothing, `endless` sends the body again and again, in chunks.
    """

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stall: bool = False
    reset: bool = False
    stall_after: int | None = None
    endless: bool = False

    def data(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


Route = Reply | Callable[[Request], Reply]


class Server:
    """A site made of routes; paths that have none answer 404."""

    def __init__(self, url: str, ended: threading.Event) -> None:
        self.url = url
        self.routes: dict[str, Route] = {}
        self.requests: list[Request] = []
        self.ended = ended

    def reply(self, request: Request) -> Reply:
        self.requests.append(request)
        route = self.routes.get(request.path, Reply("nothing here", 404))
        return route(request) if callable(route) else route

    def asked(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(request.path == path for request in self.requests)


def _handler(server_of: dict[str, Server]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self) -> None:
            server = server_of["server"]
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            now_s = time.monotonic()
            reply = server.reply(Request(self.command, parts.path, query, headers, body, now_s))
            if reply.stall:
                server.ended.wait(CRAWL_TIMEOUT_S)
                self.close_connection = True
                return
            if reply.reset:
                self.connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                self.connection.close()
                self.close_connection = True
                return
            self.send_response(reply.status)
            stated = {name.lower() for name in reply.headers}
            if "content-type" not in stated:
                self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in reply.headers.items():
                if value:
                    self.send_header(name, value)
            if reply.endless:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                data = reply.data()
                while not server.ended.is_set():
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            if "content-length" not in stated:
                self.send_header("Content-Length", str(len(reply.data())))
            self.end_headers()
            self.wfile.write(reply.data()[: reply.stall_after])
            if reply.stall_after is not None:
                self.wfile.flush()
                server.ended.wait(CRAWL_TIMEOUT_S)
                self.close_connection = True

        do_POST = do_GET  # noqa: N815 - the base class's name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    return Handler


@contextmanager
def running_server() -> Iterator[Server]:
    servers: dict[str, Server] = {}

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away is part of the test."""

    ended = threading.Event()
    with Quiet(("127.0.0.1", 0), _handler(servers)) as http:
        server = servers["server"] = Server(f"http://127.0.0.1:{http.server_port}/", ended)
        thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            ended.set()
            http.shutdown()
            thread.join()


@pytest.fixture
def site() -> Iterator[Server]:
    """A site whose routes the test writes."""
    with running_server() as server:
        yield server


@pytest.fixture
def other_site() -> Iterator[Server]:
    """A second one."""
    with running_server() as server:
        yield server


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def newsroom() -> Iterator[RunningNewsroom]:
    with serve() as running:
        yield running


@pytest.fixture
def page() -> Callable[..., str]:
    """Make an article's page."""

    def make(title: str, *paragraphs: str, head: str = "") -> str:
        body = "".join(f"<p>{text}</p>" for text in paragraphs)
        return (
            f'<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>{title}</title>'
            f'{head}</head><body><h1>{title}</h1><article class="article-body">{body}</article>'
            "</body></html>"
        )

    return make


@pytest.fixture
def story() -> Callable[[int], tuple[str, ...]]:
    """Return the paragraphs of an article, different for each number."""

    def make(number: int) -> tuple[str, ...]:
        return tuple(
            f"너울군은 {number}호 사업 {part}차 점검에서 {number * 7 + part}건을 고쳤다고 밝혔다. "
            f"예산은 {number * 13 + part}억원이며 {2027 + (number + part) % 9}년에 끝난다. "
            f"주민 {number * 31 + part}명이 설명회에 나왔고, 다음 모임은 {part + 1}주 뒤에 열린다."
            for part in range(1, 5)
        )

    return make


@pytest.fixture
def names_lead_here(tmp_path: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    """Options and environment that resolve every host name to loopback."""
    (tmp_path / "loopback_resolver.py").write_text(
        "from newscrawl.guard import GuardedResolver\n\n\n"
        "class LoopbackResolver(GuardedResolver):\n"
        "    def resolveHostName(self, receiver, name, *args, **kwargs):\n"
        "        return super().resolveHostName(receiver, '127.0.0.1', *args, **kwargs)\n"
    )
    setting = "TWISTED_DNS_RESOLVER=loopback_resolver.LoopbackResolver"
    return ("--set", setting), {"PYTHONPATH": str(tmp_path)}


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., list[str]]:
    """Return the command line of a crawl with a loopback exception and no delay."""

    def make(*arguments: str, out: Path | None = None, local: bool = True) -> list[str]:
        defaults = ["--out", str(out or tmp_path / "dataset"), "--progress", "none"]
        defaults += ["--set", "NEWSCRAWL_BACKOFF_S=0.05"]
        if local:
            defaults += ["--allow-host", "127.0.0.1", "--delay", "0"]
        verb, *rest = arguments
        return [sys.executable, "-m", "newscrawl", verb, *defaults, *rest]

    return make


@pytest.fixture
def crawl(command: Callable[..., list[str]]) -> Crawl:
    """Run `python -m newscrawl` to its end."""

    def run(
        *arguments: str,
        out: Path | None = None,
        local: bool = True,
        env: dict[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command(*arguments, out=out, local=local),
            capture_output=True,
            text=True,
            timeout=CRAWL_TIMEOUT_S,
            check=False,
            env={**os.environ, **(env or {})},
        )

    return run
