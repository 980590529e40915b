"""TCP sockets whose bytes bear the kernel's time of their arrival, read by one poll for all.

The kernel stamps a segment when it comes in, on the wall clock; so a stamp does not depend on how
busy this process is, nor on how soon it is woken. Where many streams flow, and their readers want
stamps and no chunk at once, the poll waits a little between two looks: the stamps lose nothing by
it, and each look costs more than the reads.

Source:
    socket(7), SO_TIMESTAMPNS. Of a read that takes in several segments the kernel tells the last
    one's stamp.
"""

import asyncio
import select
import socket
import struct
from contextlib import suppress
from time import monotonic_ns, time_ns
from typing import NamedTuple, Protocol

from yoyak.units import KIB, MS_PER_S, NS_PER_S, US_PER_S

READ_BYTES = 64 * KIB
EVENTS_MOST = 256  # of one look
# Two looks within this time of each other: streams flow, and the next look may wait so long.
LOOK_EVERY_NS = NS_PER_S // MS_PER_S
CATCH_UP_NS = 2 * LOOK_EVERY_NS
_SO_TIMESTAMPNS = 35  # Linux; Python 3.11 has no name for it
_TIMESPEC = struct.Struct("@qq")
_SPACE = socket.CMSG_SPACE(_TIMESPEC.size)
_CLOCKS_APART_MOST_NS = 20 * NS_PER_S // US_PER_S  # reading both was interrupted: read them again
_CLOCKS_TRIES = 3
# The wall clock is slewed by 500 ppm at most: a change beyond that and this between two readings
# means that it was set, and bytes that wait may bear stamps of nobody knows which of the two.
_SET_NS = NS_PER_S // MS_PER_S
_SLEW_MOST = 500e-6
_PENDING_MOST_NS = 10 * NS_PER_S  # a stamp so long before the last look is not believed
_READS_MOST = 256  # of one socket in a row: more than the kernel's buffers hold


