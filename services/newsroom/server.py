"""The HTTP server around the site: keep-alive, one thread a connection, loopback by default."""

import re
import socket
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from newsroom.site import Site

IDLE_TIMEOUT_S = 30.0  # a kept-alive connection without a request is closed after this
SHUTDOWN_POLL_S = 0.1
REMEMBERED_REQUESTS = 10_000
HOST_HEADER = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]+)?|\[[0-9A-Fa-f:]+\](:[0-9]+)?")


Connection = socket.socket | tuple[bytes, socket.socket]  # as socketserver passes it about


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was answered."""

    method: str
    target: str
    status: int


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD from the site; any other method gets 501."""

    protocol_version = "HTTP/1.1"
    server_version = "newsroom"
    sys_version = ""
    timeout = IDLE_TIMEOUT_S
    disable_nagle_algorithm = True  # header and body are two writes; Nagle would add 40 ms
    server: "NewsroomServer"

    def finish(self) -> None:
        """Forget the connection, which the server is about to close."""
        with self.server.open_sockets_lock:
            self.server.open_sockets.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        """Answer with head and body."""
        self.answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the head that GET would have."""
        self.answer(with_body=False)

    def answer(self, *, with_body: bool) -> None:
        """Ask the site and write what it says."""
        host = self.headers.get("Host", "")
        base_url = f"http://{host}" if HOST_HEADER.fullmatch(host) else self.server.base_url
        response = self.server.site.respond(self.path, base_url)
        self.server.requests.append(Request(self.command, self.path, int(response.status)))
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("X-Synthetic", "true")
        if response.location is not None:
            self.send_header("Location", response.location)
        self.end_headers()
        if with_body:
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Log nothing: `NewsroomServer.requests` has it."""


class NewsroomServer(ThreadingHTTPServer):
    """A bound and listening newsroom.

    Raises:
        OSError: the address cannot be bound, for instance because another server has it.
    """

    daemon_threads = False  # so that closing waits for the threads, whose sockets it shuts first
    request_queue_size = 128

    def __init__(self, host: str, port: int) -> None:
        self.site = Site()
        self.requests: deque[Request] = deque(maxlen=REMEMBERED_REQUESTS)
        self.open_sockets: set[socket.socket] = set()
        self.open_sockets_lock = threading.Lock()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), Handler)

    @property
    def base_url(self) -> str:
        """Return scheme, host and port without a slash at the end."""
        host, port = self.server_address[:2]
        name = host.decode() if isinstance(host, (bytes, bytearray)) else str(host)
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def server_bind(self) -> None:
        """Bind without the base class's reverse lookup of the name, which can take seconds."""
        TCPServer.server_bind(self)

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept a connection and remember it."""
        connection, client_address = super().get_request()
        with self.open_sockets_lock:
            self.open_sockets.add(connection)
        return connection, client_address

    def server_close(self) -> None:
        """Stop listening, end open connections and wait for their threads."""
        with self.open_sockets_lock:
            for connection in self.open_sockets:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was faster
        super().server_close()

    def handle_error(self, request: Connection, client_address: object) -> None:
        """Pass over clients that went away; show anything else, which is our mistake."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass(frozen=True, slots=True)
class RunningNewsroom:
    """A newsroom that accepts connections at `url`; `requests` grows as it answers."""

    url: str
    articles: int
    requests: deque[Request]


@contextmanager
def running(server: NewsroomServer) -> Iterator[RunningNewsroom]:
    """Answer from a thread while the context lasts, then close the server."""
    with server:
        thread = threading.Thread(
            target=server.serve_forever, args=(SHUTDOWN_POLL_S,), name="newsroom"
        )
        thread.start()
        try:
            yield RunningNewsroom(
                url=f"{server.base_url}/",
                articles=len(server.site.articles),
                requests=server.requests,
            )
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serve(port: int = 0, host: str = "127.0.0.1") -> Iterator[RunningNewsroom]:
    """Serve the newsroom from a thread of this process while the context lasts.

    Args:
        port: 0 takes a free one.
        host: the address to listen on; loopback unless told otherwise.

    Raises:
        OSError: the address cannot be bound.
    """
    with running(NewsroomServer(host, port)) as newsroom:
        yield newsroom
