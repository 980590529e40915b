"""How latencies are distributed: cumulative shares of requests, and the gaps between chunks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yoyak.report.charts.spec import Rows, Spec, chart, rounded
from yoyak.report.messages import Messages
from yoyak.report.numbers import UNKNOWN, Unit, fit_unit, show
from yoyak.report.theme import color
from yoyak.units import MS_PER_S

MOST_POINTS = 300  # of one curve; a step of a third of a percent is a pixel at 300 px
MOST_BINS = 48  # of the gaps' histogram; a bin is then about ten pixels wide
LEAST_BINS_PER_DECADE, MOST_BINS_PER_DECADE = 12, 192  # a bin 21 % or 1.2 % wider than the last


def ecdf(values: Sequence[float]) -> list[tuple[float, float]]:
    """Return the empirical distribution: (value, share of values at or below it), ascending.

    Of more than MOST_POINTS values, evenly spaced ranks are kept, among them the first and last.
    """
    ordered = sorted(values)
    count = len(ordered)
    if count <= MOST_POINTS:
        ranks: Sequence[int] = range(count)
    else:
        ranks = [round(i * (count - 1) / (MOST_POINTS - 1)) for i in range(MOST_POINTS)]
    return [(ordered[rank], (rank + 1) / count) for rank in ranks]


def distribution(
    t: Messages,
    *,
    name: str,
    values_s: Sequence[float],
    percentiles_s: Mapping[str, float | None],
) -> Spec:
    """Return one latency's cumulative distribution, with the percentiles that are known.

    Args:
        name: the latency, in words.
        values_s: one value a request.
        percentiles_s: "p50" and so on; a None is below its floor and has no line.
    """
    unit = fit_unit("s", values_s)
    rows = [
        {"value": rounded(value * unit.factor), "share": round(share, 4)}
        for value, share in ecdf(values_s)
    ]
    marks = [
        {"value": rounded(value * unit.factor), "label": label}
        for label, value in percentiles_s.items()
        if value is not None
    ]
    encoding = {
        "x": {
            "field": "value",
            "type": "quantitative",
            "title": f"{name} ({unit.label})",
            "scale": {"zero": False, "nice": True},
            "axis": {"grid": False, "tickCount": 5},
        },
        "y": {
            "field": "share",
            "type": "quantitative",
            "title": t("share_of_requests"),
            "axis": {"format": ".0%", "tickCount": 4},
            "scale": {"domain": [0, 1]},
        },
    }
    tooltip = [
        {"field": "value", "type": "quantitative", "title": f"{name} ({unit.label})"},
        {"field": "share", "type": "quantitative", "title": t("share_at_most"), "format": ".1%"},
    ]
    percentiles: list[Spec] = []
    if marks:
        percentiles = [
            {
                "data": {"values": marks},
                "mark": {"type": "rule", "color": color("muted"), "strokeDash": [4, 3]},
                "encoding": {"x": encoding["x"]},
            },
            {
                "data": {"values": marks},
                "mark": {
                    "type": "text",
                    "align": "left",
                    "baseline": "bottom",
                    "dx": 4,
                    "color": color("muted"),
                },
                "encoding": {
                    "x": encoding["x"],
                    "y": {"value": {"expr": "height - 4"}},
                    "text": {"field": "label"},
                },
            },
        ]
    return chart(
        t("latency_chart_says", name=name, n=len(values_s)),
        height=200,
        values=rows,
        layer=[
            *percentiles,
            {"mark": {"type": "line", "interpolate": "step-after"}, "encoding": encoding},
            {
                "mark": {"type": "point", "size": 90, "opacity": 0},
                "encoding": {**encoding, "tooltip": tooltip},
            },
        ],
    )


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts in bins of equal width on a logarithmic scale; `edges_s` has one more entry."""

    edges_s: tuple[float, ...]
    counts: tuple[int, ...]
    zeros: int  # values of 0, which have no place on the scale: chunks that came in one read

    @property
    def total(self) -> int:
        """How many values lie in the bins."""
        return sum(self.counts)


