"""Slots: so many at once, so many waiting, in the order they came."""

import asyncio
from contextlib import suppress

import pytest

from summarizer.slots import QueueFullError, Slots


class Visitor:
    """Holds a slot until it is told to go."""

    def __init__(self, slots: Slots) -> None:
        self.is_in = asyncio.Event()
        self.go = asyncio.Event()
        self.task = asyncio.create_task(self._visit(slots))

    async def _visit(self, slots: Slots) -> None:
        async with slots.slot():
            self.is_in.set()
            await self.go.wait()

    async def leave(self) -> None:
        self.go.set()
        await self.task


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_as_many_hold_a_slot_as_there_are() -> None:
    slots = Slots(concurrency=2, queue=5)
    visitors = [Visitor(slots) for _ in range(3)]
    await settle()
    assert (slots.in_flight, slots.waiting, slots.is_idle) == (2, 1, False)
    for visitor in visitors:
        await visitor.leave()
    assert slots.is_idle


async def test_who_came_first_is_served_first() -> None:
    slots = Slots(concurrency=1, queue=5)
    visitors = [Visitor(slots) for _ in range(4)]
    for position, visitor in enumerate(visitors):
        await visitor.is_in.wait()
        assert [v.is_in.is_set() for v in visitors].count(True) == position + 1
        await visitor.leave()


async def test_nobody_waits_beyond_the_queue() -> None:
    slots = Slots(concurrency=1, queue=1)
    visitors = [Visitor(slots) for _ in range(2)]
    await settle()
    with pytest.raises(QueueFullError):
        async with slots.slot():
            pass
    assert (slots.in_flight, slots.waiting) == (1, 1)
    for visitor in visitors:
        await visitor.leave()


async def test_a_queue_of_zero_takes_only_what_can_begin_at_once() -> None:
    slots = Slots(concurrency=1, queue=0)
    visitor = Visitor(slots)
    await settle()
    with pytest.raises(QueueFullError):
        async with slots.slot():
            pass
    await visitor.leave()
    async with slots.slot():
        assert slots.in_flight == 1


async def test_who_gives_up_waiting_gives_its_place_to_the_next() -> None:
    slots = Slots(concurrency=1, queue=2)
    holder, leaver, patient = (Visitor(slots) for _ in range(3))
    await settle()
    leaver.task.cancel()
    with suppress(asyncio.CancelledError):
        await leaver.task
    assert slots.waiting == 1
    await holder.leave()
    await patient.is_in.wait()
    assert not leaver.is_in.is_set()
    await patient.leave()


async def test_a_slot_comes_back_when_its_holder_fails() -> None:
    slots = Slots(concurrency=1, queue=0)
    with suppress(ZeroDivisionError):
        async with slots.slot():
            raise ZeroDivisionError
    assert slots.is_idle
    async with slots.slot():
        assert slots.in_flight == 1


async def test_the_first_hint_is_one_second_for_nothing_is_known() -> None:
    assert Slots(concurrency=1, queue=0).retry_after_s() == 1


@pytest.mark.parametrize(
    ("hold_s", "concurrency", "expected_s"),
    [(0.01, 1, 1), (30.0, 1, 30), (30.0, 4, 8), (100_000.0, 1, 600)],
)
def test_the_hint_is_the_mean_hold_over_the_slots(
    hold_s: float, concurrency: int, expected_s: int
) -> None:
    slots = Slots(concurrency=concurrency, queue=0)
    slots._learn(hold_s)
    assert slots.retry_after_s() == expected_s
