"""The HTTP/1.1 client of the timed path: streamed answers, each read stamped on arrival.

Why not a client library: PEERS' measurements put its own work into the first token's time. Here a
request is one write on a connection that is open already, and parsing comes after the stamps.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from time import monotonic_ns

import orjson

from yoyak.engines.base import GenerationRequest
from yoyak.engines.http_address import header_lines, parse_address, request_head
from yoyak.engines.http_connection import Connection
from yoyak.engines.http_errors import http_error, shortened
from yoyak.engines.http_pool import ConnectionPool
from yoyak.engines.http_response import Response
from yoyak.errors import EngineError
from yoyak.units import NS_PER_S

MANAGEMENT_TIMEOUT_S = 30.0
DRAIN_S = 1.0  # for the end of a message after the engine's last word
_SUCCESS = range(200, 300)


class HttpClient:
    """Speaks to one server. Belongs to the event loop that it was first used in."""

    def __init__(
        self, url: str, *, headers: Mapping[str, str] | None = None, is_one_shot: bool = False
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: http or https; a path in it goes before each request's.
            headers: sent with every request.
            is_one_shot: the server closes the connection after each streamed answer.

        Raises:
            UsageError: the URL is none, or a header cannot be sent.
        """
        self.address = parse_address(url)
        self._fields = header_lines(headers or {})
        self._pool = ConnectionPool(self.address, is_one_shot=is_one_shot)

    def use_each_connection_once(self) -> None:
        """Take note that the server closes a connection after each streamed answer."""
        self._pool.is_one_shot = True

    async def warm(self, connections: int) -> None:
        """Return when so many connections are open; call it before a clock starts.

        Raises:
            EngineError: none can be made (class connect).
        """
        await self._pool.warm(connections)

    def stream(
        self,
        method: str,
        path: str,
        payload: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
        may_gather: bool = False,
        on_sent: Callable[[int], None] | None = None,
    ) -> AbstractAsyncContextManager[Response]:
        """Return a context that sends a request and gives its response once its headers are there.

        A request is sent once: after its first byte no failure is answered by sending it again.
        Leaving the context before the response is complete ends the connection, so that the server
        stops working for it.

        Args:
            method: GET or POST.
            path: begins with a slash.
            payload: sent as JSON; None for no body.
            headers: beside those of the client.
            timeout_s: from now to the arrival of the last byte.
            may_gather: many pieces may be handed over together, each with the stamp of its arrival.
            on_sent: as in `base.GenerationRequest`.

        Raises:
            EngineError: connect, reset, timeout or protocol; also while the response is read.
        """
        return _Exchange(
            self._pool,
            _Deadline(timeout_s),
            self._request(method, path, payload, headers, closes=self._pool.is_one_shot),
            where=f"{self.address.url}{path}",
            may_gather=may_gather,
            on_sent=on_sent,
        )

    def generate(
        self,
        path: str,
        payload: object,
        request: GenerationRequest,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
    ) -> AbstractAsyncContextManager[Response]:
        """Return the context of `stream` for a request to generate.

        Its id and trace go along, and its answer is handed over as it allows.

        Args:
            path: begins with a slash.
            payload: what the engine is asked.
            request: whose payload this is.
            headers: beside those of the client and of every such request.
            timeout_s: from now to the arrival of the last byte.

        Raises:
            EngineError: as `stream`.
        """
        own = {"X-Request-Id": request.request_id, **(headers or {})}
        if request.traceparent is not None:
            own["traceparent"] = request.traceparent
        return self.stream(
            "POST",
            path,
            payload,
            headers=own,
            timeout_s=timeout_s,
            may_gather=request.may_gather,
            on_sent=request.on_sent,
        )

    async def drain(self, response: Response) -> None:
        """Read to the message's end after the engine's last word, so that the connection is kept.

        What comes is thrown away; a message that does not end soon, or badly, is given up.
        """
        if response.is_complete:
            return
        try:
            async with asyncio.timeout(DRAIN_S):
                while await response.read():
                    pass
        except (TimeoutError, EngineError):
            return

    async def request_json(
        self,
        method: str,
        path: str,
        payload: object = None,
        *,
        timeout_s: float = MANAGEMENT_TIMEOUT_S,
    ) -> object:
        """Ask over a connection of its own and return the JSON of the answer; None without a body.

        Off the timed path only.

        Raises:
            EngineError: connect, reset, timeout, protocol, or a status that is no success.
        """
        status, body = await self.request(method, path, payload, timeout_s=timeout_s)
        where = f"{self.address.url}{path}"
        if status not in _SUCCESS:
            raise http_error(where, status, body)
        if not body:
            return None
        try:
            document: object = json.loads(body)
        except ValueError as error:
            raise EngineError(
                f"{where} answered what is no JSON: {shortened(body.decode('utf-8', 'replace'))}",
                error_class="protocol",
                http_status=status,
            ) from error
        return document

    async def request(
        self,
        method: str,
        path: str,
        payload: object = None,
        *,
        timeout_s: float = MANAGEMENT_TIMEOUT_S,
    ) -> tuple[int, bytes]:
        """Ask over a connection of its own and return status and body, whatever they are.

        Raises:
            EngineError: connect, reset, timeout or protocol.
        """
        deadline = _Deadline(timeout_s)
        where = f"{self.address.url}{path}"
        connection = await _open_within(self._pool, deadline, where)
        response = Response(connection, where)
        try:
            connection.send(self._request(method, path, payload, None, closes=True))
            deadline.hold(connection, where)
            await response.begin()
            return response.status, await response.read_whole()
        finally:
            deadline.end()
            response.release()
            connection.abort()

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        await self._pool.close()

    def _request(
        self,
        method: str,
        path: str,
        payload: object,
        headers: Mapping[str, str] | None,
        *,
        closes: bool,
    ) -> bytes:
        body = b""
        if payload is not None:
            body = orjson.dumps(payload)
        fields = self._fields
        if headers:
            fields += header_lines(headers)
        if closes:
            fields += b"Connection: close\r\n"
        head = request_head(self.address, method, path, fields=fields, content_length=len(body))
        return head + body


