"""The child process by itself: what it says when it cannot serve."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

DEADLINE_S = 30.0
COMMAND = [sys.executable, "-m", "yoyak.engines.llamacpp_server"]
SIZES = ["--threads", "1", "--context", "256", "--batch", "256", "--parallel", "1"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def test_it_serves_until_its_stdin_ends(tiny_model: Path) -> None:
    done = run("--model", str(tiny_model), *SIZES)
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_port_in_use_is_named(tiny_model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--model", str(tiny_model), *SIZES, "--port", str(port))
    assert (done.returncode, done.stdout) == (3, "")
    # llama.cpp's own thread writes its log in pieces: before ours, after it, or around it.
    assert done.stderr.count(f"error: llama.cpp could not start on port {port}") == 1


@pytest.mark.parametrize("content", [b"", b"hello", b"GGUF"])
def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path, content: bytes) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(content)
    done = run("--model", str(model), *SIZES)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_an_unknown_option_is_a_usage_error(tiny_model: Path) -> None:
    done = run("--model", str(tiny_model), *SIZES, "--gpu", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--gpu" in done.stderr


def test_it_ends_on_sigterm(tiny_model: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--model", str(tiny_model), *SIZES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith(b'{"url"')
        child.terminate()
        assert child.wait(DEADLINE_S) == -15
