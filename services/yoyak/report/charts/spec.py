"""What every chart specification has in common."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from yoyak.report.theme import color

Spec = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"  # a name; nothing is fetched
LABEL_WIDTH = 150  # px; a longer axis label ends in an ellipsis, its tooltip has it whole
TIME_AXIS_EXTENT = 52  # px left of every panel on the common time axis, so that they line up
TITLE_CHARS = 90  # of a line under a title: 720 px at 12 px
FROM_S, TO_S = "from_s", "to_s"  # the signals that the page's choice of a repetition sets


def chart(description: str, *, height: int, values: Rows, **parts: object) -> Spec:
    """Return a specification as wide as its container.

    Args:
        description: what a screen reader says of the chart.
        height: px; Vega-Lite drops a step per row where the width is the container's.
        values: the rows that all layers share.
        parts: layer, mark, encoding, transform, params.
    """
    return {
        "$schema": SCHEMA,
        "description": description,
        "width": "container",
        "height": height,
        "data": {"values": list(values)},
        **parts,
    }


def rule(axis: str, at: float, **mark: object) -> Spec:
    """Return a layer with one dashed line across the chart, at `at` on axis x or y."""
    return {
        "data": {"values": [{}]},
        "mark": {
            "type": "rule",
            "color": color("muted"),
            "strokeDash": [4, 3],
            "strokeWidth": 1.5,
            **mark,
        },
        "encoding": {axis: {"datum": at}},
    }


def time_window(span_s: float) -> list[Spec]:
    """Return the parameters that say which part of the run a chart shows."""
    return [{"name": FROM_S, "value": 0}, {"name": TO_S, "value": span_s}]


def time_axis(field: str, title: str) -> Spec:
    """Return the encoding of seconds since the run began, within the window."""
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {
            "domainMin": {"expr": FROM_S},
            "domainMax": {"expr": TO_S},
            "nice": False,
            "zero": False,
        },
        "axis": {"grid": False, "tickCount": 8},
    }


def legend_scale(labels: Sequence[str], colors: Sequence[str] | None = None) -> Spec:
    """Return a colour scale whose order is that of the labels; default colours: the series'."""
    scale: Spec = {"domain": list(labels)}
    if colors is not None:
        scale["range"] = [color(name) for name in colors]
    return scale


def chart_title(title: str, *lines: str | None) -> Spec:
    """Return a title with lines under it, for a chart that stands alone; long ones are wrapped."""
    wrapped = [part for line in lines if line for part in textwrap.wrap(line, TITLE_CHARS)]
    return {"text": title, "subtitle": wrapped}


def rounded(value: float) -> float:
    """Return the number with five significant digits: plenty for a pixel, short in a page."""
    return float(f"{value:.5g}")
