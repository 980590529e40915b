"""What goes wrong while a stack runs: a named outcome, and no finished request lost."""

import json
import time
from pathlib import Path

import pytest
from tests.e2e.stack.compose import Stack, eventually
from tests.e2e.stack.conftest import a_stack

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("images")]

START_S = 60
BENCHMARK_S = 120
SCRAPE_S = 30


def measured_lines(stack: Stack) -> list[str]:
    """Return the lines of requests.jsonl, of the one run there is, that were no warm-up."""
    paths = list(Path(stack.environment["YOYAK_RUNS"]).glob("*/requests.jsonl"))
    lines = paths[0].read_text().splitlines() if paths else []
    return [line for line in lines if '"is_warmup":false' in line.replace(" ", "")]


def test_an_engine_killed_in_mid_run_fails_the_benchmark_and_loses_no_request(
    tmp_path: Path,
) -> None:
    stack = a_stack(
        tmp_path,
        files=("compose.yaml", "docker/compose.ollama.yaml", "tests/e2e/stack/ollama_replay.yaml"),
        YOYAK_RUN_REPETITIONS="10",
        YOYAK_RUN_OUTPUT_TOKENS="100",
    )
    try:
        stack.compose("up", "--detach", "--wait", "--no-build", "summarizer", "runner")
        eventually(lambda: len(measured_lines(stack)) > 2, deadline_s=START_S, what="requests")
        done_before = measured_lines(stack)
        stack.compose("kill", "ollama")
        said = eventually(
            lambda: (
                "the benchmark failed: yoyak run ended with" in (log := runner_log(stack)) and log
            ),
            deadline_s=BENCHMARK_S,
            what="the runner to say so",
        )
        assert "once mended: docker compose restart runner" in str(said)
        assert measured_lines(stack)[: len(done_before)] == done_before
        assert all(json.loads(line)["error"] is None for line in done_before)
    finally:
        stack.down()


def runner_log(stack: Stack) -> str:
    return stack.compose("logs", "--no-log-prefix", "runner").stdout


def test_down_and_up_again_keeps_model_metrics_and_runs(tmp_path: Path) -> None:
    stack = a_stack(tmp_path)
    up = ("up", "--detach", "--wait", "--no-build", "summarizer", "runner", "prometheus")
    try:
        stack.compose(*up)
        (run,) = eventually(stack.finished_runs, deadline_s=BENCHMARK_S, what="a run")
        eventually(
            lambda: stack.query('yoyak_requests_total{outcome="ok"}'),
            deadline_s=SCRAPE_S,
            what="a scrape",
        )
        seen_s = time.time()
        stack.compose("down", "--timeout", "10")
        stack.compose(*up)
        assert "making" not in stack.compose("logs", "model").stdout
        assert stack.query(f"count_over_time(yoyak_requests_total[30s] @ {seen_s:.3f})")
        eventually(
            lambda: f"benchmarked: {run.name}" in runner_log(stack), deadline_s=START_S, what="it"
        )
        assert stack.finished_runs() == [run]
    finally:
        stack.down()


def test_a_disk_too_small_for_the_model(tmp_path: Path) -> None:
    small = tmp_path / "small.yaml"
    small.write_text(
        "volumes:\n  models:\n    driver_opts: {type: tmpfs, device: tmpfs, o: size=1m}\n"
    )
    stack = a_stack(tmp_path, files=("compose.yaml", str(small)))
    try:
        done = stack.compose("run", "--rm", "model", succeeds=False)
        assert done.returncode == 3
        assert "error:" in done.stderr
        assert "MiB free; free some" in done.stderr
    finally:
        stack.down()