def log_histogram(values_s: Sequence[float]) -> Histogram:
    """Count durations in bins of equal width on a logarithmic scale, and those of 0 apart."""
    positive = [value for value in values_s if value > 0]
    zeros = len(values_s) - len(positive)
    if not positive:
        return Histogram((), (), zeros)
    decades = math.log10(max(positive) / min(positive))
    per_decade = MOST_BINS_PER_DECADE
    while per_decade > LEAST_BINS_PER_DECADE and decades * per_decade > MOST_BINS:
        per_decade //= 2
    places = [math.floor(math.log10(value) * per_decade) for value in positive]
    first = min(places)
    counts = [0] * (max(places) - first + 1)
    for place in places:
        counts[place - first] += 1
    edges = tuple(10 ** ((first + i) / per_decade) for i in range(len(counts) + 1))
    return Histogram(edges, tuple(counts), zeros)


def gap_rows(histogram: Histogram, unit: Unit) -> Rows:
    """Return the bins that hold something, in the unit of the chart."""
    edges = histogram.edges_s
    return [
        {
            "from": rounded(low * unit.factor),
            "to": rounded(high * unit.factor),
            "gaps": count,
            "share": rounded(count / histogram.total),
        }
        for low, high, count in zip(edges, edges[1:], histogram.counts, strict=False)
        if count
    ]


def chunk_gaps(t: Messages, *, histogram: Histogram, median_s: float | None) -> Spec:
    """Return the histogram of the gaps between chunks, both axes logarithmic.

    The axis of counts is logarithmic because a stall is one gap in thousands.
    """
    unit = Unit("ms", MS_PER_S)  # gaps reach from µs to s: one unit for all of a logarithmic axis
    floor = 0.7  # below one gap, so that a bin of one can be seen
    ceiling = 4 * max(histogram.counts)  # room for the median's label
    rows = gap_rows(histogram, unit)
    x: dict[str, Any] = {
        "field": "from",
        "type": "quantitative",
        "title": f"{t('gap')} ({unit.label})",
        "scale": {"type": "log", "nice": False},
        "axis": {"grid": False, "tickCount": 6, "format": ",~g", "labelOverlap": True},
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "stroke": color("card"), "strokeWidth": 0.5},
            "encoding": {
                "x": x,
                "x2": {"field": "to"},
                "y": {
                    "field": "gaps",
                    "type": "quantitative",
                    "title": t("gaps_counted"),
                    "scale": {"type": "log", "domain": [floor, ceiling], "nice": False},
                    "axis": {"tickCount": 4, "format": "~s"},
                },
                "y2": {"datum": floor},
                "tooltip": [
                    {"field": "from", "title": f"≥ ({unit.label})"},
                    {"field": "to", "title": f"< ({unit.label})"},
                    {"field": "gaps", "title": t("gaps_counted"), "format": ","},
                    {"field": "share", "title": t("share_of_gaps"), "format": ".2%"},
                ],
            },
        }
    ]
    if median_s is not None:
        median = show(median_s, unit="s")
        at = {"data": {"values": [{"from": rounded(median_s * unit.factor)}]}}
        layers.append(
            {
                **at,
                "mark": {"type": "rule", "color": color("ink"), "strokeDash": [4, 3]},
                "encoding": {"x": x},
            }
        )
        layers.append(
            {
                **at,
                "mark": {"type": "text", "align": "left", "dx": 5, "dy": 6, "baseline": "top"},
                "encoding": {
                    "x": x,
                    "y": {"value": 0},
                    "text": {
                        "value": f"p50 {median.text if median else UNKNOWN}",
                    },
                },
            }
        )
    return chart(t("gap_chart_says", n=histogram.total), height=200, values=rows, layer=layers)
