"""Real processes whose behaviour is known: they do one thing, say so, and wait for the end."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_WAIT = "print('ready', flush=True); sys.stdin.read()"
HOLDS_MEMORY = f"""
import sys
block = bytearray(int(sys.argv[1]) * 1024 * 1024)  # zeroed by the kernel: touch a byte a page
for offset in range(0, len(block), 4096):
    block[offset] = 1
{_WAIT}
"""
BURNS_CPU = f"""
import sys, time
while time.process_time() < float(sys.argv[1]):
    pass
{_WAIT}
"""
HAS_GRANDCHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print('ready', flush=True)
sys.stdin.readline()
child.communicate()
{_WAIT}
"""
LISTENS = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""


class Child:
    """A child that has said that it is ready."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.pid = self.process.pid
        self.said = self.hear()

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()

    def tell(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def end(self) -> None:
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.communicate(timeout=10)


@contextmanager
def child(code: str, *arguments: str) -> Iterator[Child]:
    one = Child(code, *arguments)
    try:
        yield one
    finally:
        one.end()
