"""Hosts beside each other: bars with intervals, ratios to the baseline, cost against speed."""

from collections.abc import Sequence

from yoyak.analysis.comparison import Contrast, FrontPoint, Metric
from yoyak.report.charts.spec import LABEL_WIDTH, Spec, chart, rounded
from yoyak.report.messages import Messages
from yoyak.report.numbers import Shown, fit_unit, show
from yoyak.report.theme import color

ROW_HEIGHT = 28  # px
LOW_ROW_HEIGHT = 14  # px, where there are many rows
MANY_ROWS = 40
DIGIT_WIDTH = 7  # px, about, at 11.5 px
MOST_LABELS = 16  # of points; of more, only those on the front are named
MARGIN = 1.04  # of a logarithmic axis, beyond the outermost end


def bars(t: Messages, metric: Metric, *, baseline: str | None) -> Spec | None:
    """Return a bar for each subject with its 95 % interval, the best first; None if none is known.

    A subject whose value is unknown has its row and no bar.
    """
    known = [e for e in metric.estimates if e.value is not None]
    if not known:
        return None
    ends = [end for e in known if e.interval for end in e.interval]
    unit = fit_unit(metric.unit, [*(e.value for e in known), *ends])
    sign = -1 if metric.better == "higher" else 1
    ordered = sorted(
        metric.estimates, key=lambda e: (e.value is None, sign * e.value if e.value else 0.0)
    )
    rows: list[Spec] = []
    for estimate in ordered:
        shown = show(estimate.value, estimate.interval, unit=metric.unit, within=unit)
        low, high = estimate.interval or (None, None)
        rows.append(
            {
                "row": estimate.label,
                "v": None if estimate.value is None else rounded(estimate.value * unit.factor),
                "low": None if low is None else rounded(low * unit.factor),
                "high": None if high is None else rounded(high * unit.factor),
                # The axis says the unit.
                "text": t("unknown") if shown is None else _without_unit(shown),
                "end": rounded(max(x for x in (estimate.value or 0, high or 0)) * unit.factor),
                "base": estimate.label == baseline,
            }
        )
    title = f"{metric.title} ({unit.label})" if unit.label else metric.title
    longest_text = max(len(str(row["text"])) for row in rows)
    better = t("more_is_better" if metric.better == "higher" else "less_is_better")
    x: Spec = {
        "field": "v",
        "type": "quantitative",
        # The figure's heading says the quantity; a longer title ends outside of a narrow page.
        "title": f"{unit.label or metric.title}, {better}",
        # Room for the number at the end of the longest bar, however narrow the page.
        "scale": {
            "zero": True,
            "nice": False,
            "rangeMax": {"expr": f"width - {12 + longest_text * DIGIT_WIDTH}"},
        },
        "axis": {"tickCount": 4},
    }
    y = _rows_axis()
    tooltip = [{"field": "row", "title": t("host")}, {"field": "text", "title": title}]
    return chart(
        t("bars_chart_says", metric=metric.title, n=len(rows)),
        height=_height(len(rows)),
        values=rows,
        layer=[
            {
                "mark": {"type": "bar", "height": {"band": 0.62}, "color": color("series-1")},
                "encoding": {
                    "y": y,
                    "x": x,
                    "opacity": {
                        "condition": {"test": "datum.base", "value": 1},
                        "value": 0.72,
                    },
                    "tooltip": tooltip,
                },
            },
            {
                "transform": [{"filter": "isValid(datum.low)"}],
                "mark": {"type": "rule", "color": color("ink"), "strokeWidth": 1.5},
                "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
            *(_caps(y, x, end) for end in ("low", "high")),
            {
                "mark": {"type": "text", "align": "left", "dx": 7, "fontSize": 11.5},
                "encoding": {
                    "y": y,
                    "x": {**x, "field": "end"},
                    "text": {"field": "text"},
                    "color": {"value": color("ink")},
                },
            },
        ],
    )


def forest(t: Messages, metric: Metric) -> Spec | None:
    """Return "times better than the baseline" with its interval, the best first, on a logarithmic
    axis, where twice as fast and half as fast are equally far from 1.

    Filled: a difference is shown (Holm-corrected). Hollow: none is shown, or no verdict is there.
    """
    known = sorted(
        (c for c in metric.contrasts if c.ratio is not None), key=lambda c: -(c.ratio or 0.0)
    )
    rows = [_forest_row(t, contrast) for contrast in known]
    if not rows:
        return None
    ends = [float(row[key]) for row in rows for key in ("v", "low", "high") if row[key] is not None]
    low, high = min(1.0, *ends) / MARGIN, max(1.0, *ends) * MARGIN
    x: Spec = {
        "field": "v",
        "type": "quantitative",
        "title": t("times_better"),
        "scale": {
            "type": "log",
            "domain": [rounded(low), rounded(high)],
            "nice": False,
        },
        "axis": {"tickCount": 5, "format": "~g"},
    }
    y = _rows_axis()
    tooltip = [
        {"field": "row", "title": t("host")},
        {"field": "text", "title": t("ratio_to_baseline")},
        {"field": "outcome", "title": t("verdict")},
    ]
    return chart(
        t("forest_chart_says", metric=metric.title, baseline=metric.contrasts[0].baseline),
        height=_height(len(rows)),
        values=rows,
        layer=[
            {
                "data": {"values": [{"v": 1}]},
                "mark": {"type": "rule", "color": color("muted"), "strokeDash": [4, 3]},
                "encoding": {"x": x},
            },
            {
                "transform": [{"filter": "isValid(datum.low)"}],
                "mark": {"type": "rule", "color": color("series-1"), "strokeWidth": 2.5},
                "encoding": {
                    "y": y,
                    "x": x | {"field": "low"},
                    "x2": {"field": "high"},
                    "tooltip": tooltip,
                },
            },
            {
                "mark": {
                    "type": "point",
                    "shape": "square",
                    "filled": True,
                    "size": 80,
                    "stroke": color("series-1"),
                    "strokeWidth": 1.6,
                    "opacity": 1,
                },
                "encoding": {
                    "y": y,
                    "x": x,
                    "color": {
                        "condition": {"test": "datum.shown", "value": color("series-1")},
                        "value": color("card"),
                    },
                    "tooltip": tooltip,
                },
            },
        ],
    )


def cost_against_speed(t: Messages, points: Sequence[FrontPoint]) -> Spec | None:
    """Return hosts in the plane of cost and speed, those on the Pareto front joined by a line."""
    if not points:
        return None
    is_crowded = len(points) > MOST_LABELS
    rows: list[Spec] = [
        {
            "label": point.label,
            "shown": "" if is_crowded and not point.on_front else point.label,
            "speed": rounded(point.articles_per_hour),
            "cost": rounded(point.usd_per_1000_articles),
            "front": point.on_front,
        }
        for point in points
    ]
    axes: Spec = {
        "x": {
            "field": "speed",
            "type": "quantitative",
            "title": t("articles_per_hour"),
            "scale": {"domain": [0, rounded(1.12 * max(float(r["speed"]) for r in rows))]},
            "axis": {"tickCount": 6},
        },
        "y": {
            "field": "cost",
            "type": "quantitative",
            "title": t("usd_per_1000_articles"),
            "scale": {"domain": [0, rounded(1.15 * max(float(r["cost"]) for r in rows))]},
            "axis": {"tickCount": 5},
        },
    }
    tooltip = [
        {"field": "label", "title": t("host")},
        {"field": "speed", "title": t("articles_per_hour"), "format": ",.4~g"},
        {"field": "cost", "title": t("usd_per_1000_articles"), "format": ".4~g"},
    ]
    return chart(
        t("front_chart_says", n=len(rows)),
        height=320,
        values=rows,
        layer=[
            {
                "transform": [{"filter": "datum.front"}],
                "mark": {
                    "type": "line",
                    "color": color("series-3"),
                    "strokeDash": [5, 4],
                    "interpolate": "linear",
                },
                "encoding": axes | {"order": {"field": "speed"}},
            },
            {
                "mark": {
                    "type": "point",
                    "filled": True,
                    "size": 110,
                    "stroke": color("card"),
                    "strokeWidth": 1.5,
                    "opacity": 1,
                },
                "encoding": axes
                | {
                    "color": {
                        "condition": {"test": "datum.front", "value": color("series-3")},
                        "value": color("warmup"),
                    },
                    "shape": {
                        "condition": {"test": "datum.front", "value": "diamond"},
                        "value": "circle",
                    },
                    "tooltip": tooltip,
                },
            },
            {
                "mark": {"type": "text", "dy": -13, "limit": LABEL_WIDTH},
                "encoding": axes
                | {
                    "text": {"field": "shown"},
                    "color": {"value": color("ink")},
                },
            },
        ],
    )


def _forest_row(t: Messages, contrast: Contrast) -> Spec:
    shown = show(contrast.ratio, contrast.interval)
    low, high = contrast.interval or (None, None)
    return {
        "row": contrast.label,
        "v": None if contrast.ratio is None else rounded(contrast.ratio),
        "low": None if low is None else rounded(low),
        "high": None if high is None else rounded(high),
        "text": t("unknown") if shown is None else shown.text,
        "outcome": t(f"outcome_{contrast.outcome}"),
        "shown": contrast.outcome in ("faster", "slower"),
    }


def _without_unit(shown: Shown) -> str:
    return " ".join(part for part in (shown.value, shown.interval) if part)


def _caps(y: Spec, x: Spec, end: str) -> Spec:
    """Return the small strokes at one end of the intervals."""
    return {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "tick", "color": color("ink"), "thickness": 1.5, "size": 8},
        "encoding": {"y": y, "x": {**x, "field": end}},
    }


def _rows_axis() -> Spec:
    return {
        "field": "row",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelLimit": LABEL_WIDTH},
    }


def _height(rows: int) -> int:
    return rows * (ROW_HEIGHT if rows <= MANY_ROWS else LOW_ROW_HEIGHT)
