"""Connections that are open before they are needed, so that connecting is in nobody's time."""

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections import deque
from time import monotonic_ns

from yoyak.engines.http_address import Address
from yoyak.engines.http_arrivals import Arrivals
from yoyak.engines.http_connection import QUIET_S, Connection
from yoyak.errors import EngineError

# Servers close what lies idle: llama-server and uvicorn after 5 s. A request that meets such a
# close on its way is lost, so a connection is renewed before.
MOST_IDLE_S = 4.0
KEEP_READY_S = 60.0  # after the last use; then idle connections end, and the next request connects
CONNECT_TIMEOUT_S = 10.0
# Where more wait to be accepted than a server allows (100 of asyncio's, 128 on older systems), the
# kernel drops what comes, and tries again a second later. So groups, and time to accept each.
_OPENED_AT_ONCE = 64
_TO_ACCEPT_S = 0.01
_CLOSE_S = 1.0
# What the engine cannot help, and what would.
_OWN_LIMITS = {
    errno.EMFILE: "raise the limit of open files (ulimit -n), or send fewer requests at once",
    errno.ENFILE: "raise this host's limit of open files (sysctl fs.file-max)",
    errno.EADDRNOTAVAIL: "wait for ports to be free again, or allow more of them "
    "(sysctl net.ipv4.ip_local_port_range)",
}
_SOON_S = 0.5  # a server that closes a new connection within it gets no further one unasked


