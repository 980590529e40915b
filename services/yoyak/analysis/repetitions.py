"""The measured requests of a run, repetition by repetition: the unit of every interval."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from yoyak.analysis.durations import begin_ns, succeeded
from yoyak.records import BlockRecord, Manifest, RequestRecord
from yoyak.units import seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """One block of measured requests; warm-up is left out."""

    index: int
    requests: tuple[RequestRecord, ...]  # failed ones included
    start_ns: int  # the first request's begin
    end_ns: int  # the last request's end

    @property
    def ok(self) -> tuple[RequestRecord, ...]:
        """The requests that succeeded."""
        return tuple(r for r in self.requests if succeeded(r))

    @property
    def pass_s(self) -> float:
        """One measured pass: from the first begin to the last end, without loading or warm-up."""
        return seconds(self.end_ns - self.start_ns)


def measured_repetitions(
    requests: Sequence[RequestRecord], *, open_loop: bool
) -> tuple[Repetition, ...]:
    """Group the measured requests by repetition, ascending."""
    grouped: defaultdict[int, list[RequestRecord]] = defaultdict(list)
    for record in requests:
        if not record.is_warmup:
            grouped[record.repetition].append(record)
    return tuple(
        Repetition(
            index=index,
            requests=tuple(records),
            start_ns=min(begin_ns(r, open_loop=open_loop) for r in records),
            end_ns=max(r.done_ns for r in records),
        )
        for index, records in sorted(grouped.items())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What each repetition was to be; None where the manifest does not say."""

    repetitions: int | None
    requests: int | None  # of one repetition; None where it runs for a time
    duration_s: float | None


def plan_of(manifest: Manifest) -> Plan:
    """Return the plan that a run's manifest fixed."""
    workload = manifest.workload
    option = manifest.options.get("duration")
    duration_s = float(option.value) if option and isinstance(option.value, int | float) else None
    requests: int | None = len(workload.article_ids) or None
    if duration_s is not None:
        rate = workload.rate_per_s
        requests = None if rate is None else max(1, round(rate * duration_s))
    return Plan(repetitions=workload.repetitions, requests=requests, duration_s=duration_s)


def complete_repetitions(
    repetitions: Sequence[Repetition], plan: Plan, blocks: Sequence[BlockRecord] = ()
) -> tuple[Repetition, ...]:
    """Return the repetitions that did all the work that was planned for them.

    A repetition that was cut off did other work, so its totals and rates do not count. Its
    requests stay in the latencies, which are of single requests.

    Args:
        repetitions: of a run.
        plan: of each.
        blocks: the journal of repetitions that ended; without it a repetition that runs for a
            time is taken for whole once it lasted that long.
    """
    ended = {block.repetition for block in blocks if block.ended == "complete"}
    return tuple(
        repetition
        for repetition in repetitions
        if repetition.index in ended or _is_whole(repetition, plan, is_told=bool(blocks))
    )


def _is_whole(repetition: Repetition, plan: Plan, *, is_told: bool) -> bool:
    if plan.requests is not None:
        return len(repetition.requests) >= plan.requests
    if is_told and plan.duration_s is not None:
        return False
    return plan.duration_s is None or repetition.pass_s >= plan.duration_s
