"""A stack that cannot be: one line says what is wrong, where, and how to mend it."""

import socket
from pathlib import Path

import pytest
from tests.e2e.stack.compose import Stack

pytestmark = pytest.mark.timeout(900)


def test_a_model_that_is_not_there(bare_stack: Stack) -> None:
    done = bare_stack.compose(
        "up", "--detach", "--wait", "--no-build", "summarizer",
        also={"YOYAK_MODEL": "mistal.gguf"}, succeeds=False,
    )  # fmt: skip
    assert done.returncode != 0
    said = bare_stack.compose("logs", "--no-log-prefix", "model").stdout
    assert 'error: YOYAK_MODEL is "mistal.gguf", and the models folder does not hold it' in said
    assert "synthetic-small.gguf" in said


def test_a_wrong_option_of_the_benchmark(bare_stack: Stack) -> None:
    done = bare_stack.compose(
        "run", "--rm", "--no-deps", "runner",
        also={"YOYAK_RUN_ARTICLES": "none"}, succeeds=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert 'ARTICLES in the environment is "none"; it takes a whole number' in done.stderr


def test_a_place_for_copies_that_the_image_cannot_write(bare_stack: Stack) -> None:
    done = bare_stack.compose(
        "run", "--rm", "--no-deps", "runner",
        also={"YOYAK_RUNS_URL": "s3://bucket/runs"}, succeeds=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "set YOYAK_IMAGE_STORES=1 and build it again" in done.stderr


def test_a_folder_that_holds_no_dataset(bare_stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "no-dataset"
    folder.mkdir()
    done = bare_stack.compose(
        "run", "--rm", "--no-deps", "articles",
        also={"YOYAK_DATASET": str(folder)}, succeeds=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "error: /dataset is no dataset: manifest.json is missing" in done.stderr


def test_a_misspelt_name_in_env(bare_stack: Stack) -> None:
    done = bare_stack.compose(
        "run", "--rm", "--env", "YOYAK_MODLE=m", "settings", succeeds=False
    )  # fmt: skip
    assert done.returncode == 2
    assert "YOYAK_MODLE in .env is read by nothing; did you mean YOYAK_MODEL?" in done.stderr


def test_a_user_who_is_no_number(bare_stack: Stack) -> None:
    done = bare_stack.compose(
        "run", "--rm", "--no-deps", "folders", also={"YOYAK_UID": "me"}, succeeds=False
    )  # fmt: skip
    assert done.returncode == 2
    assert "YOYAK_UID and YOYAK_GID are numbers" in done.stderr


def test_a_port_that_is_taken(bare_stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = bare_stack.compose(
            "up", "--detach", "--no-build", "prometheus",
            also={"YOYAK_PROMETHEUS_PORT": port}, succeeds=False,
        )  # fmt: skip
    assert done.returncode != 0
    assert port in done.stderr


def test_a_hub_without_a_password(bare_stack: Stack) -> None:
    done = bare_stack.compose(
        "run", "--rm", "--no-deps", "configuration",
        also={"YOYAK_HUB": "https://hub.example:9443"}, succeeds=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "YOYAK_HUB_PASSWORD_FILE" in done.stderr


def test_a_hub_in_clear_text(bare_stack: Stack) -> None:
    done = bare_stack.compose(
        "run", "--rm", "--no-deps", "configuration",
        also={"YOYAK_HUB": "http://hub:9090"}, succeeds=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "takes an https:// address" in done.stderr
