"""One HTTP/1.1 response, read from a connection piece by piece."""

import httptools

from yoyak.engines.http_connection import Connection, Received
from yoyak.engines.http_errors import shortened
from yoyak.errors import EngineError
from yoyak.units import MIB

MAX_WHOLE_BODY_BYTES = 64 * MIB  # far above any answer that is read as a whole
_FIRST_FINAL_STATUS = 200


class Response:
    """Status, headers, and the body's pieces with the stamps of the reads that brought them.

    Attributes:
        status: HTTP status.
        headers: names in lower case; of repeated ones the last.
        is_complete: the whole message has come.
    """

    def __init__(self, connection: Connection, where: str) -> None:
        """Read from `connection`; `where` is the URL for messages."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.is_complete = False
        self._where = where
        self._connection = connection
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._has_headers = False
        self._has_excess = False
        self._keeps_alive = False
        self._arrived_ns = 0
        self._pieces: list[Received] = []

    async def begin(self) -> None:
        """Wait for status and headers.

        Raises:
            EngineError: reset, timeout, or protocol.
        """
        while not self._has_headers:
            await self._advance()

    async def read(self) -> list[Received]:
        """Return the pieces of the body since the last call, at least one; [] at its end.

        Raises:
            EngineError: reset if the connection ended before the body, timeout, or protocol.
        """
        while not self._pieces and not self.is_complete:
            await self._advance()
        pieces, self._pieces = self._pieces, []
        return pieces

    async def read_whole(self) -> bytes:
        """Return the whole body; errors as `read`."""
        parts: list[bytes] = []
        size = 0
        while pieces := await self.read():
            for _, piece in pieces:
                size += len(piece)
                parts.append(piece)
            if size > MAX_WHOLE_BODY_BYTES:
                raise self._broken(f"a body of more than {MAX_WHOLE_BODY_BYTES} bytes")
        return b"".join(parts)

    @property
    def is_in_http_chunks(self) -> bool:
        """Whether the body comes in HTTP chunks, so that its end shows in the bytes."""
        return self.headers.get("transfer-encoding", "").lower() == "chunked"

    @property
    def leaves_connection_usable(self) -> bool:
        """Whether the next request can go over the same connection."""
        return (
            self.is_complete
            and self._keeps_alive
            and not self._has_excess
            and self._connection.can_send
            and not self._connection.has_unread
        )

    def release(self) -> None:
        """Let go of the parser; nothing is read any more.

        Parser and response hold each other, and the collector may be off in a run.
        """
        self._parser = None

    async def _advance(self) -> None:
        received = await self._connection.receive()
        if not received:
            self._ended()
        for arrived_ns, data in received:
            self._arrived_ns = arrived_ns
            try:
                self._open_parser.feed_data(data)
            except httptools.HttpParserUpgrade as error:
                raise self._broken("a change of protocol that nobody asked for") from error
            except httptools.HttpParserError as error:
                if self.is_complete:  # bytes after a message that said it was the last
                    self._has_excess = True
                    return
                raise self._broken(f"{error}: {shortened(repr(data))}") from error

    def _ended(self) -> None:
        cause = self._connection.lost_cause
        if self._has_headers and cause is None and self._ends_with_connection:
            self.is_complete = True
            return
        how = f" ({cause})" if cause else ""
        when = "within its answer" if self._has_headers else "without an answer"
        raise EngineError(
            f"{self._where} ended the connection {when}{how}; see the engine's log",
            error_class="reset",
            http_status=self.status if self._has_headers else None,
        ) from cause

    @property
    def _open_parser(self) -> httptools.HttpResponseParser:
        if self._parser is None:
            raise RuntimeError("the response was released")
        return self._parser

    @property
    def _ends_with_connection(self) -> bool:
        return not {"content-length", "transfer-encoding"} & self.headers.keys()

    def _broken(self, what: str) -> EngineError:
        return EngineError(
            f"{self._where} answered what is not HTTP/1.1 as we know it: {what}",
            error_class="protocol",
            http_status=self.status or None,
        )

    # What httptools calls while it parses.

    def on_message_begin(self) -> None:
        """Note bytes that follow a message which was complete."""
        self._has_excess = self.is_complete

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Note the status, unless it is an interim one."""
        if not self.is_complete:
            self.status = self._open_parser.get_status_code()
            self._has_headers = self.status >= _FIRST_FINAL_STATUS

    def on_body(self, body: bytes) -> None:
        """Keep a piece, with the stamp of the read that holds it."""
        if not self._has_excess:
            self._pieces.append((self._arrived_ns, body))

    def on_message_complete(self) -> None:
        """Note the end, unless it is an interim response's."""
        if self._has_headers:
            self.is_complete = True
            self._keeps_alive = self._open_parser.should_keep_alive()
        else:
            self.headers.clear()
