"""The event loops that these tests run on, HTTP clients, and two models.

Ours is uvloop; the HTTP client takes plain loops too.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import uvloop

from yoyak.engines.http_stream import HttpClient
from yoyak.models import cached


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.path.name.startswith("test_http_"):
        return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that llama.cpp runs at thousands of tokens a second; its text is noise."""
    return cached("tiny", cache_dir=tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that takes several milliseconds for a token, far above what our side takes."""
    return cached("small", cache_dir=tmp_path_factory.mktemp("models"))


@pytest.fixture
async def clients() -> AsyncIterator[list[HttpClient]]:
    """Clients that are closed when the test is over."""
    opened: list[HttpClient] = []
    yield opened
    for client in opened:
        await client.close()
