"""The crawler as a process, against real servers on loopback."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from newsroom.server import RunningNewsroom, serve

CRAWL_TIMEOUT_S = 60

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def newsroom() -> Iterator[RunningNewsroom]:
    with serve() as running:
        yield running


@pytest.fixture
def crawl(tmp_path: Path) -> Crawl:
    """Run `python -m newscrawl` with a loopback exception and no delay, unless told otherwise."""

    def run(
        *arguments: str,
        out: Path | None = None,
        local: bool = True,
        env: dict[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        defaults = ["--out", str(out or tmp_path / "dataset"), "--progress", "none"]
        if local:
            defaults += ["--allow-host", "127.0.0.1", "--delay", "0"]
        verb, *rest = arguments
        return subprocess.run(
            [sys.executable, "-m", "newscrawl", verb, *defaults, *rest],
            capture_output=True,
            text=True,
            timeout=CRAWL_TIMEOUT_S,
            check=False,
            env=env,
        )

    return run
