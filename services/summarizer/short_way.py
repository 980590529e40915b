"""The short way to a summary: from the connection's bytes to the engine without the framework.

A request for a summary that is as plain as our own client's, and good, meets no ASGI server, no
routing, no dependencies and no middleware. All else, and every request that is not good, goes to
uvicorn and the framework byte for byte, which have the addresses, their documents and the words on
what is wrong. With 16 requests at one instant, the last one waits for the work on all of them: what
uvicorn does for a request was a third of it.
"""

import asyncio
import logging
import time
from typing import NamedTuple

from pydantic import ValidationError
from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from summarizer.departure import Departure
from summarizer.edge import ARRIVED_KEY, Caller, caller_of
from summarizer.schema import SummaryRequest
from summarizer.summaries import Summarizer, Summary
from yoyak.telemetry import names

HELD_S = 1.0  # a body that is not there by then is waited for by the edge, which has a deadline
_LOG = logging.getLogger(__name__)
_BEGINNING = f"POST {names.SUMMARIES_ROUTE} HTTP/1.1\r\n".encode()
_END_OF_HEAD = b"\r\n\r\n"
_MOST_DIGITS = 9  # of a length
# Fields that mean nothing to how a message is read, and those that a summary asks for. Whatever
# else there is, or one of these twice, uvicorn shall judge.
_PLAIN_FIELDS = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"traceparent",
        b"user-agent",
        b"x-request-id",
        b"x-yoyak-phase",
    }
)


def short_way(summarizer: Summarizer, *, body_limit_bytes: int) -> type["ShortWay"]:
    """Return the class of connections to one service, as uvicorn wants it."""
    members = {"summarizer": summarizer, "body_limit_bytes": body_limit_bytes}
    return type("ShortWayToOne", (ShortWay,), members)


class ShortWay(HttpToolsProtocol):
    """One connection of uvicorn's, which looks at requests before uvicorn does.

    It leaves to uvicorn what a connection is: its closing when idle, requests that come before the
    last one is answered, the end of the service.
    """

    summarizer: Summarizer
    body_limit_bytes: int

    _exchange: "_Exchange | None" = None  # the last one of ours
    _held: bytearray | None = None  # a plain request whose body has not come whole
    _held_whole_bytes = 0  # when it will have
    _held_since_ns = 0
    _held_timer: asyncio.TimerHandle | None = None
    _passed_on_ns: int | None = None  # arrival of what uvicorn's parser gets next
    _is_in_message = False  # uvicorn's parser is

    def data_received(self, data: bytes) -> None:
        """Take bytes, and pass on those of requests that do not go this way."""
        arrived_ns = time.monotonic_ns()
        if self._held is not None:
            self._held += data
            if len(self._held) < self._held_whole_bytes:
                return
            arrived_ns, data = self._held_since_ns, bytes(self._held)
            self._let_go()
        elif self._is_in_message or self._is_answering or not data.startswith(_BEGINNING):
            super().data_received(data)
            return
        plain = plain_request(data)
        if plain is None or plain.content_length > self.body_limit_bytes:
            self._pass_on(data, arrived_ns)
        elif (missing_bytes := plain.content_length - len(plain.body)) > 0:
            self._hold(data, missing_bytes, arrived_ns)
        elif not self._begin(plain, arrived_ns):
            self._pass_on(data, arrived_ns)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what is under way."""
        self._let_go()
        if self._exchange is not None:
            self._exchange.client_left()
        super().connection_lost(exc)
        self._exchange = self.cycle = None  # type: ignore[assignment] # they hold each other

    def shutdown(self) -> None:
        """Begin no request after those that have begun to come."""
        self._give_over()
        super().shutdown()

    def on_message_begin(self) -> None:
        """Note that uvicorn's parser has begun with a request."""
        self._is_in_message = True
        super().on_message_begin()
        if self._passed_on_ns is not None:
            self.scope["state"][ARRIVED_KEY] = self._passed_on_ns
            self._passed_on_ns = None

    def on_message_complete(self) -> None:
        """Note that its request has come whole."""
        self._is_in_message = False
        super().on_message_complete()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _begin(self, plain: "PlainRequest", arrived_ns: int) -> bool:
        """Begin to answer a whole request; False if it is not good."""
        caller, unusable = caller_of(arrived_ns, plain.fields)
        if unusable is not None:
            return False
        try:
            asked = SummaryRequest.model_validate_json(plain.body)
        except ValidationError:
            return False
        self._unset_keepalive_if_required()
        exchange = _Exchange(self)
        self._exchange = exchange
        self.cycle = exchange  # type: ignore[assignment] # uvicorn asks of it what an _Exchange has
        task = self.loop.create_task(exchange.answer(asked, caller))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return True

    def _hold(self, data: bytes, missing_bytes: int, arrived_ns: int) -> None:
        """Keep the beginning of a request."""
        self._unset_keepalive_if_required()
        self._held = bytearray(data)
        self._held_whole_bytes = len(data) + missing_bytes
        self._held_since_ns = arrived_ns
        self._held_timer = self.loop.call_later(HELD_S, self._give_over)

    def _let_go(self) -> None:
        self._held = None
        if self._held_timer is not None:
            self._held_timer.cancel()
            self._held_timer = None

    def _give_over(self) -> None:
        """Leave to uvicorn what is held."""
        held = self._held
        if held is not None:
            self._let_go()
            self._pass_on(bytes(held), self._held_since_ns)

    def _pass_on(self, data: bytes, arrived_ns: int) -> None:
        """Leave a request to uvicorn, with the time of its arrival if its headers have come."""
        if _END_OF_HEAD in data:
            self._passed_on_ns = arrived_ns
        super().data_received(data)


