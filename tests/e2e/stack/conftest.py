"""The compose stack, brought up for real in a project of its own; ended with all that it made."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.e2e.stack.compose import REPOSITORY, Stack, free_port

# Their images are built here or have a stand-in; Grafana, Tempo and Ollama have none.
SERVICES = ("summarizer", "runner", "prometheus", "alertmanager", "node-exporter", "spans")
EMBEDDED = ("compose.yaml", "docker/compose.embedded.yaml")
ENGINE_ANSWER_S = 20
# A pass of two articles then takes a second on cores of 2.6 GHz: several samples at 10 Hz also on a
# machine twice as fast. The engine's CPU time is a difference, and null where a pass holds one.
TOKENS_FOR_SAMPLES = "400"
INTERVAL = re.compile(r"_(interval|timeout): \d+s")


@pytest.fixture(scope="session")
def engine() -> None:
    """A container engine; its absence is a failure where TESTS_REQUIRE_ENGINE is set, as in CI."""
    for command in (("docker", "info"), ("docker", "compose", "version")):
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=ENGINE_ANSWER_S, check=False
            )
            reason = done.stderr.strip().partition("\n")[0] if done.returncode else ""
        except FileNotFoundError:
            reason = "docker is not installed"
        if reason:
            reason = f"no container engine with Compose: {reason}"
            if os.environ.get("TESTS_REQUIRE_ENGINE"):
                pytest.fail(reason)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def images(engine: None) -> None:  # noqa: ARG001 - a fixture may not be marked with another
    """Our images, built from this checkout."""
    stack = Stack("images", environment={"YOYAK_KEYWORD": "any"})  # articles is then the crawler
    stack.compose("build", "summarizer", "runner", "articles", "spans")


@pytest.fixture
def bare_stack(images: None, tmp_path: Path) -> Iterator[Stack]:  # noqa: ARG001 - as above
    """A stack with a tiny model on free ports that nobody has brought up."""
    stack = a_stack(tmp_path)
    yield stack
    stack.down()


@pytest.fixture(scope="session")
def stack(
    images: None,  # noqa: ARG001 - as above
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """A stack that is up and healthy."""
    folder = tmp_path_factory.mktemp("stack")
    stack = a_stack(
        folder,
        files=(*EMBEDDED, often_scraped(folder)),
        YOYAK_RUN_OUTPUT_TOKENS=TOKENS_FOR_SAMPLES,
    )
    try:
        stack.compose("up", "--detach", "--wait", "--no-build", *SERVICES)
        yield stack
    finally:
        stack.down()


def a_stack(folder: Path, *, files: Sequence[str | Path] = EMBEDDED, **also: str) -> Stack:
    """Return a stack whose runs go into `folder`; `also` are variables."""
    runs = folder / "runs"
    runs.mkdir(parents=True)
    uid = os.getuid() or 1000  # never root; a folder that root made is given away
    return Stack(
        f"yoyak-test-{os.getpid()}-{free_port()}",
        environment={
            "YOYAK_UID": str(uid),
            "YOYAK_GID": str(os.getgid() or 1000),
            "YOYAK_RUNS": str(runs),
            "YOYAK_MODEL": "synthetic-tiny.gguf",
            "YOYAK_INSTANCE_TYPE": "test.large",
            "YOYAK_API_PORT": str(free_port()),
            "YOYAK_PROMETHEUS_PORT": str(free_port()),
            "YOYAK_ALERTMANAGER_PORT": str(free_port()),
            "YOYAK_THREADS": "1",
            "YOYAK_RUN_ARTICLES": "2",
            "YOYAK_RUN_ARTICLE_CHARS": "800",
            "YOYAK_RUN_REPETITIONS": "2",
            "YOYAK_RUN_WARMUP": "1",
            "YOYAK_RUN_OUTPUT_TOKENS": "8",
            **also,
        },
        files=files,
    )


def often_scraped(folder: Path) -> Path:
    """Return a compose file with a host's own Prometheus configuration, but for its intervals: 2 s.

    The committed ones spare the host that is measured; here they would only be waited for.
    """
    copy = folder / "prometheus"
    shutil.copytree(REPOSITORY / "docker/prometheus", copy)
    often(copy / "prometheus.yml")
    mounted = {"volumes": [f"{copy}:/etc/prometheus:ro"]}
    file = folder / "often-scraped.yaml"
    file.write_text(json.dumps({"services": {"configuration": mounted, "prometheus": mounted}}))
    return file


def often(path: Path) -> None:
    """Set each interval and timeout of a Prometheus configuration to 2 s."""
    text, count = INTERVAL.subn(r"_\1: 2s", path.read_text())
    assert count, f"{path} names no interval"
    path.write_text(text)
