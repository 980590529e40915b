"""Which host to take: the front of cost against speed, and the cheapest that meets a target."""

from collections.abc import Mapping
from dataclasses import dataclass

from yoyak.analysis.comparison import FrontPoint, Subject, TargetResult
from yoyak.analysis.tables import run_cost
from yoyak.errors import UsageError
from yoyak.records import Latency, Perf

_SECONDS_PER_HOUR = 3600
_STATISTICS = ("mean", "p50", "p90", "p95", "p99", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyTarget:
    """A limit on one statistic of one latency, e.g. "end_to_end_s.p95" at most 20 s."""

    metric: str
    limit_s: float


def parse_target(metric: str, limit_s: float) -> LatencyTarget:
    """Return the target; raises UsageError where the metric is none or the limit not above 0."""
    name, _, statistic = metric.partition(".")
    if name not in Latency.__dataclass_fields__ or statistic not in _STATISTICS:
        raise UsageError(
            f'"{metric}" is no latency; give NAME.STATISTIC, e.g. end_to_end_s.p95, with one of '
            f"{', '.join(Latency.__dataclass_fields__)} and one of {', '.join(_STATISTICS)}"
        )
    if not 0 < limit_s < float("inf"):
        raise UsageError(f"a latency limit of {limit_s} s cannot be met; give seconds above 0")
    return LatencyTarget(metric=metric, limit_s=limit_s)


def cheapest_meeting(
    runs: Mapping[str, Perf], subjects: Mapping[str, Subject], target: LatencyTarget
) -> TargetResult:
    """Return which hosts meet the target, the cheapest an article first, unpriced ones last.

    The measured value is compared as it is. A percentile below its floor is unknown, not met.
    """
    name, _, statistic = target.metric.partition(".")
    values = {
        label: getattr(getattr(perf.latency, name), statistic) for label, perf in runs.items()
    }
    meeting = [label for label, v in values.items() if v is not None and v <= target.limit_s]
    costs = {label: _article_usd(runs[label], subjects[label]) for label in meeting}
    priced = sorted(
        (label for label in meeting if costs[label] is not None),
        key=lambda label: costs[label] or 0.0,
    )
    return TargetResult(
        metric=target.metric,
        limit=target.limit_s,
        meeting=(*priced, *(label for label in meeting if costs[label] is None)),
        failing=tuple(lb for lb, v in values.items() if v is not None and v > target.limit_s),
        unknown=tuple(label for label, value in values.items() if value is None),
        cheapest=priced[0] if priced else None,
    )


def front(runs: Mapping[str, Perf], subjects: Mapping[str, Subject]) -> tuple[FrontPoint, ...]:
    """Return every run with a speed and a price; on the front if no other is better in both.

    A host that is equal in one and better in the other beats it too.
    """
    points: dict[str, tuple[float, float]] = {}
    for label, perf in runs.items():
        pace, usd = perf.rates.requests_per_s.value, _article_usd(perf, subjects[label])
        if pace is not None and usd is not None:
            points[label] = (pace * _SECONDS_PER_HOUR, usd)
    return tuple(
        FrontPoint(
            label=label,
            articles_per_hour=speed,
            usd_per_1000_articles=usd,
            on_front=not any(
                other != (speed, usd) and other[0] >= speed and other[1] <= usd
                for other in points.values()
            ),
        )
        for label, (speed, usd) in points.items()
    )


def _article_usd(perf: Perf, subject: Subject) -> float | None:
    return run_cost(perf, subject).usd_per_1000_articles
