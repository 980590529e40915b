"""Finding who serves an address, in any network namespace of this host: a container's too.

A container's address belongs to a network of its own, which /proc/PID/net shows for each of its
processes, to every user. Who holds the socket is shown to its own user and to root only; for
others the container's first process must do, and where two could be it none is taken.
"""

import ipaddress
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from yoyak.host.find import (
    PORT_FORWARDERS,
    TUNNELS,
    by_age,
    command,
    find_pids_by_command,
    holds,
    listening_sockets,
    pids,
    program_names,
)
from yoyak.host.kernel_files import read_text
from yoyak.host.proc import process_stat
from yoyak.records import PidUnknown

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LOCAL_V4 = re.compile(r"\|-- (\d+\.\d+\.\d+\.\d+)\n\s+/32 host LOCAL")
_INIT = 1


@dataclass(frozen=True, slots=True)
class Listener:
    """The process that serves an address, or why it is not known.

    Attributes:
        pid: root of the tree that serves it, as our /proc counts.
        why_not: "elsewhere": nobody here listens there. "hidden": somebody does, and who is not
            shown to us. "several": more than one process could be it.
    """

    pid: int | None
    why_not: PidUnknown | None


def find_listener(
    addresses: Collection[Address],
    port: int,
    *,
    program: str | None = None,
    root: Path = Path("/"),
) -> Listener:
    """Return who listens on one of the addresses, in whichever network namespace that is.

    Args:
        addresses: what the server's name resolves to; none of them a loopback address, which
            every network has for itself.
        port: TCP.
        program: the name of the server's program, which decides between processes that share a
            network, such as a shell that somebody opened in the container.
        root: where /proc is.
    """
    members = _members(lambda net: _serving(net, addresses, port), root)
    if not members:
        return Listener(None, "elsewhere")
    return _agreed([_of_socket(inode, near, program, root) for inode, near in members.items()])


def find_loopback_listener(
    port: int, *, program: str | None = None, root: Path = Path("/")
) -> Listener:
    """Return who serves a port of our own loopback interface, a container's published port too.

    Where the kernel forwards the port into a container without a process that tells where to, the
    only process with the program's name must do. A tunnel's own memory is not an engine's.
    """
    own = {inode for _, inode in listening_sockets(root / "proc/net", port)}
    sockets = {f"socket:[{inode}]" for inode in own}
    if any(command(pid, root) in TUNNELS and holds(pid, sockets, root) for pid in pids(root)):
        return Listener(None, "elsewhere")
    near = _members(lambda net: {inode for _, inode in listening_sockets(net, port)} & own, root)
    found = _agreed([_of_socket(inode, near.get(inode, []), program, root) for inode in own])
    if found.pid is not None or found.why_not == "several":
        return found
    proxies = [pid for pid in pids(root) if _forwards(pid, port, root)]
    if proxies:
        return _agreed([_behind_forwarder(pid, program, root) for pid in proxies])
    named = () if program is None else find_pids_by_command(program, root)
    if len(named) == 1:
        return Listener(named[0], None)
    return Listener(None, "several" if named else found.why_not)


def _agreed(found: Collection[Listener]) -> Listener:
    """Return the one process that all sockets lead to."""
    known = {listener.pid for listener in found if listener.pid is not None}
    reasons = {listener.why_not for listener in found if listener.why_not is not None}
    if len(known) > 1 or "several" in reasons:
        return Listener(None, "several")
    if known:
        return Listener(known.pop(), None)  # v4 and v6 may differ in what they show
    return Listener(None, "hidden" if reasons else "elsewhere")


def _members(serving: Callable[[Path], set[str]], root: Path) -> dict[str, list[int]]:
    """Return sockets by inode, each with the processes that share its network.

    Reading a table walks the kernel's whole hash of connections, 5 to 25 ms, so each network is
    asked once: the same network's tables have the same inode number, whoever looks at them.

    Args:
        serving: returns the sockets that matter, of a /proc/PID/net.
        root: where /proc is.
    """
    members: defaultdict[str, list[int]] = defaultdict(list)
    known: dict[int, set[str]] = {}
    for pid in pids(root):
        net = root / f"proc/{pid}/net"
        try:
            network = (net / "tcp").stat().st_ino
        except OSError:
            continue  # it has ended
        if network not in known:
            known[network] = serving(net)
        for inode in known[network]:
            members[inode].append(pid)
    return members


