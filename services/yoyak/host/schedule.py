"""When the next sample is due: an absolute schedule, on which a late sample delays no other."""

from typing import NamedTuple

from yoyak.units import NS_PER_S


class Tick(NamedTuple):
    """One place in the schedule."""

    number: int
    due_ns: int  # monotonic


def first_tick(now_ns: int, origin_ns: int, hz: float) -> Tick:
    """Return the first tick that is not past; ticks lie at origin + number / hz."""
    number = max(0, _ceil_ticks(now_ns - origin_ns, hz))
    return Tick(number, origin_ns + _offset_ns(number, hz))


def next_tick(tick: Tick, now_ns: int, origin_ns: int, hz: float) -> tuple[Tick, int]:
    """Return the tick after `tick` that is not past, and how many were skipped to reach it."""
    number = max(tick.number + 1, _ceil_ticks(now_ns - origin_ns, hz))
    return Tick(number, origin_ns + _offset_ns(number, hz)), number - tick.number - 1


def _offset_ns(number: int, hz: float) -> int:
    return round(number * NS_PER_S / hz)


def _ceil_ticks(elapsed_ns: int, hz: float) -> int:
    number = int(elapsed_ns * hz / NS_PER_S)
    return number if _offset_ns(number, hz) >= elapsed_ns else number + 1
