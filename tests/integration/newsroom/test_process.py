"""`python -m newsroom` as others start it: its ready line, its ends, and an installed wheel."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from newsroom.articles import load

COMMAND = [sys.executable, "-m", "newsroom"]
ROOT = Path(__file__).parents[3]
DEADLINE_S = 20.0

PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "newsroom", *sys.argv[1:]])
time.sleep(600)
"""


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A process whose stdout is ours, ended at the latest when the block is left."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def ready_line(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    line: dict[str, object] = json.loads(process.stdout.readline())
    return line


def refuses_connections(url: str) -> bool:
    """Whether nothing listens at the address any more, within the deadline."""
    address = (str(urlsplit(url).hostname), urlsplit(url).port or 0)
    deadline_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline_s:
        try:
            socket.create_connection(address, timeout=1.0).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:  # it ended between the handshake and us
            continue
        time.sleep(0.05)
    return False


def test_it_says_where_it_is_in_one_json_line_and_answers_there() -> None:
    with started(COMMAND) as process:
        line = ready_line(process)
        assert line["articles"] == len(load())
        assert line["pid"] == process.pid
        with urllib.request.urlopen(f"{line['url']}robots.txt", timeout=DEADLINE_S) as answer:  # noqa: S310 - our own loopback address
            assert answer.read().startswith(b"User-agent: *")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_with_a_client_connected(number: signal.Signals) -> None:
    with started(COMMAND) as process:
        url = str(ready_line(process)["url"])
        client = socket.create_connection((str(urlsplit(url).hostname), urlsplit(url).port or 0))
        process.send_signal(number)
        assert process.wait(DEADLINE_S) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
        client.close()


def test_a_port_in_use_is_one_line_on_stderr_and_exit_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: cannot listen on 127.0.0.1 port {port}: ")
    assert "--port" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_none_is_a_usage_error() -> None:
    done = subprocess.run(
        [*COMMAND, "--port", "70000"],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 2
    assert "'70000' is no port" in done.stderr


def test_it_ends_by_itself_when_its_parent_is_killed() -> None:
    with started([sys.executable, "-c", PARENT, "--die-with-parent"]) as parent:
        line = ready_line(parent)
        with urllib.request.urlopen(str(line["url"]), timeout=DEADLINE_S) as answer:  # noqa: S310 - our own loopback address
            assert answer.status == 200
        parent.kill()
        assert refuses_connections(str(line["url"]))


def test_without_the_flag_it_outlives_its_parent() -> None:
    with started([sys.executable, "-c", PARENT]) as parent:
        line = ready_line(parent)
        parent.kill()
        parent.wait(DEADLINE_S)
        pid = int(str(line["pid"]))
        try:
            with urllib.request.urlopen(str(line["url"]), timeout=DEADLINE_S) as answer:  # noqa: S310 - our own loopback address
                assert answer.status == 200
        finally:
            os.kill(pid, signal.SIGTERM)
        assert refuses_connections(str(line["url"]))


def test_a_wheel_serves_the_same_site(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    (wheel,) = tmp_path.glob("*.whl")
    program = (
        f"import sys; sys.path.insert(0, {str(wheel)!r});"
        "import newsroom; from newsroom.site import Site;"
        "assert newsroom.__file__.startswith(sys.path[0]), newsroom.__file__;"
        "site = Site();"
        "print(sum(site.respond(a.path, 'http://h').status == 200 for a in site.articles))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == str(len(load()))
