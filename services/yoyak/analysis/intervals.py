"""95 % intervals: Student t on the logarithm of repetition values, of one host and of a ratio."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from yoyak.analysis.probability import t_quantile, t_two_sided_p
from yoyak.records.perf import Interval

LEVEL = 0.95
_LEAST = 2  # values from which a spread can be seen
ROUNDING = 1e-12  # of a logarithm: what differs by less differs by the rounding of its digits
_MOST_LOG = 300.0  # exp of it is 1e130: no host is that much faster than another


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times larger `numerator` is than `denominator`.

    Attributes:
        value: the ratio of the geometric means.
        interval: 95 %, or None below two values on a side.
        p_value: two-sided, of the hypothesis that the ratio is 1; None like the interval, and
            where no value differs from another on either side: then no noise was seen at all, and
            nothing says how much a repetition would differ.
    """

    value: float
    interval: Interval | None
    p_value: float | None


def geometric_mean(values: Sequence[float]) -> float:
    """Return exp(mean(log(values))); raises ValueError unless all are positive and finite."""
    return math.exp(float(np.mean(_logs(values))))


def geometric_interval(values: Sequence[float]) -> Interval | None:
    """Return the 95 % interval of the geometric mean of repetition values.

    exp(m -+ t(0.975, n - 1) * s / sqrt(n)), with m and s the mean and the standard deviation
    (n - 1) of the logarithms. The logarithm makes the interval of a rate that of its inverse, and
    keeps it above 0.

    Returns:
        (low, high), or None below two values.
    """
    logs = _logs(values)
    if len(logs) < _LEAST:
        return None
    return _exponential(float(np.mean(logs)), _half_width(logs))


def arithmetic_interval(values: Sequence[float]) -> Interval | None:
    """Return the 95 % Student t interval of the plain mean; None below two values.

    For quantities that may be 0 or negative, which have no logarithm (`queue_and_overhead_s`).
    """
    array = np.asarray(values, dtype=float)
    if len(array) < _LEAST:
        return None
    centre, half = float(np.mean(array)), _half_width(array)
    return centre - half, centre + half


def ratio(numerator: Sequence[float], denominator: Sequence[float]) -> Ratio:
    """Return the ratio of two hosts from their repetition values, with Welch's interval.

    d = mean(log a) - mean(log b), se^2 = s_a^2/n_a + s_b^2/n_b,
    interval exp(d -+ t(0.975, v) * se), p = 2 * P(T_v > |d| / se), with Welch's v.

    The hosts ran at different times, so repetition i of one has no tie to repetition i of the
    other, and their noise need not be alike: Welch, not a paired and not a pooled test.
    """
    return log_ratio(_logs(numerator), _logs(denominator))


def log_ratio(a: np.ndarray, b: np.ndarray) -> Ratio:
    """Return `ratio` from logarithms; for values that were adjusted on that scale."""
    difference = float(np.mean(a) - np.mean(b))
    value = math.exp(difference)
    if len(a) < _LEAST or len(b) < _LEAST:
        return Ratio(value, None, None)
    part_a = float(np.var(a, ddof=1)) / len(a)
    part_b = float(np.var(b, ddof=1)) / len(b)
    error = math.sqrt(part_a + part_b)
    if error < ROUNDING:
        return Ratio(value, None, None)
    freedom = (part_a + part_b) ** 2 / (part_a**2 / (len(a) - 1) + part_b**2 / (len(b) - 1))
    half = t_quantile((1 + LEVEL) / 2, freedom) * error
    return Ratio(
        value,
        _exponential(difference, half),
        float(t_two_sided_p(np.array(difference / error), np.array(freedom))),
    )


def host_values(repetitions_by_host: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Return one value a host, its geometric mean over repetitions: the values of a type's level.

    Repetitions on one host say nothing about how hosts of a type differ, so at that level n is the
    number of hosts, however many repetitions each ran.
    """
    return tuple(geometric_mean(values) for values in repetitions_by_host)


def _exponential(centre: float, half: float) -> Interval | None:
    """Return exp of an interval's ends; None where they are no numbers, so wide is it."""
    if max(centre + half, half - centre) > _MOST_LOG:
        return None
    return math.exp(centre - half), math.exp(centre + half)


def _half_width(values: np.ndarray) -> float:
    n = len(values)
    spread = float(np.std(values, ddof=1))
    return t_quantile((1 + LEVEL) / 2, n - 1) * spread / math.sqrt(n)


def _logs(values: Sequence[float]) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if len(array) == 0 or not np.all(np.isfinite(array)) or np.any(array <= 0):
        raise ValueError("a logarithm needs at least one value, all positive and finite")
    logs: np.ndarray = np.log(array)
    return logs
