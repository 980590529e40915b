"""One HTTP/1.1 connection: requests in with the kernel's time of arrival, bytes out at once."""

import select
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic_ns, time_ns

import httptools

from ollama_replay.loop import Loop
from yoyak.units import MIB, NS_PER_S

READ_BYTES = 256 * 1024
MOST_BODY_BYTES = 64 * MIB
# With more streams than its core can play, a server reads a request seconds after it came: no stamp
# that is older is believed.
UNREAD_MOST_NS = 60 * NS_PER_S
SO_TIMESTAMPNS = 35  # Linux; Python 3.11 has no name for it
TIMESPEC = struct.Struct("@qq")
TIMESTAMP_SPACE = socket.CMSG_SPACE(TIMESPEC.size)
ABORT = struct.pack("@ii", 1, 0)  # linger on, for no time: close sends a reset
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(slots=True)
class Request:
    """A whole request.

    Attributes:
        accepted_ns: when its connection was accepted.
        received_ns: when the kernel had its last byte, or, where it does not say, `read_ns`.
        read_ns: when this process had read it.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    accepted_ns: int
    received_ns: int
    read_ns: int
    keeps_alive: bool
    is_http_1_0: bool


class Connection:
    """Reads requests, hands them over one at a time and writes what it is given.

    Attributes:
        on_gone: called with the time when the client leaves; whoever answers sets it.
    """

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        accepted_ns: int,
        *,
        handle: Callable[["Connection", Request], None],
        closed: Callable[["Connection"], None],
    ) -> None:
        self._loop, self._sock, self._handle, self._closed = loop, sock, handle, closed
        self._accepted_ns = accepted_ns
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._unsent = bytearray()
        self._waiting: deque[Request] = deque()
        self._is_answering = False
        self._is_closing = False
        self._received_ns = self._read_ns = accepted_ns
        self._url, self._headers, self._body = b"", dict[str, str](), bytearray()
        self.is_open = True
        self.was_blocked = False  # the client read more slowly than we wrote
        self.on_gone: Callable[[int], None] | None = None
        sock.setblocking(False)
        loop.watch(sock.fileno(), select.EPOLLIN, self._ready)

    # What httptools calls.

    def on_message_begin(self) -> None:
        """Forget the request before."""
        self._url, self._headers, self._body = b"", {}, bytearray()

    def on_url(self, url: bytes) -> None:
        """Keep the target, which may come in pieces."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Let a client that asks first go on."""
        if self._headers.get("expect", "").lower() == "100-continue":
            self.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body, up to a limit."""
        self._body += body
        if len(self._body) > MOST_BODY_BYTES:
            raise ValueError(f"the body is over {MOST_BODY_BYTES} bytes")

    def on_message_complete(self) -> None:
        """Put the request in line."""
        parser = self._parser
        if parser is None:  # closed while it was being read
            return
        self._waiting.append(
            Request(
                method=parser.get_method().decode("latin-1"),
                path=self._url.partition(b"?")[0].decode("latin-1"),
                headers=self._headers,
                body=bytes(self._body),
                accepted_ns=self._accepted_ns,
                received_ns=self._received_ns,
                read_ns=self._read_ns,
                keeps_alive=parser.should_keep_alive(),
                is_http_1_0=parser.get_http_version() == "1.0",
            )
        )

    # What the server calls.

    def write(self, data: bytes) -> None:
        """Send bytes now, or, where the client does not read, as soon as it does."""
        if not self.is_open:
            return
        if self._unsent:
            self._unsent += data
            return
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._gone()
            return
        if sent < len(data):
            self.was_blocked = True
            self._unsent += data[sent:]
            self._watch()

    def finish(self, *, keep_alive: bool) -> None:
        """End the answer: take the next request, or close once everything is sent."""
        self._is_answering = False
        self.on_gone = None
        if not self.is_open:
            return
        if keep_alive:
            self._next()
        else:
            self._is_closing = True
            if not self._unsent:
                self.close()

    def abort(self) -> None:
        """Close with a reset instead of an orderly end."""
        if self.is_open:
            with suppress(OSError):  # the client was faster
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            self.close()

    def close(self) -> None:
        """Close now; what was not sent is lost."""
        if self.is_open:
            self.is_open = False
            self._parser = None  # they hold each other, and no collector runs
            self._loop.forget(self._sock.fileno())
            self._sock.close()
            self._closed(self)

    def gone(self) -> None:
        """End as if the client had left."""
        self._gone()

    def _ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._send_rest()
        if self.is_open and events & ~select.EPOLLOUT:
            self._read()

    def _send_rest(self) -> None:
        try:
            del self._unsent[: self._sock.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError:
            self._gone()
            return
        if not self._unsent:
            self._watch()
            if self._is_closing:
                self.close()

    def _watch(self) -> None:
        events = select.EPOLLIN | (select.EPOLLOUT if self._unsent else 0)
        self._loop.watch(self._sock.fileno(), events, self._ready)

    def _read(self) -> None:
        try:
            data, notes, _, _ = self._sock.recvmsg(READ_BYTES, TIMESTAMP_SPACE)
        except BlockingIOError:
            return
        except OSError:
            self._gone()
            return
        self._read_ns, wall_ns = monotonic_ns(), time_ns()
        if not data:
            self._gone()
            return
        self._received_ns = kernel_ns(notes, self._read_ns, wall_ns)
        parser = self._parser
        if parser is None:
            return
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, ValueError):
            self._refuse()
            return
        if not self._is_answering:
            self._next()

    def _refuse(self) -> None:
        """Answer what is no HTTP, or too long, as Go does, and close."""
        body = b"400 Bad Request"
        head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
        if not self._is_answering:
            self.write(b"%bConnection: close\r\n\r\n%b" % (head, body))
        self._gone()

    def _next(self) -> None:
        if self._waiting and self.is_open:
            self._is_answering = True
            self._handle(self, self._waiting.popleft())

    def _gone(self) -> None:
        on_gone, self.on_gone = self.on_gone, None
        self.close()
        if on_gone is not None:
            on_gone(monotonic_ns())


def kernel_ns(notes: list[tuple[int, int, bytes]], read_ns: int, wall_ns: int) -> int:
    """Return when the kernel received the last data read, on the monotonic clock.

    The kernel says it on the wall clock. Both clocks are read anew each time, so a wall clock that
    is set spoils at most the stamp in between, and a stamp that cannot be is not believed.

    Args:
        notes: the ancillary data of the read.
        read_ns: the monotonic clock right after it.
        wall_ns: the wall clock at the same moment.
    """
    for level, kind, data in notes:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= TIMESPEC.size:
            second, rest_ns = TIMESPEC.unpack_from(data)
            ago_ns: int = wall_ns - (second * NS_PER_S + rest_ns)
            if 0 <= ago_ns < UNREAD_MOST_NS:
                return read_ns - ago_ns
    return read_ns


def listening(host: str, port: int) -> socket.socket:
    """Return a listening socket whose connections send at once and know when bytes came.

    Raises:
        OSError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit both.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError):  # without it received_ns is when we read
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.bind((host, port))
        sock.listen(socket.SOMAXCONN)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
