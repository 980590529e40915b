"""Sums over one measured pass, and the two rates of the old study under honest names."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from yoyak.analysis.intervals import geometric_interval
from yoyak.analysis.repetitions import Repetition
from yoyak.records import LoadRecord, LoadState, ModelLoad, RequestRecord, Resources, Totals
from yoyak.records.perf import Interval


def totals(
    repetitions: Sequence[Repetition],
    complete: Sequence[Repetition],
    loads: Sequence[LoadRecord],
    *,
    resources: Resources,
    client_rss_end_bytes: int | None,
) -> Totals:
    """Return the totals: counts over all measured requests, sums over complete repetitions.

    Sums of characters and tokens hold the requests that succeeded; a finding tells of the others.
    Where a repetition runs for a time instead of once over the articles, passes differ a little,
    and characters are the mean over them, rounded.
    """
    passes, with_loads = [rep.pass_s for rep in complete], totals_with_load_s(complete, loads)
    with_load = fmean(with_loads) if with_loads else None
    prompt_chars = _mean_sum(complete, lambda r: r.prompt_chars)
    output_chars = _mean_sum(complete, lambda r: r.output_chars)
    article_chars = _mean_sum(complete, lambda r: r.article_chars)
    requests = sum(len(repetition.requests) for repetition in repetitions)
    return Totals(
        total_s=fmean(passes) if passes else None,
        total_with_load_s=with_load,
        requests=requests,
        failed=requests - sum(len(repetition.ok) for repetition in repetitions),
        article_chars=None if article_chars is None else round(article_chars),
        prompt_chars=None if prompt_chars is None else round(prompt_chars),
        output_chars=output_chars,
        prompt_tokens=_mean_sum(complete, lambda r: r.prompt_tokens),
        output_tokens=_mean_sum(complete, lambda r: r.output_tokens),
        prompt_chars_per_total_s=_over(prompt_chars, with_load),
        output_chars_per_total_s=_over(output_chars, with_load),
        client_rss_end_bytes=client_rss_end_bytes,
        client_cpu_percent=resources.client_cpu_percent,
        total_s_ci95=_interval(passes),
        total_with_load_s_ci95=_interval(with_loads),
        prompt_chars_per_total_s_ci95=_interval(
            _rates(_sums(complete, lambda r: r.prompt_chars), with_loads)
        ),
        output_chars_per_total_s_ci95=_interval(
            _rates(_sums(complete, lambda r: r.output_chars), with_loads)
        ),
    )


def totals_with_load_s(
    complete: Sequence[Repetition], loads: Sequence[LoadRecord]
) -> Sequence[float]:
    """Return pass plus load of each complete repetition; none if one has no load of its own."""
    load_s = {load.repetition: load.load_s for load in loads}
    if any(rep.index not in load_s for rep in complete):
        return ()
    return [rep.pass_s + load_s[rep.index] for rep in complete]


def model_load(loads: Sequence[LoadRecord]) -> ModelLoad:
    """Return every explicit load; the state is None where it is unknown or not one and the same."""
    ordered = sorted(loads, key=lambda load: load.repetition)
    states = load_states(ordered)
    return ModelLoad(
        state=states[0] if len(states) == 1 else None,
        n=len(ordered),
        values_s=tuple(load.load_s for load in ordered),
    )


def load_states(loads: Sequence[LoadRecord]) -> tuple[LoadState | None, ...]:
    """Return the different states that loads began from, in order of appearance."""
    seen: Mapping[LoadState | None, None] = dict.fromkeys(load.state for load in loads)
    return tuple(seen)


def _mean_sum(
    complete: Sequence[Repetition], quantity: Callable[[RequestRecord], int | None]
) -> float | None:
    """Return the mean over repetitions of a sum over requests; None if a request does not say."""
    sums = _sums(complete, quantity)
    return fmean(sums) if sums else None


def _sums(
    complete: Sequence[Repetition], quantity: Callable[[RequestRecord], int | None]
) -> Sequence[int]:
    """Return the sum over requests of each repetition; none if a request does not say."""
    sums = []
    for repetition in complete:
        values = [quantity(record) for record in repetition.ok]
        known = [value for value in values if value is not None]
        if not values or len(known) < len(values):
            return ()
        sums.append(sum(known))
    return sums


def _rates(work: Sequence[int], seconds: Sequence[float]) -> Sequence[float]:
    if len(work) != len(seconds) or not all(seconds):
        return ()
    return [amount / time for amount, time in zip(work, seconds, strict=True)]


def _interval(values: Sequence[float]) -> Interval | None:
    """The interval of repetition values, on their logarithms; None where one is not above 0."""
    return geometric_interval(values) if values and min(values) > 0 else None


def _over(work: float | None, seconds: float | None) -> float | None:
    return None if work is None or not seconds else work / seconds
