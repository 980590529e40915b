"""Processes in network and pid namespaces of their own: containers, as far as /proc tells them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

Result = TypeVar("Result")
NOBODY = 65534
# What a container runtime does: an address on an interface that only these processes see.
_ADDRESS = 'ip link set lo up && ip address add "$0" dev lo && exec "$@"'
LISTENS = """
import socket, sys
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
sys.stdin.read()
"""
TELLS_ITS_PID = """
import os, sys
print(os.getpid(), os.stat("/proc/self/ns/pid").st_ino, flush=True)
sys.stdin.read()
"""


def need(*programs: str) -> None:
    """Skip the test where this user or machine cannot make namespaces."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    if os.getuid() != 0:
        pytest.skip("making namespaces takes root")
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no namespace can be made here: {tried.stderr.decode().strip()}")


@contextmanager
def running(*command: str) -> Iterator[tuple[int, str]]:
    """Run a command until the end of the context; yield its pid and its first line."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield process.pid, process.stdout.readline().decode().strip()
    finally:
        process.communicate(timeout=10)


@contextmanager
def listening(address: str, port: int, *, on: str = "0.0.0.0") -> Iterator[int]:  # noqa: S104 - of its own network
    """Yield the pid of who listens in a network of its own that has the address."""
    python = (sys.executable, "-c", LISTENS, on, str(port))
    with running("unshare", "--net", "sh", "-c", _ADDRESS, f"{address}/32", *python) as (pid, said):
        assert said == "ready"
        yield pid


def as_nobody(work: Callable[[], str]) -> str:
    """Return what a function says that runs as a user without rights."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        os.write(writing, work().encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        text = said.read()
    os.waitpid(child, 0)
    return text