class _Exchange:
    """One request and its streamed response; as a generator it would take 1.3 us more."""

    def __init__(
        self,
        pool: ConnectionPool,
        deadline: "_Deadline",
        request: bytes,
        *,
        where: str,
        may_gather: bool,
        on_sent: Callable[[int], None] | None,
    ) -> None:
        self._pool = pool
        self._deadline = deadline
        self._request = request
        self._where = where
        self._may_gather = may_gather
        self._on_sent = on_sent

    async def __aenter__(self) -> Response:
        pool, where = self._pool, self._where
        connection = pool.take_ready()
        sent_ns = monotonic_ns()  # what comes before is our work, and in nobody's time
        if connection is None:
            connection = await _open_within(pool, self._deadline, where)
        connection.send(self._request)  # before all else: what reads the answer is made on its way
        if self._on_sent is not None:
            self._on_sent(sent_ns)
        self._connection = connection
        self._response = response = Response(connection, where)
        try:
            self._deadline.hold(connection, where)
            if pool.is_one_shot:
                pool.replenish()
            await response.begin()
            if self._may_gather and response.is_in_http_chunks:
                pool.gather(connection)
        except BaseException:
            self._end()
            raise
        return response

    async def __aexit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        response, connection = self._response, self._connection
        self._deadline.end()
        self._pool.gather_no_more(connection)
        response.release()
        if not response.is_complete:
            connection.abort()
        self._pool.give_back(connection, is_usable=response.leaves_connection_usable)


class _Deadline:
    """The moment by which the last byte of a request must have arrived, read or not."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._due_ns = monotonic_ns() + round(timeout_s * NS_PER_S)
        self._timer: asyncio.TimerHandle | None = None

    def left_s(self) -> float:
        """Return the time until then."""
        return (self._due_ns - monotonic_ns()) / NS_PER_S

    def hold(self, connection: Connection, where: str) -> None:
        """Fail a connection, whose request has just been written, when the moment has come."""
        left_s = self.left_s()
        if left_s <= 0:
            connection.fail_at(self._due_ns, self.passed(where))
        else:  # timers may end early: uvloop's by the time that the loop's turn has lasted
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(left_s, self.hold, connection, where)

    def end(self) -> None:
        """Let go of the connection."""
        if self._timer is not None:
            self._timer.cancel()

    def passed(self, where: str) -> EngineError:
        """Return the error of a request that was not done by then."""
        return EngineError(
            f"{where} was not done within {self._timeout_s:g} s; raise --timeout, or see what "
            "keeps the engine busy",
            error_class="timeout",
        )


async def _open_within(pool: ConnectionPool, deadline: _Deadline, where: str) -> Connection:
    try:
        async with asyncio.timeout(deadline.left_s()):
            return await pool.open()
    except TimeoutError as error:
        raise deadline.passed(where) from error
