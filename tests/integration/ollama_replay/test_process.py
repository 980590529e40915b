"""`python -m ollama_replay` as others start it: its ready line, its refusals and its ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.integration.ollama_replay.raw import RawConnection, ask

COMMAND = [sys.executable, "-m", "ollama_replay"]
DEADLINE_S = 20.0
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "ollama_replay", *sys.argv[1:]])
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


def ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    assert list(line) == ["url", "pid"]
    return str(line["url"])


def refused(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a command that cannot start says; one line on stderr, nothing on stdout."""
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    return done


def ends_listening(url: str) -> bool:
    address = urlsplit(url)
    deadline_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline_s:
        with socket.socket() as sock:
            if sock.connect_ex((str(address.hostname), int(address.port or 0))):
                return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_a_signal_ends_it_at_once(number: signal.Signals) -> None:
    with started(COMMAND) as process:
        url = ready(process)
        assert ask(url, "/", method="GET").body == b"Ollama is running"
        with RawConnection(url):
            began_s = time.monotonic()
            process.send_signal(number)
            assert process.wait(DEADLINE_S) == 0
        assert time.monotonic() - began_s < 5
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_it_plays_the_script_it_is_given_and_logs(tmp_path: Path) -> None:
    script, truth = tmp_path / "s.toml", tmp_path / "t.jsonl"
    script.write_text('version = "9.8.7"\n[[models]]\nname = "요약:1b"\n', encoding="utf-8")
    with started([*COMMAND, "--script", str(script), "--truth", str(truth)]) as process:
        url = ready(process)
        assert ask(url, "/api/version", method="GET").objects == [{"version": "9.8.7"}]
        (model,) = ask(url, "/api/tags", method="GET").objects[0]["models"]
        assert model["name"] == "요약:1b"
        process.terminate()
        assert process.wait(DEADLINE_S) == 0
    kinds = [json.loads(line)["kind"] for line in truth.read_text(encoding="utf-8").splitlines()]
    assert kinds == ["server", "request", "request", "server"]


def test_a_port_in_use_is_one_line_and_exit_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = refused("--port", str(port))
    assert done.returncode == 3
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in done.stderr
    assert "--port 0 for a free one" in done.stderr


def test_a_bad_script_is_one_line_and_exit_2(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text("[timeline]\ngap = 1\n", encoding="utf-8")
    done = refused("--script", str(script))
    assert done.returncode == 2
    assert f"error: script {script}: script.timeline: gap is unknown; known are" in done.stderr


def test_a_truth_log_that_cannot_be_written_is_one_line_and_exit_3(tmp_path: Path) -> None:
    done = refused("--truth", str(tmp_path / "none" / "t.jsonl"))
    assert done.returncode == 3
    assert "No such file or directory; choose another with --truth" in done.stderr


def test_realtime_is_granted_or_refused_in_one_line() -> None:
    attempt = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"
    done = subprocess.run(
        [sys.executable, "-c", attempt], capture_output=True, timeout=DEADLINE_S, check=False
    )
    if done.returncode:
        refusal = refused("--realtime")
        assert refusal.returncode == 3
        assert "leave --realtime away" in refusal.stderr
        return
    with started([*COMMAND, "--realtime"]) as process:
        ready(process)
        assert os.sched_getscheduler(process.pid) == os.SCHED_FIFO


def test_it_ends_by_itself_when_its_parent_is_killed() -> None:
    with started([sys.executable, "-c", PARENT, "--die-with-parent"]) as parent:
        url = ready(parent)
        parent.kill()
        assert ends_listening(url)


def test_without_the_flag_it_outlives_its_parent() -> None:
    with started([sys.executable, "-c", PARENT]) as parent:
        assert parent.stdout is not None
        line = json.loads(parent.stdout.readline())
        parent.kill()
        parent.wait(DEADLINE_S)
        try:
            assert ask(line["url"], "/", method="GET").status == 200
        finally:
            os.kill(line["pid"], signal.SIGTERM)
        assert ends_listening(line["url"])


def test_it_listens_on_ipv6_too() -> None:
    with started([*COMMAND, "--host", "::1"]) as process:
        url = ready(process)
        assert url.startswith("http://[::1]:")
        with socket.create_connection(("::1", int(urlsplit(url).port or 0)), DEADLINE_S) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert sock.recv(1000).startswith(b"HTTP/1.1 200 OK")
