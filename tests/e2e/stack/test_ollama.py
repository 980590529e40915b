"""The stack with Ollama as its engine, whose API is played from a script; and with a GPU."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.stack.compose import Stack, eventually
from tests.e2e.stack.conftest import a_stack

pytestmark = pytest.mark.timeout(900)

OLLAMA = ("compose.yaml", "docker/compose.ollama.yaml")
MODEL = "mistral:7b-instruct-q4_0"
BENCHMARK_S = 120


@pytest.fixture(scope="module")
def stack(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:  # noqa: ARG001 - a fixture may not be marked with another
    """A stack with Ollama's API, up and healthy."""
    stack = a_stack(
        tmp_path_factory.mktemp("ollama"), files=(*OLLAMA, "tests/e2e/stack/ollama_replay.yaml")
    )
    try:
        stack.compose("up", "--detach", "--wait", "--no-build", "summarizer", "runner")
        yield stack
    finally:
        stack.down()


def test_the_model_is_pulled_with_visible_progress(stack: Stack) -> None:
    said = stack.compose("logs", "--no-log-prefix", "model").stdout
    assert f"pulling {MODEL}: 50 %" in said
    assert f"{MODEL} is there" in said


def test_a_model_that_is_there_is_not_pulled_again(stack: Stack) -> None:
    done = stack.compose("run", "--rm", "--no-deps", "model")
    assert "pulling" not in done.stderr


def test_the_run_says_that_ollama_did_the_work(stack: Stack) -> None:
    (run,) = eventually(stack.finished_runs, deadline_s=BENCHMARK_S, what="a finished run")
    perf = json.loads((run / "perf.json").read_text())
    assert (perf["engine"]["name"], perf["engine"]["via"]) == ("ollama", "summarizer")
    assert perf["model"]["name"] == MODEL
    assert perf["totals"]["failed"] == 0


def test_a_model_that_no_registry_has_ends_with_one_line(stack: Stack) -> None:
    done = stack.compose(
        "run", "--rm", "--no-deps", "model",
        also={"YOYAK_OLLAMA_MODEL": "mistal:7b"}, succeeds=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert 'cannot pull "mistal:7b"' in done.stderr


def test_gpus_are_given_to_the_engine_and_shown_to_those_who_read_them(tmp_path: Path) -> None:
    stack = a_stack(tmp_path, files=(*OLLAMA, "docker/compose.nvidia.yaml"))
    services = json.loads(stack.compose("config", "--format", "json").stdout)["services"]
    devices = {
        name: service["deploy"]["resources"]["reservations"]["devices"][0]
        for name, service in services.items()
        if "deploy" in service
    }
    assert set(devices) == {"ollama", "summarizer", "runner"}
    assert {device["driver"] for device in devices.values()} == {"nvidia"}
    assert {device["count"] for device in devices.values()} == {-1}  # all of them
