"""One TCP connection whose bytes are stamped as they arrive, before anybody looks at them.

Parsing waits until the event loop has taken in what arrived on the other connections as well:
with 256 streams in lockstep, work done between two reads would count as lateness of the second.
"""

import asyncio
from collections.abc import Callable
from time import monotonic_ns
from typing import cast

Received = tuple[int, bytes]  # CLOCK_MONOTONIC when the bytes came in, and the bytes


class Connection(asyncio.Protocol):
    """The receiving end of a connection; one task reads it at a time."""

    def __init__(self, on_lost: Callable[["Connection"], None]) -> None:
        """Wait to be connected.

        Args:
            on_lost: called once when the connection is gone, whoever ended it.
        """
        self.is_open = False
        self.lost_cause: Exception | None = None  # what broke it; None for an orderly end
        self.last_arrival_ns: int | None = None
        self._on_lost = on_lost
        self._received: list[Received] = []
        self._waiter: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        # uvloop's are no subclass of asyncio.Transport. Both loops set TCP_NODELAY themselves.
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Stamp and keep; the reader parses later."""
        arrived_ns = monotonic_ns()
        self._received.append((arrived_ns, data))
        self.last_arrival_ns = arrived_ns
        self._wake()

    def eof_received(self) -> None:
        """Note at once that the server closes; the loop tells of the loss a turn later."""
        self.is_open = False
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the reader know, after what was received."""
        self.is_open = False
        self.lost_cause = exc
        self._transport = None  # they hold each other, and the collector may be off in a run
        self._wake()
        self._on_lost(self)

    @property
    def has_unread(self) -> bool:
        """Whether bytes wait for a reader."""
        return bool(self._received)

    def send(self, data: bytes) -> None:
        """Write all of `data`."""
        if self._transport is not None:
            self._transport.write(data)

    async def receive(self) -> list[Received]:
        """Return all that came in since the last call, at least one read; [] once it has ended.

        Raises:
            Exception: the one given to `fail`.
        """
        while not self._received:
            if self._failure is not None:
                raise self._failure
            if not self.is_open:
                return []
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        received, self._received = self._received, []
        return received

    def fail(self, failure: Exception) -> None:
        """Give the connection up; the reader gets `failure`."""
        if self._failure is None:
            self._failure = failure
            self._wake()
            self.abort()

    def close(self) -> None:
        """End the connection in order."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection now; the other side sees that nobody listens any more."""
        if self._transport is not None:
            self._transport.abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
