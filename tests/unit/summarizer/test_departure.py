"""Work is stopped when its client leaves, and only then."""

import asyncio

import pytest
from starlette.types import Message

from summarizer.departure import ClientLeftError, Departure, WatchedDeparture


class Connection:
    """Tells of the disconnect when it is closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def receive(self) -> Message:
        await self.closed.wait()
        return {"type": "http.disconnect"}


async def test_work_that_ends_first_is_not_disturbed() -> None:
    connection = Connection()
    async with WatchedDeparture(connection.receive):
        await asyncio.sleep(0)
    connection.closed.set()
    await asyncio.sleep(0)


async def test_a_departure_ends_the_work_and_says_so() -> None:
    connection = Connection()
    connection.closed.set()
    with pytest.raises(ClientLeftError):
        async with WatchedDeparture(connection.receive):
            await asyncio.sleep(3600)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancellation_by_somebody_else_stays_one() -> None:
    connection = Connection()

    async def work() -> None:
        async with WatchedDeparture(connection.receive):
            await asyncio.sleep(3600)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_deadline_inside_stays_a_deadline() -> None:
    connection = Connection()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0), WatchedDeparture(connection.receive):
            await asyncio.sleep(3600)


async def test_a_departure_within_a_deadline_is_a_departure() -> None:
    connection = Connection()
    connection.closed.set()
    with pytest.raises(ClientLeftError):
        async with asyncio.timeout(3600), WatchedDeparture(connection.receive):
            await asyncio.sleep(3600)


async def test_a_departure_that_is_told_ends_the_work() -> None:
    departure = Departure()
    asyncio.get_running_loop().call_soon(departure.client_left)
    with pytest.raises(ClientLeftError):
        async with departure:
            await asyncio.sleep(3600)


async def test_a_departure_before_the_work_began_ends_it() -> None:
    departure = Departure()
    departure.client_left()
    with pytest.raises(ClientLeftError):
        async with departure:
            await asyncio.sleep(3600)


async def test_a_departure_after_the_work_disturbs_nobody() -> None:
    departure = Departure()
    async with departure:
        await asyncio.sleep(0)
    departure.client_left()
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
