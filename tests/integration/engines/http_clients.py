"""What the tests of the HTTP client share."""

import asyncio
from collections.abc import Callable

import pytest
from tests.integration.engines.scripted_server import Server

from yoyak.engines.http_stream import HttpClient
from yoyak.errors import EngineError

DEADLINE_S = 5.0


async def body_of(client: HttpClient, *, timeout_s: float = DEADLINE_S) -> bytes:
    async with client.stream("POST", "/generate", {}, timeout_s=timeout_s) as response:
        return await response.read_whole()


async def failure_of(client: HttpClient, *, timeout_s: float = DEADLINE_S) -> EngineError:
    with pytest.raises(EngineError) as caught:
        await body_of(client, timeout_s=timeout_s)
    return caught.value


def connected(
    clients: list[HttpClient], server: Server, *, is_one_shot: bool = False
) -> HttpClient:
    client = HttpClient(server.url, is_one_shot=is_one_shot)
    clients.append(client)
    return client


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition with a deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - most conditions here are counts, not events
            await asyncio.sleep(0.005)
