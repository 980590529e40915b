"""From the blocks of a rate sweep to what perf.json says of it, step by step."""

from collections import defaultdict
from collections.abc import Sequence

from yoyak.analysis.overload import is_queue_growing
from yoyak.analysis.probability import binomial_interval
from yoyak.analysis.quantiles import floor, quantile_above_floor
from yoyak.analysis.targets import allowed_over, is_lost, is_over, target_latency_s
from yoyak.load.search import bracket
from yoyak.records import (
    BlockRecord,
    Manifest,
    RequestRecord,
    SloTarget,
    StepTarget,
    Sweep,
    SweepStep,
)
from yoyak.slo import parse_slo
from yoyak.units import seconds


def requests_per_step(targets: Sequence[SloTarget]) -> int:
    """Return how many requests a step needs so that every target's percentile can be shown."""
    return max(floor(target.probability) for target in targets)


def build_sweep(
    manifest: Manifest, blocks: Sequence[BlockRecord], requests: Sequence[RequestRecord]
) -> Sweep | None:
    """Return the sweep that a run was, from its records; None for a run that was none."""
    if manifest.workload.slo is None:
        return None
    targets = parse_slo(manifest.workload.slo)
    by_block: defaultdict[int, list[RequestRecord]] = defaultdict(list)
    for record in requests:
        if not record.is_warmup:
            by_block[record.repetition].append(record)
    steps = tuple(
        judge(
            block,
            by_block[block.repetition],
            targets,
            slots=manifest.engine.parallel or 1,
            max_failures=_max_failures(manifest),
        )
        for block in sorted(blocks, key=lambda block: block.repetition)
    )
    met, missed = bracket([(step.rate_per_s, step.met) for step in steps])
    return Sweep(targets=targets, steps=steps, highest_met_per_s=met, lowest_missed_per_s=missed)


def judge(
    block: BlockRecord,
    requests: Sequence[RequestRecord],
    targets: Sequence[SloTarget],
    *,
    slots: int,
    max_failures: int,
) -> SweepStep:
    """Return how a step stood.

    It met the targets if no more than (1 - p) of its planned requests were over each limit, at
    most `max_failures` failed, and its queue did not grow: a step that is short enough would meet
    any target while a queue builds up. It is certain where the 95 % interval of the share over the
    limit lies on one side of 1 - p for all targets (met), or for one (missed), or where the queue
    grew or requests failed.

    Args:
        block: the step.
        requests: its measured requests, failed ones included.
        targets: of the sweep.
        slots: requests that the engine works on at once.
        max_failures: that a step may have.
    """
    planned = block.requests or len(requests)
    over = [sum(is_over(record, target) for record in requests) for target in targets]
    failed = sum(record.error is not None for record in requests)
    is_overloaded = is_queue_growing(requests, slots=slots)
    is_broken = is_overloaded or failed > max_failures
    stood = tuple(
        _stood(target, count, requests, planned)
        for target, count in zip(targets, over, strict=True)
    )
    met = not is_broken and not is_lost(over, targets, planned)
    sides = [_side(one, target) for one, target in zip(stood, targets, strict=True)]
    return SweepStep(
        repetition=block.repetition,
        rate_per_s=block.rate_per_s or 0.0,
        planned=planned,
        sent=len(requests),
        failed=failed,
        finished_per_s=_finished_per_s(requests),
        is_overloaded=is_overloaded,
        met=met,
        is_certain=all(side < 0 for side in sides) if met else is_broken or max(sides) > 0,
        targets=stood,
    )


def headline(sweep: Sweep) -> SweepStep | None:
    """Return the step that the results of the run are of.

    The highest rate that met the targets, else the lowest that was tried; None if none ended.
    """
    met = [step for step in sweep.steps if step.met]
    if met:
        return max(met, key=lambda step: step.rate_per_s)
    return min(sweep.steps, key=lambda step: step.rate_per_s, default=None)


def _stood(
    target: SloTarget, over: int, requests: Sequence[RequestRecord], planned: int
) -> StepTarget:
    known = [
        latency_s
        for record in requests
        if (latency_s := target_latency_s(record, target)) is not None
    ]
    is_whole = len(requests) >= planned
    return StepTarget(
        name=target.name,
        over=over,
        over_ratio_ci95=binomial_interval(over, planned),
        percentile_s=quantile_above_floor(known, target.probability, requests=len(known))
        if is_whole
        else None,
        met=over <= allowed_over(target, planned),
    )


def _side(stood: StepTarget, target: SloTarget) -> int:
    """Return -1 where the interval of the share lies within what is allowed, 1 above, else 0.

    Of a step that was given up early the rest may have been within the limit; its lower bound is
    of the whole step all the same, and holds.
    """
    if stood.over_ratio_ci95 is None:
        return 0
    low, high = stood.over_ratio_ci95
    allowed = 1 - target.probability
    return -1 if high <= allowed else 1 if low > allowed else 0


def _finished_per_s(requests: Sequence[RequestRecord]) -> float | None:
    """Return the requests that succeeded over the time from the first start to the last end."""
    ok = [record for record in requests if record.error is None]
    if not ok:
        return None
    begin_ns = min(record.scheduled_ns for record in requests)
    span_s = seconds(max(record.done_ns for record in requests) - begin_ns)
    return len(ok) / span_s if span_s > 0 else None


def _max_failures(manifest: Manifest) -> int:
    option = manifest.options.get("max_failures")
    value = None if option is None else option.value
    return value if isinstance(value, int) else 0