class Receiver(Protocol):
    """What takes the bytes: as asyncio.Protocol, but with stamps."""

    def arrived(self, arrived_ns: int, data: bytes) -> None:
        """Take bytes and the time of their arrival, CLOCK_MONOTONIC."""
        ...

    def eof_received(self) -> None:
        """Note that the other side sends no more."""
        ...

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the socket is closed, and what broke it."""
        ...


class Arrivals:
    """Reads every socket that it is given; belongs to the event loop that runs when it gets one."""

    def __init__(self) -> None:
        """Watch nothing yet.

        Attributes:
            may_wait: readers take what comes late, so that looks may be few.
        """
        self.may_wait = False
        self._epoll: select.epoll | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sockets: dict[int, StampedSocket] = {}
        self._looked_ns = 0
        self._clocks: tuple[int, int] | None = None  # when they were read last, and their offset
        self._doubted_until_ns = 0
        self._next_look: asyncio.TimerHandle | None = None

    async def connect(self, host: str, port: int, receiver: Receiver) -> "StampedSocket":
        """Return a socket that is connected to a numeric address.

        Raises:
            OSError: there is no connection.
        """
        flags = socket.AI_NUMERICHOST
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(OSError):  # without it stamps are taken when the bytes are read
                sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            await asyncio.get_running_loop().sock_connect(sock, address)
        except BaseException:
            sock.close()
            raise
        return StampedSocket(self, sock, receiver)

    def watch(self, stamped: "StampedSocket") -> None:
        """Read this socket from now on."""
        if self._epoll is None:
            self._epoll = select.epoll()
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._epoll.fileno(), self._ready)
            self._looked_ns = monotonic_ns()
            self._clocks = None  # they may have gone apart since the last socket
        self._sockets[stamped.fd] = stamped
        self._epoll.register(stamped.fd, select.EPOLLIN)

    def watch_for(self, stamped: "StampedSocket", events: int) -> None:
        """Watch a socket for other events than before."""
        if self._epoll is not None:
            self._epoll.modify(stamped.fd, events)

    def forget(self, stamped: "StampedSocket") -> None:
        """Watch a socket, which is still open, no longer; with the last one the watching ends."""
        if self._sockets.pop(stamped.fd, None) is None or self._epoll is None:
            return
        self._epoll.unregister(stamped.fd)
        if not self._sockets and self._loop is not None:
            if self._next_look is not None:
                self._next_look.cancel()
                self._next_look = None
            else:
                self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None

    def catch_up(self) -> None:
        """Read what is there if the last look was long ago: work is under way on every side.

        A second piece that comes before the first is read would take its stamp.
        """
        if self.is_behind():
            self._look()

    def is_behind(self) -> bool:
        """Say whether the last look was long ago."""
        return monotonic_ns() - self._looked_ns > CATCH_UP_NS

    def _ready(self) -> None:
        before_ns = self._looked_ns
        self._look()
        if (
            self.may_wait
            and self._looked_ns - before_ns < LOOK_EVERY_NS
            and self._loop is not None
            and self._epoll is not None
        ):
            self._loop.remove_reader(self._epoll.fileno())
            self._next_look = self._loop.call_later(LOOK_EVERY_NS / NS_PER_S, self._look_again)

    def _look_again(self) -> None:
        """Look, and again after the same time as long as there is much to see."""
        self._next_look = None
        if self._loop is None or self._epoll is None:
            return
        seen = 0
        try:
            seen = self._look()
        finally:  # whatever went wrong with one socket, the others are still looked at
            if self._epoll is not None and self.may_wait and seen > 1:
                self._next_look = self._loop.call_later(LOOK_EVERY_NS / NS_PER_S, self._look_again)
            elif self._epoll is not None:
                self._loop.add_reader(self._epoll.fileno(), self._ready)

    def _look(self) -> int:
        """Read every socket that has something; return how many there were."""
        if self._epoll is None:
            return 0
        clock = self.clock()
        self._looked_ns = monotonic_ns()
        events = self._epoll.poll(0, EVENTS_MOST)
        for fd, event in events:
            stamped = self._sockets.get(fd)
            if stamped is not None:  # an earlier one of these has not closed it
                stamped.ready(event, clock)
        return len(events)

    def clock(self) -> "StampClock | None":
        """Return how stamps are to be read now; None if they cannot be.

        Once the wall clock was set, what waits to be read may bear a stamp of before. None is
        believed that is older than _PENDING_MOST_NS, so after that time all are of the new clock.
        """
        now_ns, offset_ns = monotonic_ns(), _offset_ns()
        before_ns, offset_before_ns = self._clocks or (now_ns, offset_ns)
        self._clocks = (now_ns, offset_ns)
        if abs(offset_ns - offset_before_ns) > _SET_NS + _SLEW_MOST * (now_ns - before_ns):
            self._doubted_until_ns = now_ns + _PENDING_MOST_NS
        if now_ns < self._doubted_until_ns:
            return None
        return StampClock(offset_ns, self._looked_ns - _PENDING_MOST_NS)


class StampClock(NamedTuple):
    """How the kernel's stamps are read.

    Attributes:
        offset_ns: the monotonic clock less the wall clock.
        oldest_ns: no stamp before this can be, on the monotonic clock.
    """

    offset_ns: int
    oldest_ns: int


class StampedSocket:
    """One socket: what asyncio's transports are, as far as a connection needs it."""

    def __init__(self, arrivals: Arrivals, sock: socket.socket, receiver: Receiver) -> None:
        """Take a connected socket."""
        self.fd = sock.fileno()
        self._arrivals = arrivals
        self._sock = sock
        self._receiver = receiver
        self._unsent = b""
        self._is_closing = False
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        arrivals.watch(self)

    def write(self, data: bytes) -> None:
        """Send all of `data`, at once as far as the kernel takes it."""
        if self._is_closing:
            return
        if self._unsent:
            self._unsent += data
            return
        self._send(data)

    def close(self) -> None:
        """Close when everything is sent."""
        self._is_closing = True
        if not self._unsent:
            self._end(None)

    def abort(self) -> None:
        """Close now."""
        self._end(None)

    def is_closing(self) -> bool:
        """Whether it was closed, or broke, though the receiver may not have been told yet."""
        return self._is_closing

    def catch_up(self) -> None:
        """Read what has come on all sockets if the last look was long ago."""
        self._arrivals.catch_up()

    def catch_up_alone(self) -> None:
        """Read what has come on this one if the last look was long ago; cheap, where all is not."""
        if self._arrivals.is_behind():
            self.take_in()

    def take_in(self) -> None:
        """Read all that has come on this one."""
        clock = self._arrivals.clock()
        for _ in range(_READS_MOST):
            if self._is_closed or not self._read(clock):
                return

    def ready(self, event: int, clock: StampClock | None) -> None:
        """Read, or send on.

        Args:
            event: what epoll said.
            clock: how stamps are read; None if they cannot be.
        """
        if event & select.EPOLLOUT and self._unsent:
            unsent, self._unsent = self._unsent, b""
            self._send(unsent)
            if not self._unsent and not self._is_closed:
                self._arrivals.watch_for(self, select.EPOLLIN)
                if self._is_closing:
                    self._end(None)
        if event & ~select.EPOLLOUT and not self._is_closed:
            self._read(clock)

    def _read(self, clock: StampClock | None) -> bool:
        """Read once; return whether there was something."""
        try:
            data, notes, _, _ = self._sock.recvmsg(READ_BYTES, _SPACE)
        except BlockingIOError:
            return False
        except OSError as error:
            self._end(error)
            return False
        if data:
            self._receiver.arrived(arrived_ns(notes, clock, monotonic_ns()), data)
        else:
            self._receiver.eof_received()
            self._end(None)  # who has ended its answer does not need the rest of the request
        return bool(data)

    def _send(self, data: bytes) -> None:
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._end(error)
            return
        if sent < len(data):
            self._unsent = data[sent:]
            self._arrivals.watch_for(self, select.EPOLLIN | select.EPOLLOUT)

    def _end(self, cause: Exception | None) -> None:
        if self._is_closed:
            return
        self._is_closing = self._is_closed = True
        self._unsent = b""
        self._arrivals.forget(self)
        self._sock.close()
        self._loop.call_soon(self._receiver.connection_lost, cause)


def arrived_ns(notes: list[tuple[int, int, bytes]], clock: StampClock | None, read_ns: int) -> int:
    """Return when the bytes of a read came in, on the monotonic clock.

    Args:
        notes: the ancillary data of the read.
        clock: how stamps are read; None if they cannot be.
        read_ns: the monotonic clock after the read: the answer where the kernel's stamp is absent,
            or cannot be.
    """
    if clock is not None:
        for level, kind, data in notes:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
                second, rest_ns = _TIMESPEC.unpack_from(data)
                stamp_ns: int = second * NS_PER_S + rest_ns + clock.offset_ns
                if clock.oldest_ns < stamp_ns <= read_ns:
                    return stamp_ns
    return read_ns


def _offset_ns() -> int:
    """Return the monotonic clock less the wall clock, both read at one moment."""
    best_ns, offset_ns = None, 0
    for _ in range(_CLOCKS_TRIES):
        before_ns = monotonic_ns()
        wall_ns = time_ns()
        apart_ns = monotonic_ns() - before_ns
        if best_ns is None or apart_ns < best_ns:
            best_ns, offset_ns = apart_ns, before_ns + apart_ns // 2 - wall_ns
        if apart_ns < _CLOCKS_APART_MOST_NS:
            break
    return offset_ns
