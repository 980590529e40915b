"""What happened when: every request on the run's own clock, by repetition."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from yoyak.report.charts.spec import (
    TIME_AXIS_EXTENT,
    Spec,
    chart,
    legend_scale,
    rounded,
    time_axis,
    time_window,
)
from yoyak.report.messages import Messages
from yoyak.report.theme import color

Kind = Literal["measured", "warmup", "failed"]
KINDS: tuple[Kind, ...] = ("measured", "warmup", "failed")
COLORS = ("series-1", "warmup", "invalid")
SHAPES = ("circle", "circle", "cross")


@dataclass(frozen=True, slots=True)
class TimedRequest:
    """One request on the time axis."""

    sent_s: float  # since the run began
    taken_s: float  # until its end, or until it failed
    kind: Kind
    repetition: int  # 1-based
    article_id: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the run's clock."""

    label: str
    from_s: float
    to_s: float


def requests_over_time(
    t: Messages,
    *,
    requests: Sequence[TimedRequest],
    repetitions: Sequence[Span],
    loads: Sequence[Span],
    span_s: float,
) -> Spec:
    """Return a scatter of each request's duration over the time it was sent.

    Every other repetition has a shaded ground, model loads are grey blocks, warm-up is grey and a
    failure is a cross.
    """
    names = {kind: t(f"kind_{kind}") for kind in KINDS}
    present = [kind for kind in KINDS if any(r.kind == kind for r in requests)]
    rows = [
        {
            "at": rounded(request.sent_s),
            "s": rounded(request.taken_s),
            "kind": names[request.kind],
            "repetition": request.repetition,
            "article": request.article_id,
        }
        for request in requests
    ]
    top = rounded(1.07 * max((request.taken_s for request in requests), default=1.0)) or 1.0
    domain = [names[kind] for kind in present]
    colors = [COLORS[KINDS.index(kind)] for kind in present]
    shapes = [SHAPES[KINDS.index(kind)] for kind in present]
    legend = {"title": None}
    return chart(
        t("timeline_chart_says", n=len(rows)),
        height=190,
        values=rows,
        params=time_window(span_s),
        layer=[
            *_grounds(t, repetitions, loads),
            {
                "mark": {
                    "type": "point",
                    "filled": True,
                    "size": 46,
                    "opacity": 0.85,
                    "clip": True,
                    "stroke": color("card"),
                    "strokeWidth": 0.5,
                },
                "encoding": {
                    "x": time_axis("at", t("seconds_since_start")),
                    "y": {
                        "field": "s",
                        "type": "quantitative",
                        "title": t("request_took_s"),
                        "scale": {"domain": [0, top], "nice": False},
                        "axis": {
                            "tickCount": 5,
                            "minExtent": TIME_AXIS_EXTENT,
                            "maxExtent": TIME_AXIS_EXTENT,
                        },
                    },
                    "color": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": legend_scale(domain, colors),
                        "legend": legend,
                    },
                    "shape": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": domain, "range": shapes},
                        "legend": legend,
                    },
                    "tooltip": [
                        {"field": "article", "title": t("article")},
                        {"field": "repetition", "title": t("repetition")},
                        {"field": "kind", "title": t("kind")},
                        {"field": "at", "title": t("sent_at_s"), "format": ".4~g"},
                        {"field": "s", "title": t("request_took_s"), "format": ".4~g"},
                    ],
                },
            },
        ],
    )


def _grounds(t: Messages, repetitions: Sequence[Span], loads: Sequence[Span]) -> list[Spec]:
    """Return the layers behind the points: repetitions shaded by turns, loads as blocks."""
    x = time_axis("from", t("seconds_since_start"))
    layers: list[Spec] = []
    shaded = [_span_row(span) for span in repetitions[1::2]]
    if shaded:
        layers.append(
            {
                "data": {"values": shaded},
                "mark": {"type": "rect", "color": color("band"), "clip": True},
                "encoding": {"x": x, "x2": {"field": "to"}},
            }
        )
    if loads:
        layers.append(
            {
                "data": {"values": [_span_row(span) for span in loads]},
                "mark": {
                    "type": "rect",
                    "color": color("series-5"),
                    "opacity": 0.28,
                    "clip": True,
                },
                "encoding": {
                    "x": x,
                    "x2": {"field": "to"},
                    "tooltip": [
                        {"field": "label", "title": t("phase_load")},
                        {"field": "from", "title": t("sent_at_s"), "format": ".4~g"},
                        {"field": "to", "title": t("ended_at_s"), "format": ".4~g"},
                    ],
                },
            }
        )
    return layers


def _span_row(span: Span) -> Spec:
    return {"label": span.label, "from": rounded(span.from_s), "to": rounded(span.to_s)}
