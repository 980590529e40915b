"""PromQL from metrics: selectors, rates, quantiles. Names and labels come in as objects."""

from collections.abc import Iterable

from yoyak.telemetry.names import PHASE, Metric

MEASURED = f'{PHASE}="measured"'


def selector(metric: Metric, *matchers: str, series: str = "") -> str:
    """Return an instant vector selector.

    Args:
        metric: what is selected.
        matchers: such as 'outcome!="ok"'; empty ones are left out.
        series: of a histogram: "bucket", "sum" or "count".
    """
    name = f"{metric.name}_{series}" if series else metric.name
    given = ",".join(matcher for matcher in matchers if matcher)
    return f"{name}{{{given}}}" if given else name


def rate(metric: Metric, window: str, *matchers: str, series: str = "") -> str:
    """Return the increase a second over a window."""
    return f"rate({selector(metric, *matchers, series=series)}[{window}])"


def increase(metric: Metric, window: str, *matchers: str, series: str = "") -> str:
    """Return the increase over a window, as Prometheus extrapolates it to the window's ends."""
    return f"increase({selector(metric, *matchers, series=series)}[{window}])"


def by(labels: Iterable[str], expression: str, aggregate: str = "sum") -> str:
    """Return an aggregate that keeps these labels and drops all others."""
    return f"{aggregate} by ({', '.join(labels)}) ({expression})"


def without(labels: Iterable[str], expression: str, aggregate: str = "sum") -> str:
    """Return an aggregate that drops these labels and keeps all others."""
    return f"{aggregate} without ({', '.join(labels)}) ({expression})"


def quantile_by(
    quantile: float, metric: Metric, labels: Iterable[str], window: str, *matchers: str
) -> str:
    """Return a histogram's quantile, interpolated in its bucket, for each set of labels."""
    buckets = by(("le", *labels), rate(metric, window, *matchers, series="bucket"))
    return f"histogram_quantile({quantile:g}, {buckets})"


def mean_by(metric: Metric, labels: Iterable[str], window: str, *matchers: str) -> str:
    """Return a histogram's mean for each set of labels; no value where nothing was counted."""
    labels = tuple(labels)
    total = by(labels, rate(metric, window, *matchers, series="sum"))
    count = by(labels, rate(metric, window, *matchers, series="count"))
    return f"{total} / ({count} > 0)"


def sorted_by_value(expression: str, *, largest_first: bool) -> str:
    """Return an instant vector in order; over a range it changes nothing."""
    return f"{'sort_desc' if largest_first else 'sort'}({expression})"
