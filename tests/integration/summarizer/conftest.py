"""The real service on the embedded engine with a tiny synthetic model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.summarizer.running import Service, serving

from yoyak.models import cached


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cached("tiny", cache_dir=tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def basics(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Arguments of every service here: one thread, for the tests share the cores."""
    cache = tmp_path_factory.mktemp("cache")
    return ("--model", str(model), "--threads", "1", "--cache", str(cache))


@pytest.fixture(scope="module")
def service(basics: tuple[str, ...]) -> Iterator[Service]:
    with serving(*basics) as running:
        yield running
