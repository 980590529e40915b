"""Work is stopped when its client leaves, and only then."""

import asyncio

import pytest
from starlette.types import Message

from summarizer.departure import ClientLeftError, Departure


def cancellations() -> int:
    """Return how often this task was told to end, and has not."""
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def test_a_departure_ends_the_work_and_says_so() -> None:
    departure = Departure()
    asyncio.get_running_loop().call_soon(departure.client_left)
    with pytest.raises(ClientLeftError):
        async with departure:
            await asyncio.Event().wait()
    assert cancellations() == 0


async def test_a_departure_before_the_work_began_ends_it() -> None:
    departure = Departure()
    departure.client_left()
    with pytest.raises(ClientLeftError):
        async with departure:
            await asyncio.Event().wait()


async def test_a_departure_after_the_work_disturbs_nobody() -> None:
    departure = Departure()
    async with departure:
        pass
    departure.client_left()
    assert cancellations() == 0


async def test_a_cancellation_by_somebody_else_stays_one() -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with Departure():
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_deadline_around_it_stays_a_deadline() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0), Departure():
            await asyncio.Event().wait()


async def test_a_departure_within_a_deadline_is_a_departure() -> None:
    departure = Departure()
    departure.client_left()
    with pytest.raises(ClientLeftError):
        async with asyncio.timeout(3600), departure:
            await asyncio.Event().wait()


async def test_an_asgi_server_tells_of_the_departure_after_what_it_still_brings() -> None:
    messages: list[Message] = [{"type": "http.disconnect"}, {"type": "http.request"}]

    async def receive() -> Message:
        return messages.pop()

    departure = Departure()
    watcher = asyncio.create_task(departure.watch(receive))
    with pytest.raises(ClientLeftError):
        async with departure:
            await asyncio.Event().wait()
    await watcher
    assert messages == []
