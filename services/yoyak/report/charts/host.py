"""The host, the engine and the GPUs on the run's own clock: panels that share one time axis."""

from dataclasses import dataclass
from typing import Literal

from yoyak.report.charts.spec import (
    TIME_AXIS_EXTENT,
    Spec,
    chart,
    legend_scale,
    rounded,
    rule,
    time_axis,
    time_window,
)
from yoyak.report.messages import Messages
from yoyak.report.theme import SERIES

CEILING_ROOM = 1.25  # of the axis over what is drawn in it


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity over time; None where it was not known."""

    name: str
    at_s: tuple[float, ...]
    values: tuple[float | None, ...]
    color: str | None = None  # of the theme; None: the next one


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart of the group: series of one unit."""

    key: str  # "cpu", "memory", "pressure", "gpu_utilization", ...
    title: str  # of the axis, unit included
    says: str  # for a screen reader
    series: tuple[Series, ...]
    stacked: bool
    ceiling: float | None = None  # a line to compare with, such as the number of CPUs
    ceiling_label: str | None = None


def panel(t: Messages, data: Panel, *, span_s: float) -> Spec | None:
    """Return the chart of one panel, or None if nothing in it is known."""
    known = [s for s in data.series if any(value is not None for value in s.values)]
    if not known:
        return None
    rows = [
        {"at": rounded(at), "v": rounded(value), "series": s.name, "order": order}
        for order, s in enumerate(known)
        for at, value in zip(s.at_s, s.values, strict=True)
        if value is not None
    ]
    colors = [s.color or SERIES[i % len(SERIES)] for i, s in enumerate(known)]
    stack: Literal["zero"] | None = "zero" if data.stacked else None
    mark: Spec = (
        {"type": "area", "interpolate": "step-after", "opacity": 0.85, "clip": True}
        if data.stacked
        else {"type": "line", "interpolate": "step-after", "strokeWidth": 1.6, "clip": True}
    )
    # Room above the line for its label.
    top = None if data.ceiling is None else rounded(CEILING_ROOM * max(data.ceiling, _peak(data)))
    encoding = {
        "x": time_axis("at", t("seconds_since_start")),
        "y": {
            "field": "v",
            "type": "quantitative",
            "title": data.title,
            "stack": stack,
            "scale": {"zero": True} if top is None else {"domain": [0, top], "nice": False},
            "axis": {
                "tickCount": 4,
                "minExtent": TIME_AXIS_EXTENT,
                "maxExtent": TIME_AXIS_EXTENT,
            },
        },
        "color": {
            "field": "series",
            "type": "nominal",
            "scale": legend_scale([s.name for s in known], colors),
            "legend": {
                "title": None,
                "columns": {"expr": "width < 420 ? 1 : width < 800 ? 3 : 5"},
                "labelLimit": 260,
            },
        },
        "order": {"field": "order", "type": "quantitative"},
        "tooltip": [
            {"field": "series", "title": t("series")},
            {"field": "at", "title": t("seconds_since_start"), "format": ".4~g"},
            {"field": "v", "title": data.title, "format": ".4~g"},
        ],
    }
    layers: list[Spec] = [{"mark": mark, "encoding": encoding}]
    if data.ceiling is not None:
        layers.append(rule("y", data.ceiling))
        layers.append(
            {
                "data": {"values": [{}]},
                "mark": {
                    "type": "text",
                    "align": "right",
                    "baseline": "bottom",
                    "dx": -4,
                    "dy": -3,
                },
                "encoding": {
                    "x": {"value": {"expr": "width"}},
                    "y": {"datum": data.ceiling},
                    "text": {"value": data.ceiling_label or ""},
                },
            }
        )
    return chart(data.says, height=110, values=rows, params=time_window(span_s), layer=layers)


def _peak(data: Panel) -> float:
    """Return the highest point of the stack, or of the lines."""
    at_once = zip(*(series.values for series in data.series), strict=True)
    join = sum if data.stacked else max
    return max(
        (join([value for value in values if value is not None] or [0.0]) for values in at_once),
        default=0.0,
    )
