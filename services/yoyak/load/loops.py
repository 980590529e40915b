"""Closed and open loops over a plan of articles, which a stop event ends gently."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from yoyak.dataset import Article
from yoyak.errors import YoyakError
from yoyak.units import NS_PER_S

# Sends one article; `scheduled_ns` is the moment it was meant to leave (CLOCK_MONOTONIC), or None.
Send = Callable[[Article, int | None], Awaitable[None]]


@contextmanager
def collector_off() -> Iterator[None]:
    """Keep the garbage collector still: over kept records its pauses reach 80 to 100 ms.

    It does not run before either: that would take 30 ms of what a run does until its first request.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


async def closed_loop(
    articles: Sequence[Article],
    send: Send,
    *,
    users: int,
    stop: asyncio.Event,
    duration_s: float | None = None,
) -> None:
    """Let `users` users each send the next article as soon as their last one is done.

    Each article goes once, or round and round until `duration_s` is over. After `stop` no request
    leaves; those in flight end.
    """
    ends = None if duration_s is None else time.monotonic_ns() + round(duration_s * NS_PER_S)
    taken = 0

    async def user() -> None:
        nonlocal taken
        while not stop.is_set():
            if ends is None:
                if taken == len(articles):
                    return
            elif time.monotonic_ns() >= ends:
                return
            article = articles[taken % len(articles)]
            taken += 1
            await send(article, None)

    async with _tasks() as group:
        for _ in range(users):
            group.create_task(user())


async def open_loop(
    articles: Sequence[Article],
    send: Send,
    *,
    arrivals_s: Sequence[float],
    stop: asyncio.Event,
) -> None:
    """Send each article at its own time from now, however many are still in flight.

    Args:
        arrivals_s: shape (n,), ascending seconds; article i mod len(articles) leaves at i.
    """
    begin_ns = time.monotonic_ns()
    async with _tasks() as group:
        for index, offset_s in enumerate(arrivals_s):
            scheduled_ns = begin_ns + round(offset_s * NS_PER_S)
            # Again and again: uvloop's timers count whole milliseconds and may end early by half of
            # one, and a request that leaves before its time would seem to have a faster answer.
            while (wait_s := (scheduled_ns - time.monotonic_ns()) / NS_PER_S) > 0:
                if await is_set_within(stop, wait_s):
                    return
            if stop.is_set():
                return
            group.create_task(_send(send, articles[index % len(articles)], scheduled_ns))


@asynccontextmanager
async def _tasks() -> AsyncIterator[asyncio.TaskGroup]:
    """Run a group of tasks; the first error that we can explain leaves it as itself.

    A full disk stops a run with its one line, not as a group of exceptions.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        explained = errors.subgroup(YoyakError)
        if explained is None:
            raise
        raise _first(explained) from errors


def _first(errors: BaseExceptionGroup[YoyakError]) -> YoyakError:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


async def _send(send: Send, article: Article, scheduled_ns: int) -> None:
    await send(article, scheduled_ns)


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event for so long at most, and say whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
