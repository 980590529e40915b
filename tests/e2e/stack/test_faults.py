"""A disk that is full, before and in mid-run; other faults of a running stack are in its tests."""

import json
from pathlib import Path

import pytest
from tests.e2e.stack.compose import Stack, eventually, get_json
from tests.e2e.stack.conftest import EMBEDDED, a_stack

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("images")]

FULL_S = 120


def test_a_disk_too_small_for_the_model(tmp_path: Path) -> None:
    stack = a_stack(tmp_path, files=(*EMBEDDED, a_small_volume(tmp_path, "models", "1m")))
    try:
        done = stack.compose("run", "--rm", "model", succeeds=False)
        assert done.returncode == 3
        assert "error:" in done.stderr
        assert "MiB free; free some" in done.stderr
    finally:
        stack.down()


def test_a_disk_that_fills_in_mid_run_ends_the_benchmark_and_nothing_else(tmp_path: Path) -> None:
    stack = a_stack(
        tmp_path,
        files=(*EMBEDDED, a_small_volume(tmp_path, "small", "96k")),
        YOYAK_RUNS="small",
        YOYAK_RUN_REPETITIONS="500",
    )
    try:
        stack.compose("up", "--detach", "--wait", "--no-build", "summarizer", "runner")
        said = eventually(
            lambda: "once mended" in (log := logs(stack)) and log, deadline_s=FULL_S, what="the end"
        )
        assert "what was finished before is kept" in str(said)
        assert "the benchmark failed: yoyak run ended with 3" in str(said)

        told = stack.compose("exec", "-T", "runner", "sh", "-c", "cat /runs/*/requests.jsonl")
        whole = told.stdout.split("\n")[:-1]  # what the disk took half of follows the last newline
        kept = [json.loads(line) for line in whole]
        assert len(kept) > 10
        assert [record["error"] for record in kept] == [None] * len(kept)
        numbers = [int(record["request_id"].rpartition("-")[2]) for record in kept]
        assert numbers == list(range(len(kept)))

        containers = stack.containers()
        assert containers["summarizer"]["State"]["Health"]["Status"] == "healthy"
        assert containers["runner"]["State"]["Running"]
        assert containers["runner"]["RestartCount"] == 0
        body = {"article": {"id": "1", "title": "온새미", "text": "온새미가 새 지점을 열었다."}}
        assert get_json(f"{stack.api}/v1/summaries", body)["summary"]
    finally:
        stack.down()


def logs(stack: Stack) -> str:
    return stack.compose("logs", "--no-log-prefix", "runner").stdout


def a_small_volume(folder: Path, name: str, size: str) -> Path:
    """Return a compose file in which a volume holds no more than `size`."""
    options = {"type": "tmpfs", "device": "tmpfs", "o": f"size={size}"}
    file = folder / "small.yaml"
    file.write_text(json.dumps({"volumes": {name: {"driver_opts": options}}}))
    return file


def test_a_file_where_ollama_wants_a_name(tmp_path: Path) -> None:
    stack = a_stack(tmp_path, files=("compose.yaml",))
    try:
        done = stack.compose("run", "--rm", "--no-deps", "model", succeeds=False)
        assert done.returncode == 2
        assert "docker/compose.embedded.yaml" in done.stderr
    finally:
        stack.down()
