"""The published distribution of a latency: over requests, its interval over repetitions."""

from collections.abc import Callable, Sequence

import numpy as np

from yoyak.analysis import durations
from yoyak.analysis.intervals import arithmetic_interval, geometric_interval
from yoyak.analysis.quantiles import quantile_above_floor
from yoyak.analysis.repetitions import Repetition
from yoyak.records import Distribution, Latency, RequestRecord
from yoyak.records.perf import Interval

Quantity = Callable[[RequestRecord], float | None]


def latency(repetitions: Sequence[Repetition], *, open_loop: bool) -> Latency:
    """Return every latency of the measured requests that succeeded."""

    def of(quantity: Callable[..., float | None]) -> Quantity:
        return lambda record: quantity(record, open_loop=open_loop)

    return Latency(
        time_to_first_token_s=_one_a_request(repetitions, of(durations.time_to_first_token_s)),
        inter_chunk_latency_s=_pooled(repetitions, durations.inter_chunk_latencies_s),
        time_per_output_token_s=_one_a_request(repetitions, durations.time_per_output_token_s),
        end_to_end_s=_one_a_request(repetitions, of(durations.end_to_end_s)),
        prompt_eval_s=_one_a_request(repetitions, durations.prompt_eval_s),
        decode_s=_one_a_request(repetitions, durations.decode_s),
        queue_and_overhead_s=_one_a_request(repetitions, of(durations.queue_and_overhead_s)),
    )


def distribution(
    samples_by_repetition: Sequence[Sequence[float]], *, requests: int
) -> Distribution:
    """Return the distribution of raw samples.

    Args:
        samples_by_repetition: shape (repetitions, samples), ragged; repetitions without samples
            may be left out or empty.
        requests: how many requests they come from: `n`, and what floors are measured in.
    """
    groups = [np.asarray(samples, dtype=float) for samples in samples_by_repetition if samples]
    if not groups:
        return Distribution(n=0)
    pooled = np.concatenate(groups)
    p50, p90, p95, p99 = (
        quantile_above_floor(pooled, p, requests=requests) for p in (0.5, 0.9, 0.95, 0.99)
    )
    return Distribution(
        n=requests,
        mean=float(np.mean(pooled)),
        ci95=_interval([float(np.mean(group)) for group in groups]),
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        min=float(np.min(pooled)),
        max=float(np.max(pooled)),
    )


def _interval(repetition_means: Sequence[float]) -> Interval | None:
    """The t interval on the logarithms, or the plain one where a mean is not above 0."""
    if min(repetition_means) <= 0:
        return arithmetic_interval(repetition_means)
    return geometric_interval(repetition_means)


def _one_a_request(repetitions: Sequence[Repetition], quantity: Quantity) -> Distribution:
    samples = [
        [value for record in repetition.requests if (value := quantity(record)) is not None]
        for repetition in repetitions
    ]
    return distribution(samples, requests=sum(map(len, samples)))


def _pooled(
    repetitions: Sequence[Repetition], quantity: Callable[[RequestRecord], tuple[float, ...]]
) -> Distribution:
    by_request = [[quantity(record) for record in rep.requests] for rep in repetitions]
    samples = [[gap for gaps in repetition for gap in gaps] for repetition in by_request]
    requests = sum(bool(gaps) for repetition in by_request for gaps in repetition)
    return distribution(samples, requests=requests)
