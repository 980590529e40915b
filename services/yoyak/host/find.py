"""Finding an engine's process: by the port it listens on, or by its command."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from yoyak.host.kernel_files import entries, read_link, read_text
from yoyak.host.proc import pid_namespace, process_stat

_LISTEN = "0A"
PORT_FORWARDERS = ("docker-proxy", "rootlessport", "slirp4netns")
TUNNELS = ("ssh", "sshd", "sshd-session", "kubectl", "socat")  # their other end may be anywhere


def find_listening_pid(port: int, root: Path = Path("/")) -> int | None:
    """Return the process that listens on a TCP port of this network namespace, or None.

    /proc/net/tcp and tcp6 name the socket's inode, /proc/PID/fd who holds it. Where several
    processes hold the socket (workers forked by one parent), the eldest is taken: the root of
    their tree. None also where the holder belongs to another user and we are not root, and where
    it only forwards the port into a container: `find_anywhere` looks there too.
    """
    wanted = {f"socket:[{inode}]" for _, inode in listening_sockets(root / "proc/net", port)}
    if not wanted:
        return None
    return _eldest(
        [
            pid
            for pid in pids(root)
            if holds(pid, wanted, root) and command(pid, root) not in (*PORT_FORWARDERS, *TUNNELS)
        ],
        root,
    )


def find_pids_by_command(name: str, root: Path = Path("/")) -> tuple[int, ...]:
    """Return the processes whose program is called so, eldest first.

    The name is compared with the last part of argv[0] and of the first argument's path, so that
    `ollama` finds `/usr/bin/ollama serve`. Works in the host's pid namespace for containers too.
    """
    found = [pid for pid in pids(root) if name in program_names(pid, root)]
    return by_age(found, root)


def find_pid_of_namespace(pid: int, namespace: int, root: Path = Path("/")) -> int | None:
    """Return our number for a process that another pid namespace calls `pid`, or None.

    An engine in a container reports its pid and its namespace's inode; seen from the host the
    same process has another number. The kernel lists both (NSpid, from Linux 4.1).
    """
    if pid_namespace(root) == namespace:
        return pid if process_stat(pid, root) else None
    for ours in pids(root):
        if pid_namespace(root, ours) == namespace:
            status = read_text(root / f"proc/{ours}/status") or ""
            numbers = [line.split()[1:] for line in status.splitlines() if line.startswith("NSpid")]
            if numbers and numbers[0][-1:] == [str(pid)]:
                return ours
    return None


def listening_sockets(net: Path, port: int) -> Iterator[tuple[str, str]]:
    """Yield (address, inode) of the sockets that listen on a port, as a net folder lists them.

    Args:
        net: /proc/net, or /proc/PID/net of another network namespace.
        port: TCP.
    """
    for table in ("tcp", "tcp6"):
        for line in (read_text(net / table) or "").splitlines()[1:]:
            columns = line.split()
            if len(columns) > 9 and columns[3] == _LISTEN:
                address, _, local_port = columns[1].rpartition(":")
                if int(local_port, 16) == port:
                    yield address, columns[9]


def holds(pid: int, sockets: set[str], root: Path) -> bool:
    """Say whether a process has one of the sockets open; no if it does not show us."""
    descriptors = root / "proc" / str(pid) / "fd"
    return any(read_link(descriptors / name) in sockets for name in entries(descriptors))


def pids(root: Path) -> Iterator[int]:
    """Yield all processes that are shown to us."""
    return (int(name) for name in entries(root / "proc") if name.isdigit())


def command(pid: int, root: Path) -> str | None:
    """Return the kernel's short name of a process."""
    return read_text(root / f"proc/{pid}/comm")


def program_names(pid: int, root: Path) -> set[str]:
    """Return what a process's program may be called: argv[0], or a script that it runs."""
    arguments = (read_text(root / f"proc/{pid}/cmdline") or "").split("\0")
    return {argument.rpartition("/")[2] for argument in arguments[:2] if argument}


def by_age(found: Iterable[int], root: Path) -> tuple[int, ...]:
    """Return the processes that still live, eldest first."""
    started = {pid: stat.starttime_ticks for pid in found if (stat := process_stat(pid, root))}
    return tuple(sorted(started, key=lambda pid: (started[pid], pid)))


def _eldest(found: Iterable[int], root: Path) -> int | None:
    return next(iter(by_age(found, root)), None)
