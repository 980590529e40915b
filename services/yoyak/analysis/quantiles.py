"""Quantiles from raw samples, given only where enough requests stand behind them."""

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np

from yoyak.analysis.probability import binomial_cdf

# numpy's name for estimator 8 of Hyndman and Fan (1996), which they recommend: about
# median-unbiased whatever the distribution, where the common default (7) falls short in the tails.
METHOD: Literal["median_unbiased"] = "median_unbiased"
# A percentile is shown once it is nearly certain (99 %) that at least two samples lie above it:
# with one, the largest sample alone would decide the number.
RISK = 0.01
SHOWN = (0.5, 0.9, 0.95, 0.99)


def quantile(values: Sequence[float], probability: float) -> float:
    """Return the quantile of raw samples by METHOD; raises ValueError for none."""
    if len(values) == 0:
        raise ValueError("no samples, no quantile")
    return float(np.quantile(np.asarray(values, dtype=float), probability, method=METHOD))


@cache
def floor(probability: float) -> int:
    """Return the least number of requests from which this percentile is shown.

    The least n for which P(X <= 1) < RISK, where X ~ Binomial(n, 1 - probability) counts the
    samples above the true percentile. 11 for p50, 64 for p90, 130 for p95, 662 for p99. P falls
    as n grows from 2 on, so the first n that passes is the floor.

    Source:
        The bound that MLPerf's endpoint benchmark uses for its sample counts.
    """
    if not 0 < probability < 1:
        raise ValueError("a percentile lies between 0 and 1")
    n = 2
    while binomial_cdf(1, n, 1 - probability) >= RISK:
        n += 1
    return n


def quantile_above_floor(
    values: Sequence[float], probability: float, *, requests: int
) -> float | None:
    """Return the quantile, or None where fewer than `floor` requests stand behind the values.

    Args:
        values: samples; of inter-chunk latencies a request gives many.
        requests: how many requests they come from; gaps of one request are no independent samples.
    """
    if requests < floor(probability) or len(values) == 0:
        return None
    return quantile(values, probability)
