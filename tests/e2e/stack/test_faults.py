"""What goes wrong before a stack runs, with a named outcome; faults of a running one: its tests."""

from pathlib import Path

import pytest
from tests.e2e.stack.conftest import EMBEDDED, a_stack

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("images")]


def test_a_disk_too_small_for_the_model(tmp_path: Path) -> None:
    small = tmp_path / "small.yaml"
    small.write_text(
        "volumes:\n  models:\n    driver_opts: {type: tmpfs, device: tmpfs, o: size=1m}\n"
    )
    stack = a_stack(tmp_path, files=(*EMBEDDED, small))
    try:
        done = stack.compose("run", "--rm", "model", succeeds=False)
        assert done.returncode == 3
        assert "error:" in done.stderr
        assert "MiB free; free some" in done.stderr
    finally:
        stack.down()


def test_a_file_where_ollama_wants_a_name(tmp_path: Path) -> None:
    stack = a_stack(tmp_path, files=("compose.yaml",))
    try:
        done = stack.compose("run", "--rm", "--no-deps", "model", succeeds=False)
        assert done.returncode == 2
        assert "docker/compose.embedded.yaml" in done.stderr
    finally:
        stack.down()
