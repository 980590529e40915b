"""The process: how it starts, what it says when it cannot, and that nothing of it stays."""

import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from tests.integration.summarizer.running import (
    READY_S,
    Answer,
    Service,
    clean_environment,
    ended,
    is_alive,
    ready,
    serving,
    start,
    wait_until,
)

LONG = 3000


def refusal(*arguments: str, **variables: str) -> tuple[int, str]:
    """Start a service that must not start; return its exit code and what it said."""
    process = start(*arguments, **variables)
    output, errors = process.communicate(timeout=READY_S)
    assert output == ""
    return process.returncode, errors


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_a_signal_ends_the_service_and_its_engine(
    basics: tuple[str, ...], number: signal.Signals, code: int
) -> None:
    with serving(*basics) as service:
        engine = service.engine["pid"]
        children = [child.pid for child in psutil.Process(service.process.pid).children(True)]
        assert engine in children
        assert service.stop(number) == code
        assert not [pid for pid in children if is_alive(pid)]
        assert service.errors == []


def test_an_interruption_while_the_model_is_loaded_leaves_nothing(
    basics: tuple[str, ...],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = start(*basics, "--port", str(port))
    wait_until(lambda: is_listening(port), "it listens", within_s=READY_S)
    children = [child.pid for child in psutil.Process(process.pid).children(True)]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=READY_S)
    assert (process.returncode, errors) == (130, "")
    assert not [pid for pid in children if is_alive(pid)]


def test_a_request_in_flight_is_finished_before_the_end(basics: tuple[str, ...]) -> None:
    with serving(*basics, "--grace-s", "30") as service:
        answers: list[Answer] = []
        thread = threading.Thread(
            target=lambda: answers.append(service.summarize(output_tokens=500))
        )
        thread.start()
        wait_until(lambda: service.metric("yoyak_requests_in_flight") == 1, "the engine works")
        assert service.stop() == 0
        thread.join()
        assert answers[0].status == 200
        assert answers[0].json["engine"]["output_tokens"] == 500


def test_a_request_longer_than_the_grace_is_told_that_the_service_stops(
    basics: tuple[str, ...],
) -> None:
    with serving(*basics, "--grace-s", "1") as service:
        engine = service.engine["pid"]
        answers: list[Answer] = []
        thread = threading.Thread(
            target=lambda: answers.append(service.summarize(output_tokens=LONG))
        )
        thread.start()
        wait_until(lambda: service.metric("yoyak_requests_in_flight") == 1, "the engine works")
        assert service.stop() == 0
        thread.join()
        assert answers[0].status == 503
        assert answers[0].json["type"] == "urn:yoyak:problem:stopping"
        assert not is_alive(engine)


def test_a_killed_service_leaves_no_engine(basics: tuple[str, ...]) -> None:
    with serving(*basics) as service:
        engine = service.engine["pid"]
        service.process.kill()
        wait_until(lambda: not is_alive(engine), "the engine is gone")


def test_it_ends_with_its_parent_where_asked_to(basics: tuple[str, ...]) -> None:
    script = (
        "import subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-m', 'summarizer', *sys.argv[1:]]);"
        "print(p.pid, flush=True); time.sleep(600)"
    )
    arguments = (*basics, "--port", "0", "--die-with-parent")
    parent = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=clean_environment(),
    )
    assert parent.stdout is not None
    with parent:
        watchdog = threading.Timer(READY_S, parent.kill)
        watchdog.start()
        pid = int(parent.stdout.readline())
        assert "url" in parent.stdout.readline()
        watchdog.cancel()
        family = [pid, *(child.pid for child in psutil.Process(pid).children(True))]
        parent.kill()
    wait_until(lambda: not any(is_alive(pid) for pid in family), "service and engine are gone")


def test_a_port_in_use_is_one_line_and_exit_3(basics: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = refusal(*basics, "--port", port)
    assert code == 3
    assert said.startswith(f"error: 127.0.0.1:{port} cannot be listened on")
    assert said.count("\n") == 1


def test_a_model_that_is_no_gguf_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"this is no model" * 100)
    code, said = refusal("--model", str(path))
    assert code in {2, 3}
    assert said.startswith("error: ")
    assert str(path) in said
    assert said.count("\n") == 1


def test_an_engine_that_nobody_serves_is_one_line_and_exit_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code, said = refusal("--engine-url", f"http://127.0.0.1:{port}")
    assert code == 3
    assert said.startswith("error: ")
    assert said.count("\n") == 1


def test_a_misspelt_variable_is_one_line_and_exit_2(basics: tuple[str, ...]) -> None:
    code, said = refusal(*basics, YOYAK_CONTEX="4096")
    assert code == 2
    assert said == (
        "error: unknown variable YOYAK_CONTEX in the environment; did you mean YOYAK_CONTEXT?\n"
    )


def test_it_answers_while_the_model_is_loaded_and_says_that_it_is_not_ready(
    basics: tuple[str, ...],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with ended(start(*basics, "--port", str(port))) as process:
        early = Service(process, f"http://127.0.0.1:{port}")
        wait_until(lambda: is_listening(port), "it listens", within_s=READY_S)
        not_yet = early.ask("GET", "/readyz")
        alive = early.ask("GET", "/healthz")
        service = ready(process)
        assert (not_yet.status, alive.status) == (503, 200)
        assert "being loaded" in not_yet.json["detail"]
        assert service.url == early.url
        assert service.ask("GET", "/readyz").status == 200


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
