"""From the requests and loads of a run to what its charts draw."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from yoyak.analysis.durations import (
    decode_s,
    end_to_end_s,
    inter_chunk_latencies_s,
    prompt_eval_s,
    queue_and_overhead_s,
    succeeded,
    time_per_output_token_s,
    time_to_first_token_s,
)
from yoyak.records import HostSample, LoadRecord, RequestRecord
from yoyak.report.charts.timeline import Span, TimedRequest
from yoyak.report.messages import Messages
from yoyak.units import seconds


def measured(requests: Iterable[RequestRecord]) -> list[RequestRecord]:
    """Return the requests that enter results: no warm-up, no failure."""
    return [r for r in requests if not r.is_warmup and succeeded(r)]


def latencies_s(
    requests: Sequence[RequestRecord], *, open_loop: bool
) -> Mapping[str, tuple[float, ...]]:
    """Return the values of the three latencies that a reader of summaries feels, one a request."""
    good = measured(requests)
    return {
        "time_to_first_token_s": _known(
            time_to_first_token_s(r, open_loop=open_loop) for r in good
        ),
        "time_per_output_token_s": _known(time_per_output_token_s(r) for r in good),
        "end_to_end_s": _known(end_to_end_s(r, open_loop=open_loop) for r in good),
    }


def gaps_s(requests: Sequence[RequestRecord]) -> list[float]:
    """Return the gaps between neighbouring chunks of all measured requests, pooled."""
    return [gap for record in measured(requests) for gap in inter_chunk_latencies_s(record)]


def phase_seconds(
    requests: Sequence[RequestRecord], loads: Sequence[LoadRecord], *, open_loop: bool
) -> list[tuple[int, dict[str, float | None]]]:
    """Return, for each repetition (0-based), the seconds of each phase, summed over its requests.

    A phase that one of the requests does not tell is None for the repetition: a sum of the rest
    would pass for the whole.
    """
    by_repetition: dict[int, list[RequestRecord]] = defaultdict(list)
    for record in measured(requests):
        by_repetition[record.repetition].append(record)
    load_s: dict[int, float] = defaultdict(float)
    for load in loads:
        load_s[load.repetition] += load.load_s
    return [
        (
            repetition,
            {
                "load": load_s.get(repetition),
                "queue_and_overhead": _sum_or_none(
                    _not_negative(queue_and_overhead_s(r, open_loop=open_loop)) for r in records
                ),
                "prompt_eval": _sum_or_none(prompt_eval_s(r) for r in records),
                "decode": _sum_or_none(decode_s(r) for r in records),
            },
        )
        for repetition, records in sorted(by_repetition.items())
    ]


def timed_requests(requests: Sequence[RequestRecord]) -> list[TimedRequest]:
    """Return every request, failed ones and warm-up too, on the run's clock."""
    return [
        TimedRequest(
            sent_s=seconds(r.sent_ns),
            taken_s=seconds(r.done_ns - r.sent_ns),
            kind="failed" if not succeeded(r) else "warmup" if r.is_warmup else "measured",
            repetition=r.repetition + 1,
            article_id=r.article_id,
        )
        for r in requests
    ]


def repetition_spans(
    t: Messages, requests: Sequence[RequestRecord], loads: Sequence[LoadRecord]
) -> list[Span]:
    """Return where each repetition begins and ends, its model load included."""
    edges: dict[int, list[int]] = defaultdict(list)
    for load in loads:
        edges[load.repetition] += [load.started_ns, load.done_ns]
    for record in requests:
        edges[record.repetition] += [record.sent_ns, record.done_ns]
    return [
        Span(t("repetition_n", n=number + 1), seconds(min(stamps)), seconds(max(stamps)))
        for number, stamps in sorted(edges.items())
    ]


def load_spans(t: Messages, loads: Sequence[LoadRecord]) -> list[Span]:
    """Return where the model was loaded."""
    return [
        Span(
            t("repetition_n", n=load.repetition + 1),
            seconds(load.started_ns),
            seconds(load.done_ns),
        )
        for load in loads
    ]


def run_span_s(
    requests: Sequence[RequestRecord],
    loads: Sequence[LoadRecord],
    samples: Sequence[HostSample],
) -> float:
    """Return the end of the time axis: the last thing that happened, in seconds."""
    ends = [r.done_ns for r in requests] + [load.done_ns for load in loads]
    ends += [sample.at_ns for sample in samples]
    return seconds(max(ends, default=0))


def _not_negative(value: float | None) -> float | None:
    """Cut off what two clocks' rounding put below 0; a stacked bar cannot show it."""
    return None if value is None else max(0.0, value)


def _known(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(value for value in values if value is not None)


def _sum_or_none(values: Iterable[float | None]) -> float | None:
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total