class ConnectionPool:
    """Open connections to one address; those used longest ago are taken first.

    Where the server answers one request a connection (`is_one_shot`), as many wait ready as `warm`
    was told, beside those in use; otherwise those in use count, since they come back.
    """

    def __init__(self, address: Address, *, is_one_shot: bool) -> None:
        """Begin with none."""
        self.address = address
        self.is_one_shot = is_one_shot
        self._ssl = address.ssl_context()
        self._arrivals = Arrivals()
        self._known: list[str] = []  # numeric addresses, the one that worked first
        self._idle: deque[Connection] = deque()
        self._timers: dict[Connection, asyncio.TimerHandle] = {}
        self._opened_s: dict[Connection, float] = {}  # of those that are open
        self._openings: set[asyncio.Task[None]] = set()
        self._wanted = 0
        self._used_s = float("-inf")
        self._is_closed = False
        self._gathering: set[Connection] = set()
        self._turn = 0
        self._quiet_timer: asyncio.TimerHandle | None = None
        self._all_gone = asyncio.Event()  # set once, when a closed pool has no connection left

    async def warm(self, connections: int) -> None:
        """Return when so many connections are ready, and keep them so while the pool is used.

        Raises:
            EngineError: none can be made (class connect).
        """
        self._wanted = connections
        self._used_s = asyncio.get_running_loop().time()
        missing = self._missing()
        for opened in range(0, missing, _OPENED_AT_ONCE):
            if opened:
                await asyncio.sleep(_TO_ACCEPT_S)
            together = min(_OPENED_AT_ONCE, missing - opened)
            for connection in await asyncio.gather(*(self.open() for _ in range(together))):
                self._put_idle(connection)

    def take_ready(self) -> Connection | None:
        """Return a connection that is open and fresh, or None."""
        self._used_s = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.popleft()
            self._timers.pop(connection).cancel()
            connection.catch_up()
            if connection.can_send and not connection.has_unread:
                return connection
            connection.abort()
        return None

    async def open(self) -> Connection:
        """Connect and return the new connection.

        Raises:
            EngineError: no connection can be made (class connect).
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                connection = await self._connect()
        except TimeoutError as error:
            raise self._unreachable(f"no answer within {CONNECT_TIMEOUT_S:.0f} s") from error
        except OSError as error:  # also of TLS and of name resolution
            self._known.clear()
            mend = _OWN_LIMITS.get(error.errno or 0)
            raise self._unreachable(error.strerror or str(error), mend) from error
        if connection.can_send:  # one that was refused in the meantime is not counted
            self._opened_s[connection] = asyncio.get_running_loop().time()
        return connection

    def give_back(self, connection: Connection, *, is_usable: bool) -> None:
        """Take a connection whose request has ended; one that is not usable is closed."""
        if is_usable and not self.is_one_shot and not self._is_closed:
            self._put_idle(connection)
        else:
            connection.close()

    def gather(self, connection: Connection) -> None:
        """Let the reads of a connection in use gather until `gather_no_more`."""
        connection.gather(self._turn)
        self._turn += 1
        self._gathering.add(connection)
        self._arrivals.may_wait = True
        if self._quiet_timer is None:
            self._look_for_quiet()

    def gather_no_more(self, connection: Connection) -> None:
        """Wake the reader of a connection at each read."""
        connection.gather_no_more()
        self._gathering.discard(connection)
        self._arrivals.may_wait = bool(self._gathering)

    def replenish(self) -> None:
        """Open in the background what is missing of what `warm` was told.

        Failures are left for the next request, which connects itself and says why it cannot.
        """
        if self._is_closed or not self._is_in_use():
            return
        for _ in range(self._missing()):
            opening = asyncio.get_running_loop().create_task(self._open_spare())
            self._openings.add(opening)
            opening.add_done_callback(self._openings.discard)

    async def close(self) -> None:
        """Close every connection, those in use too."""
        self._is_closed = True
        for opening in tuple(self._openings):
            opening.cancel()
        await asyncio.gather(*self._openings, return_exceptions=True)
        for timer in self._timers.values():
            timer.cancel()
        if self._quiet_timer is not None:
            self._quiet_timer.cancel()
        for connection in tuple(self._opened_s):
            connection.abort()
        with contextlib.suppress(TimeoutError):  # nobody on the other side can hold us
            async with asyncio.timeout(_CLOSE_S):
                if self._opened_s:
                    await self._all_gone.wait()

    def _look_for_quiet(self) -> None:
        """Wake the readers of streams that have stopped flowing; come again while some gather."""
        self._quiet_timer = None
        if self._gathering:
            now_ns = monotonic_ns()
            for connection in self._gathering:
                connection.wake_if_quiet(now_ns)
            loop = asyncio.get_running_loop()
            self._quiet_timer = loop.call_later(QUIET_S / 2, self._look_for_quiet)

    async def _connect(self) -> Connection:
        """Try each address of the host in turn, beginning with the one that worked last."""
        address = self.address
        if not self._known:
            self._known = await _resolve(address)
        failure: OSError | None = None
        for host in tuple(self._known):
            try:
                connection = await self._connect_to(host)
            except OSError as error:
                failure = error
                continue
            self._known.sort(key=lambda known: known != host)
            return connection
        raise failure or OSError(f"{address.host} has no address")

    async def _connect_to(self, host: str) -> Connection:
        if self._ssl is None:
            connection = Connection(self._lost)
            connection.open_on(await self._arrivals.connect(host, self.address.port, connection))
            return connection
        _, encrypted = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._lost),
            host,
            self.address.port,
            ssl=self._ssl,
            server_hostname=self.address.host,
        )
        return encrypted

    async def _open_spare(self) -> None:
        try:
            connection = await self.open()
        except EngineError:
            return
        self._put_idle(connection)

    def _missing(self) -> int:
        """Return how many connections are fewer than wanted, those being opened counted."""
        have = len(self._idle) if self.is_one_shot else len(self._opened_s)
        return max(0, self._wanted - have - len(self._openings))

    def _put_idle(self, connection: Connection) -> None:
        if not connection.can_send:
            return
        loop = asyncio.get_running_loop()
        self._idle.append(connection)
        self._timers[connection] = loop.call_later(MOST_IDLE_S, self._renew, connection)

    def _renew(self, connection: Connection) -> None:
        self._forget_idle(connection)
        connection.close()  # `_lost` then sees to the next one

    def _forget_idle(self, connection: Connection) -> None:
        timer = self._timers.pop(connection, None)
        if timer is not None:
            timer.cancel()
            self._idle.remove(connection)

    def _lost(self, connection: Connection) -> None:
        self._forget_idle(connection)
        opened_s = self._opened_s.pop(connection, None)
        if self._is_closed and not self._opened_s:
            self._all_gone.set()
        loop = asyncio.get_running_loop()
        if opened_s is not None and loop.time() - opened_s >= _SOON_S:
            self.replenish()

    def _is_in_use(self) -> bool:
        return asyncio.get_running_loop().time() - self._used_s < KEEP_READY_S

    def _unreachable(self, reason: str, mend: str | None = None) -> EngineError:
        mend = mend or "start the engine, or give its address with --url"
        return EngineError(
            f"no connection to {self.address.url} ({reason}); {mend}", error_class="connect"
        )


async def _resolve(address: Address) -> list[str]:
    """Return the host's numeric addresses in the resolver's order."""
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(address.host))]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
