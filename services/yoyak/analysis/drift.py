"""Whether a host's speed changed while it was measured, and which requests stand apart."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from yoyak.analysis.durations import LEAST_TOKENS, decode_s, time_per_output_token_s
from yoyak.analysis.intervals import ROUNDING
from yoyak.analysis.probability import t_two_sided_p
from yoyak.analysis.repetitions import Repetition
from yoyak.records import RequestRecord

# Both tests ask for a change that is large enough to matter and too clear to be chance. 2 % is the
# noise between repetitions that we saw; at 1 % a quiet run is blamed once in a hundred.
LEAST_CHANGE = 0.02
ALPHA = 0.01
_LEAST_REPETITIONS = 2
_LEAST_POINTS = 4  # a line through three leaves one degree of freedom

# Iglewicz and Hoaglin (1993) call |0.6745 (x - median) / MAD| > 3.5 an outlier, which among 40
# normal samples happens once in 50 runs; 5 almost never does. 10 % keeps a run whose requests agree
# to a hair from being blamed for a tenth of a millisecond.
OUTLIER_SCORE = 5.0
OUTLIER_LEAST = math.log(1.1)
_SCORE_FACTOR = 0.6745  # the median absolute deviation of a standard normal
_OUTLIER_REQUESTS = 8


@dataclass(frozen=True, slots=True)
class Drift:
    """A change in time per token: 0.05 means that the end was 5 % slower than the beginning."""

    change: float
    p_value: float

    @property
    def is_clear(self) -> bool:
        """Whether it is large enough to matter and too clear to be chance."""
        return abs(self.change) > LEAST_CHANGE and self.p_value < ALPHA


def drift_within(repetitions: Sequence[Repetition]) -> Drift | None:
    """Return the change from the first to the second half of a repetition, averaged over them.

    Per repetition the mean of log time per token over the later requests less that over the
    earlier ones, each request less its article's mean; then a t test of these differences against
    0, since a repetition is the unit. None below two repetitions of two requests.
    """
    steps = adjusted_log_steps(repetitions)
    differences = []
    for repetition in repetitions:
        ordered = sorted(repetition.ok, key=lambda r: r.sent_ns)
        values = [steps[r.request_id] for r in ordered if r.request_id in steps]
        half = len(values) // 2
        if half:
            differences.append(fmean(values[-half:]) - fmean(values[:half]))
    if len(differences) < _LEAST_REPETITIONS:
        return None
    error = float(np.std(differences, ddof=1)) / math.sqrt(len(differences))
    return _drift(fmean(differences), error, len(differences) - 1)


def drift_across(rates: Sequence[float]) -> Drift | None:
    """Return the change from the first to the last repetition along a fitted line.

    Least squares of log time per token (the inverse of the rate) on the repetition's place, its
    slope times (n - 1), with the slope's t test. None below four repetitions.
    """
    n = len(rates)
    if n < _LEAST_POINTS:
        return None
    place = np.arange(n) - (n - 1) / 2
    logs = -np.log(np.asarray(rates, dtype=float))
    spread = float(place @ place)
    slope = float(place @ logs) / spread
    residuals = logs - logs.mean() - slope * place
    error = math.sqrt(float(residuals @ residuals) / (n - 2) / spread)
    return _drift(slope * (n - 1), error * (n - 1), n - 2)


def outliers(repetitions: Sequence[Repetition]) -> tuple[str, ...]:
    """Return the ids of requests whose time per token stands apart from all others."""
    steps = adjusted_log_steps(repetitions)
    if len(steps) < _OUTLIER_REQUESTS:
        return ()
    values = np.array(list(steps.values()))
    distance = np.abs(values - np.median(values))
    limit = max(OUTLIER_SCORE * float(np.median(distance)) / _SCORE_FACTOR, OUTLIER_LEAST)
    return tuple(name for name, far in zip(steps, distance > limit, strict=True) if far)


def adjusted_log_steps(repetitions: Sequence[Repetition]) -> dict[str, float]:
    """Return each request's log time per token, less its article's mean, by request id.

    Long prompts make each step a little slower, so articles differ; an article that occurs once
    has no mean of its own to be compared with, so it is left as it is.
    """
    by_article: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for repetition in repetitions:
        for record in repetition.ok:
            step = _step_s(record)
            if step:
                by_article[record.article_id][record.request_id] = math.log(step)
    centre = fmean(v for steps in by_article.values() for v in steps.values()) if by_article else 0
    adjusted: dict[str, float] = {}
    for steps in by_article.values():
        mean = fmean(steps.values()) if len(steps) > 1 else centre
        adjusted.update({name: value - mean for name, value in steps.items()})
    return adjusted


def _step_s(record: RequestRecord) -> float | None:
    seconds, tokens = decode_s(record), record.output_tokens
    if seconds is None or tokens is None or tokens < LEAST_TOKENS:
        return time_per_output_token_s(record)
    return seconds / (tokens - 1)


def _drift(log_change: float, error: float, freedom: int) -> Drift | None:
    if error < ROUNDING:
        return None
    p = float(t_two_sided_p(np.array(log_change / error), np.array(float(freedom))))
    return Drift(math.expm1(log_change), p)
