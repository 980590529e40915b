"""One TCP connection whose bytes are stamped as they arrive, before anybody looks at them.

Parsing waits until the event loop has taken in what arrived on the other connections as well:
with 256 streams in lockstep, work done between two reads would count as lateness of the second.
A reader that needs stamps only, and no chunk at once, may let the reads gather: it is then woken
for many of them together, which costs a third of the time.
"""

import asyncio
from collections.abc import Callable
from time import monotonic_ns
from typing import cast

from yoyak.engines.http_arrivals import StampedSocket
from yoyak.units import NS_PER_S

Received = tuple[int, bytes]  # CLOCK_MONOTONIC when the bytes came in, and the bytes

# Reads that gather before their reader is woken, at most; beyond, waking costs no less a read.
GATHERED_MOST = 32
GATHERED_LEAST = 8
_GATHERED_STEP = 7  # shares no factor with the span of the two, so each number has its turn
# Silence after which a reader is woken for what has gathered: a server may end its answer without
# ending the message.
QUIET_S = 0.2
# The end of a message in HTTP chunks, trailers or not; a read of fewer bytes may be a part of it.
_MESSAGE_END = b"\r\n\r\n"
_RESTS_OF_END = len(_MESSAGE_END) - 1


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
        self._gathers = 0  # reads to gather before the reader is woken; 0: none
        self._waiter: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._transport: asyncio.Transport | StampedSocket | None = None
        self._stamped: StampedSocket | None = None

    def open_on(self, stamped: StampedSocket) -> None:
        """Take a connected socket, which brings its own stamps."""
        self._transport = self._stamped = stamped
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        # uvloop's are no subclass of asyncio.Transport. Both loops set TCP_NODELAY themselves.
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Stamp and keep what an encrypted connection brings; the reader parses later."""
        self.arrived(monotonic_ns(), data)

    def arrived(self, arrived_ns: int, data: bytes) -> None:
        """Keep what came in at that time; the reader parses later."""
        received = self._received
        received.append((arrived_ns, data))
        self.last_arrival_ns = arrived_ns
        if (
            len(received) >= self._gathers
            or len(data) <= _RESTS_OF_END
            or data.endswith(_MESSAGE_END)
        ):
            self._wake()

    def gather(self, turn: int) -> None:
        """Let reads gather, of a message in HTTP chunks, until `gather_no_more`.

        The reader is woken for the message's end, for what ends the connection, after `QUIET_S` if
        somebody calls `wake_if_quiet`, and for GATHERED_MOST reads. The first time it is for fewer,
        depending on `turn`: readers of streams that began together take turns.
        """
        span = GATHERED_MOST - GATHERED_LEAST + 1
        self._gathers = GATHERED_LEAST + turn * _GATHERED_STEP % span

    def gather_no_more(self) -> None:
        """Wake the reader at each read."""
        self._gathers = 0

    def wake_if_quiet(self, now_ns: int) -> None:
        """Wake the reader for what has gathered if nothing came lately."""
        last_ns = self.last_arrival_ns
        if self._received and last_ns is not None and now_ns - last_ns >= QUIET_S * NS_PER_S:
            self._wake()

    def eof_received(self) -> None:
        """Note at once that the server closes; the loop tells of the loss a turn later."""
        self.is_open = False
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the reader know, after what was received."""
        self.is_open = False
        self.lost_cause = exc
        self._transport = self._stamped = (
            None  # they hold each other, and the collector may be off in a run
        )
        self._wake()
        self._on_lost(self)

    @property
    def can_send(self) -> bool:
        """Whether a request can leave: nobody has begun to end the connection.

        `is_open` says whether its end was told to us, which is a turn of the loop later.
        """
        return self.is_open and self._transport is not None and not self._transport.is_closing()

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
            if self._stamped is not None:
                self._stamped.catch_up()
        received, self._received = self._received, []
        if self._gathers:
            self._gathers = GATHERED_MOST
        return received

    def fail(self, failure: Exception) -> None:
        """Give the connection up; the reader gets `failure`."""
        if self._failure is None:
            self._failure = failure
            self._wake()
            self.abort()

    def fail_at(self, due_ns: int, failure: Exception) -> None:
        """Give the connection up; the reader gets what had arrived by then, and then `failure`.

        This process may have been stopped, and what was there in time not be read yet: the server's
        end of the connection too, which the reader is then told instead. An encrypted connection
        does not tell when bytes came before they were read.
        """
        if self._stamped is not None:
            self._stamped.take_in()
        arrived, self._received = (
            self._received,
            [one for one in self._received if one[0] <= due_ns],
        )
        if self.can_send or len(self._received) < len(arrived):
            self.fail(failure)

    def catch_up(self) -> None:
        """Take note of what has come on it, an end too, if nobody has looked for a while."""
        if self._stamped is not None:
            self._stamped.catch_up_alone()

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
