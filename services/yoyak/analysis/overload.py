"""Whether requests came faster than an engine finished them, so that latencies grow with time."""

from collections.abc import Sequence
from statistics import fmean

from yoyak.records import RequestRecord
from yoyak.units import seconds

# A queue that is stable holds a few requests a slot; one that grows holds a share of all that came:
# 1 - capacity / rate, which passes 5 % where requests come 5 % faster than they are finished.
QUEUE_PER_SLOT = 4
QUEUE_SHARE = 0.05
# An engine that takes many requests at once (continuous batching) has many in flight and no queue.
# Of a stable one the last quarter takes as long as the second (the first fills it up). Where
# requests come at 1.1 times the capacity of one slot, 130 of them, the last quarter waits 2.1
# times as long as the second; at 1.05 times 1.7.
GROWTH = 1.5
_QUARTERS = 4
_LEAST_REQUESTS = 8  # two a quarter


def unfinished(requests: Sequence[RequestRecord]) -> int:
    """Count the requests that were waiting when the last one was due, itself left out."""
    last_ns = max(record.scheduled_ns for record in requests)
    return sum(record.scheduled_ns < last_ns < record.done_ns for record in requests)


def is_queue_long(waiting: float, requests: float, slots: int) -> bool:
    """Say whether more wait than a stable queue of so many slots holds."""
    return waiting > max(QUEUE_PER_SLOT * slots, QUEUE_SHARE * requests)


def is_queue_growing(requests: Sequence[RequestRecord], *, slots: int) -> bool:
    """Say whether a block's queue was long at its end and had been growing.

    Args:
        requests: the measured ones of one block in open loop, failed ones included.
        slots: requests that the engine works on at once; 1 where it does not say.
    """
    if len(requests) < _LEAST_REQUESTS:
        return False
    if not is_queue_long(unfinished(requests), len(requests), slots):
        return False
    ordered = sorted(requests, key=lambda record: record.scheduled_ns)
    quarter = len(ordered) // _QUARTERS
    second, last = ordered[quarter : 2 * quarter], ordered[-quarter:]
    return _mean_s(last) > GROWTH * _mean_s(second)


def _mean_s(requests: Sequence[RequestRecord]) -> float:
    return fmean(seconds(record.done_ns - record.scheduled_ns) for record in requests)