class _Exchange:
    """One request under way and its response, in the place of uvicorn's `RequestResponseCycle`.

    Attributes:
        departure: of the client.
        disconnected: nobody is there any more.
        keep_alive: uvicorn clears it when the service stops.
        message_event: uvicorn sets it; nobody waits for it here.
        response_complete: the last byte was handed to the transport.
    """

    message_event = asyncio.Event()

    def __init__(self, connection: ShortWay) -> None:
        """Take the connection, whose request has come whole."""
        self.departure = Departure()
        self.disconnected = False
        self.keep_alive = True
        self.response_complete = False
        self._connection = connection
        self._is_in_chunks = False

    def client_left(self) -> None:
        """Stop, if there is still something to do."""
        if not self.response_complete:
            self.disconnected = True
            self.departure.client_left()

    async def answer(self, asked: SummaryRequest, caller: Caller) -> None:
        """Answer; an answer that does not become whole ends the connection."""
        try:
            summary = Summary(self._connection.summarizer, asked, caller)
            await summary.answer(self.departure, self.send)
        except Exception:  # noqa: BLE001 - as uvicorn does: said, and the service goes on
            _LOG.exception("a request for a summary ended in a fault, and may not be counted")
        finally:
            if not self.response_complete:
                self._connection.transport.close()

    async def send(self, message: Message) -> None:
        """Send one of ASGI's two messages of a response."""
        connection = self._connection
        if connection.flow.write_paused and not self.disconnected:
            await connection.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            connection.transport.write(self._head(message["status"], message["headers"]))
            return
        data: bytes = message["body"]
        is_last = not message["more_body"]
        if self._is_in_chunks:
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            if is_last:
                data += b"0\r\n\r\n"
        connection.transport.write(data)
        if is_last:
            self.response_complete = True
            if not self.keep_alive:
                connection.transport.close()
            connection.on_response_complete()

    def _head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Return status line and header fields; a body of no stated length goes in chunks."""
        lines = [STATUS_LINE[status]]
        for name, value in (*self._connection.server_state.default_headers, *headers):
            lines += (name, b": ", value, b"\r\n")
        self._is_in_chunks = all(name != b"content-length" for name, _ in headers)
        if self._is_in_chunks:
            lines.append(b"transfer-encoding: chunked\r\n")
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)


class PlainRequest(NamedTuple):
    """A request as our own client sends it, or its beginning.

    Attributes:
        fields: names in lower case, each once.
        content_length: bytes of the whole body.
        body: what has come of it.
    """

    fields: dict[bytes, bytes]
    content_length: int
    body: bytes


def plain_request(data: bytes) -> PlainRequest | None:
    """Return the request that `data` begins with if it is plain, and holds nothing after it."""
    head, end, body = data.partition(_END_OF_HEAD)
    _, *lines = head.split(b"\r\n")
    if not end or not b"".join(lines).decode("latin-1").isprintable():
        return None
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or name not in _PLAIN_FIELDS or name in fields:
            return None
        fields[name] = value.lstrip(b" ")  # uvicorn's parser keeps blanks at the end too
    length = fields.get(b"content-length", b"")
    if (
        not length.isdigit()
        or len(length) > _MOST_DIGITS
        or int(length) < len(body)
        or fields.get(b"content-type") != b"application/json"
        or b"host" not in fields
    ):
        return None
    return PlainRequest(fields, int(length), body)
