"""A dataset of the newsroom's true texts and a tiny model: what a real, short run needs."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.bench.in_process import Runner

from newsroom.articles import load
from yoyak.dataset import Article, write_dataset
from yoyak.models import cached

RunYoyak = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def tiny_model(cache: Path) -> Path:
    return cached("tiny", cache_dir=cache)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    articles = [
        Article(id=article.id, url=None, title=article.title, text=article.text)
        for article in load()
        if article.language == "ko"
    ]
    write_dataset(folder, articles, created_at="2026-01-01T00:00:00Z")
    return folder


@pytest.fixture
def yoyak(tmp_path: Path, cache: Path) -> RunYoyak:
    """Start `yoyak ARGUMENTS` as a user would, in a folder of its own."""

    def start(*arguments: str) -> "subprocess.Popen[str]":
        environ = {k: v for k, v in os.environ.items() if not k.startswith("YOYAK_")}
        return subprocess.Popen(
            [sys.executable, "-m", "yoyak.cli", *arguments],
            cwd=tmp_path,
            env={**environ, "XDG_CACHE_HOME": str(cache)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def runner(
    tmp_path: Path, cache: Path, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> Runner:
    return Runner(tmp_path, cache, dataset, capsys)
