"""The stack as it comes, with Ollama as its engine, whose API is played from a script."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.stack.compose import Stack, eventually
from tests.e2e.stack.conftest import a_stack

pytestmark = pytest.mark.timeout(900)

OLLAMA = ("compose.yaml", "tests/e2e/stack/ollama_replay.yaml")
MODEL = "mistral:7b-instruct-q4_0"
BENCHMARK_S = 120
START_S = 60


@pytest.fixture(scope="module")
def stack(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:  # noqa: ARG001 - a fixture may not be marked with another
    """A stack with Ollama's API, up and healthy."""
    stack = a_stack(
        tmp_path_factory.mktemp("ollama"), files=OLLAMA, YOYAK_MODEL=MODEL,
        YOYAK_RUN_OUTPUT_TOKENS="100",
    )  # fmt: skip
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
        also={"YOYAK_MODEL": "mistal:7b"}, succeeds=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert 'cannot pull "mistal:7b"' in done.stderr


def measured_lines(run: Path) -> list[str]:
    """Return the lines of requests.jsonl that were no warm-up."""
    path = run / "requests.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in lines if '"is_warmup":false' in line.replace(" ", "")]


def runner_log(stack: Stack) -> str:
    return stack.compose("logs", "--no-log-prefix", "runner").stdout


def test_an_engine_killed_in_mid_run_fails_the_benchmark_and_loses_no_request(
    stack: Stack,
) -> None:
    (first,) = eventually(stack.finished_runs, deadline_s=BENCHMARK_S, what="the first run")
    runs = Path(stack.environment["YOYAK_RUNS"])
    longer = {"YOYAK_RERUN": "1", "YOYAK_RUN_REPETITIONS": "10"}  # 11 s, to be killed within
    stack.compose("up", "--detach", "--no-build", "--no-deps", "runner", also=longer)

    def second() -> list[Path]:
        return [r for r in runs.iterdir() if r != first and len(measured_lines(r)) > 2]

    (run,) = eventually(second, deadline_s=START_S, what="requests of a second run")
    done_before = measured_lines(run)
    stack.compose("kill", "ollama")
    said = eventually(
        lambda: "the benchmark failed: yoyak run ended with" in (log := runner_log(stack)) and log,
        deadline_s=BENCHMARK_S,
        what="the runner to say so",
    )
    assert "once mended: docker compose restart runner" in str(said)
    assert measured_lines(run)[: len(done_before)] == done_before
    assert all(json.loads(line)["error"] is None for line in done_before)