def _serving(net: Path, addresses: Collection[Address], port: int) -> set[str]:
    """Return the sockets of a network that listen for the addresses."""
    own = _own_addresses(net)
    wanted = {address for address in addresses if address in own}
    if not wanted:
        return set()
    listening = [(address_of(local), inode) for local, inode in listening_sockets(net, port)]
    return {inode for local, inode in listening if local.is_unspecified or local in wanted}


def address_of(words: str) -> Address:
    """Return an address of the kernel's tables: 32-bit words, each in this host's byte order.

    An IPv4 address that is written as an IPv6 one is the IPv4 address.
    """
    data = b"".join(
        int(words[start : start + 8], 16).to_bytes(4, "little") for start in range(0, len(words), 8)
    )
    address = ipaddress.ip_address(data)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _own_addresses(net: Path) -> set[Address]:
    """Return the addresses of a network namespace's own interfaces."""
    table = read_text(net / "fib_trie") or ""
    own: set[Address] = {ipaddress.ip_address(found) for found in _LOCAL_V4.findall(table)}
    for line in (read_text(net / "if_inet6") or "").splitlines():
        own.add(ipaddress.IPv6Address(bytes.fromhex(line.split()[0])))
    return own


def _of_socket(inode: str, near: Collection[int], program: str | None, root: Path) -> Listener:
    """Return who serves a socket: who holds it, where that is shown, else who alone can be it.

    Args:
        inode: of the socket.
        near: the processes that share its network.
        program: as for `find_listener`.
        root: where /proc is.
    """
    holders = by_age([pid for pid in near if holds(pid, {f"socket:[{inode}]"}, root)], root)
    forwarders = [pid for pid in holders if command(pid, root) in PORT_FORWARDERS]
    if forwarders:
        return _behind_forwarder(forwarders[0], program, root)
    if holders:
        return Listener(holders[0], None)  # workers share a socket with their parent, the eldest
    return _only_root(near, program, root)


def _forwards(pid: int, port: int, root: Path) -> bool:
    """Say whether a process is docker-proxy for a port of ours; its arguments are shown to all."""
    return command(pid, root) in PORT_FORWARDERS and _arguments(pid, root).get("-host-port") == str(
        port
    )


def _behind_forwarder(pid: int, program: str | None, root: Path) -> Listener:
    """Return who serves what docker-proxy forwards: its arguments name the container's address."""
    arguments = _arguments(pid, root)
    try:
        address = ipaddress.ip_address(arguments["-container-ip"])
        port = int(arguments["-container-port"])
    except (KeyError, ValueError):
        return Listener(None, "hidden")
    found = find_listener([address], port, program=program, root=root)
    return Listener(None, "hidden") if found.why_not == "elsewhere" else found


def _arguments(pid: int, root: Path) -> dict[str, str]:
    """Return each argument with the one that follows it."""
    words = (read_text(root / f"proc/{pid}/cmdline") or "").split("\0")
    return dict(itertools.pairwise(words))


def _only_root(near: Collection[int], program: str | None, root: Path) -> Listener:
    """Return the process of a network that all others there descend from, or the one so named."""
    stats = {pid: stat for pid in near if (stat := process_stat(pid, root)) is not None}
    first = [pid for pid, stat in stats.items() if stat.parent_pid not in stats]
    # The host's own network is init's, from whom everybody descends: that says nothing.
    if len(first) == 1 and first[0] != _INIT and command(first[0], root) not in PORT_FORWARDERS:
        return Listener(first[0], None)
    named = {pid for pid in stats if program is not None and program in program_names(pid, root)}
    eldest = [pid for pid in named if stats[pid].parent_pid not in named]
    if len(eldest) == 1:
        return Listener(eldest[0], None)
    return Listener(None, "several" if eldest else "hidden")
