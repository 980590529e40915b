"""The process of a server that others started, where it runs on this host."""

import ipaddress
import socket
import time
from pathlib import Path

from yoyak.engines.http_address import Address
from yoyak.host.find import find_listening_pid
from yoyak.host.find_anywhere import Listener, find_listener, find_loopback_listener
from yoyak.host.kernel_files import read_text
from yoyak.host.proc import pid_namespace, process_stat
from yoyak.records import PidUnknown

# A search reads a table or more of every process. What was not found once is seldom there later:
# the pause doubles, so that it costs a long run nothing.
_LOOK_AGAIN_S = 10.0
_LOOK_AGAIN_MOST_S = 320.0
# A health check that the container's runtime starts beside the server, once a second at first,
# makes two of one for as long as it runs.
_DOUBTS = 4
_DOUBT_S = 0.4


def boot_id() -> str | None:
    """Return this boot's id: with it and a namespace, others can tell whether a pid is theirs."""
    return read_text(Path("/proc/sys/kernel/random/boot_id"))


class LocalProcess:
    """Finds a server's process by its address; looks again once it ends.

    The address may be our own, or a container's on this host, whose processes our /proc shows if
    we run in the host's pid namespace.

    Attributes:
        is_local: the address is this host's own loopback.
        boot_id: of this host.
        pid_namespace: ours, in which `pid` counts.
        why_not: why there is no pid, as of the last search.
    """

    def __init__(self, address: Address, program: str | None = None) -> None:
        """Look for nothing yet.

        Args:
            address: of the server.
            program: its name, which decides where the address alone does not.
        """
        self.is_local = _is_loopback(address.host)
        self.boot_id = boot_id()
        self.pid_namespace = pid_namespace()
        self.why_not: PidUnknown | None = None
        self._address = address
        self._program = program
        self._pid: int | None = None
        self._looked_s = float("-inf")
        self._pause_s = _LOOK_AGAIN_S

    def pid(self) -> int | None:
        """Return its pid, or None if it is elsewhere, hidden from us, or one of several.

        Resolves the server's name, and waits up to 2 s where it is in doubt: not for an event loop.
        """
        if self._pid is not None and process_stat(self._pid) is None:
            self._pid, self._looked_s, self._pause_s = None, float("-inf"), _LOOK_AGAIN_S
        if self._pid is None and time.monotonic() - self._looked_s > self._pause_s:
            if self._looked_s > float("-inf"):
                self._pause_s = min(2 * self._pause_s, _LOOK_AGAIN_MOST_S)
            found = self._search()
            for _ in range(_DOUBTS):
                if found.pid is not None or found.why_not == "elsewhere":
                    break
                time.sleep(_DOUBT_S)
                found = self._search()
            self._looked_s = time.monotonic()
            self._pid, self.why_not = found.pid, found.why_not
        return self._pid

    def _search(self) -> Listener:
        port = self._address.port
        if not self.is_local:
            addresses = _resolved(self._address.host, port)
            if any(address.is_loopback for address in addresses):
                return find_loopback_listener(port, program=self._program)
            return find_listener(addresses, port, program=self._program)
        pid = find_listening_pid(port)
        if pid is not None:
            return Listener(pid, None)
        return find_loopback_listener(port, program=self._program)


def _resolved(host: str, port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Return the addresses that a name stands for; none if it stands for nothing now."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [ipaddress.ip_address(str(address[0]).partition("%")[0]) for *_, address in found]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
