"""The rate sweep: one block a rate, until the highest that meets the targets is narrowed down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from statistics import median

from yoyak.analysis.sweep import judge, requests_per_step
from yoyak.analysis.targets import is_lost, is_over
from yoyak.bench.blocks import Blocks
from yoyak.bench.progress import Progress, Step
from yoyak.load.search import next_rate
from yoyak.records import BlockRecord, RequestRecord, SloTarget, SweepStep
from yoyak.slo import parse_slo

# Of what one user reaches alone. Half leaves room for the doubling to begin below the answer.
FIRST_SHARE = 0.5

# Unloads, loads and warms up before a block; returns the seconds of the warm-up requests.
Prepare = Callable[[int], Awaitable[list[float]]]


async def sweep_rates(
    blocks: Blocks,
    prepare: Prepare,
    *,
    before: Sequence[tuple[float, bool]],
    slots: int,
    progress: Progress,
    step: Step,
) -> None:
    """Try rates until the search is over, the run is stopped, or no first rate can be found.

    The first rate is the run's `rate`, else FIRST_SHARE of what one warm-up request after the other
    would reach.

    Args:
        blocks: of the run.
        prepare: what comes before each block.
        before: rates that were tried before the run was resumed, and whether they met the targets.
        slots: requests that the engine works on at once.
        progress: told the outcome of each step.
        step: advanced by each measured request.
    """
    config = blocks.config
    targets = parse_slo(config.slo or "")
    tried = list(before)
    first = tried[0][0] if tried else config.rate
    while not blocks.stop.is_set():
        if first is not None and next_rate(tried, first=first) is None:
            return
        times_s = await prepare(len(tried))
        if first is None:
            if not times_s:
                return
            first = FIRST_SHARE / median(times_s)
        rate = next_rate(tried, first=first)
        if rate is None or blocks.stop.is_set():
            return
        requests = step_requests(targets, rate=rate, duration_s=config.duration)
        step.update(0, requests)
        found = await _try(blocks, len(tried), targets, rate, requests, slots=slots, step=step)
        if found is None:
            return
        tried.append((rate, found.met))
        progress.note(step_words(found))


def step_requests(targets: Sequence[SloTarget], *, rate: float, duration_s: float | None) -> int:
    """Return how many requests a step sends: for a time, or as many as its percentiles need."""
    if duration_s is None:
        return requests_per_step(targets)
    return max(1, round(rate * duration_s))


def step_words(found: SweepStep) -> str:
    """Return the outcome of a step as one line."""
    shares = ", ".join(f"{one.name} missed by {one.over}" for one in found.targets)
    outcome = "met" if found.met else "missed"
    why = " (the queue grew)" if found.is_overloaded else ""
    failed = f", {found.failed} failed" if found.failed else ""
    return (
        f"{found.rate_per_s:g} requests/s: {outcome}{why}; "
        f"of {found.planned} requests {shares}{failed}"
    )


async def _try(
    blocks: Blocks,
    repetition: int,
    targets: Sequence[SloTarget],
    rate: float,
    requests: int,
    *,
    slots: int,
    step: Step,
) -> SweepStep | None:
    """Run one step and judge it; None where the run was stopped in its middle."""
    records: list[RequestRecord] = []
    ended: list[BlockRecord] = []
    over = [0] * len(targets)
    lost = asyncio.Event()
    most_failures = blocks.config.max_failures
    write, write_block = blocks.on_request, blocks.on_block

    def on_request(record: RequestRecord) -> None:
        write(record)
        if record.is_warmup:
            return
        step.advance()
        records.append(record)
        for index, target in enumerate(targets):
            over[index] += is_over(record, target)
        failed = sum(one.error is not None for one in records)
        if failed > most_failures or is_lost(over, targets, requests):
            lost.set()

    def on_block(block: BlockRecord) -> None:
        ended.append(block)
        write_block(block)

    blocks.on_request, blocks.on_block = on_request, on_block
    try:
        await blocks.step(repetition, rate=rate, requests=requests, lost=lost)
    finally:
        blocks.on_request, blocks.on_block = write, write_block
    if not ended:
        return None
    return judge(ended[0], records, targets, slots=slots, max_failures=most_failures)
