"""The process of a server that others started, where it runs on this host."""

import ipaddress
import time
from pathlib import Path

from yoyak.engines.http_address import Address
from yoyak.host.find import find_listening_pid, find_pids_by_command
from yoyak.host.kernel_files import read_text
from yoyak.host.proc import pid_namespace, process_stat

_LOOK_AGAIN_S = 10.0  # a search reads every process's descriptors


def boot_id() -> str | None:
    """Return this boot's id: with it and a namespace, others can tell whether a pid is theirs."""
    return read_text(Path("/proc/sys/kernel/random/boot_id"))


class LocalProcess:
    """Finds a server's process by its port, else by its program's name; looks again once it ends.

    Attributes:
        is_local: the address is this host's own loopback.
        boot_id: of this host.
        pid_namespace: ours, in which `pid` counts.
    """

    def __init__(self, address: Address, program: str | None = None) -> None:
        """Look for nothing yet; without a program's name, by the port only."""
        self.is_local = _is_loopback(address.host)
        self.boot_id = boot_id()
        self.pid_namespace = pid_namespace()
        self._address = address
        self._program = program
        self._pid: int | None = None
        self._looked_s = float("-inf")

    def pid(self) -> int | None:
        """Return its pid, or None if it is elsewhere, hidden from us, or one of several."""
        if not self.is_local:
            return None
        if self._pid is not None and process_stat(self._pid) is None:
            self._pid, self._looked_s = None, float("-inf")
        if self._pid is None and time.monotonic() - self._looked_s > _LOOK_AGAIN_S:
            self._looked_s = time.monotonic()
            self._pid = find_listening_pid(self._address.port) or self._only_one()
        return self._pid

    def _only_one(self) -> int | None:
        # A container's port is held by a forwarder; its process shows by its name.
        found = () if self._program is None else find_pids_by_command(self._program)
        return found[0] if len(found) == 1 else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
