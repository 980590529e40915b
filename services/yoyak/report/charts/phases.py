"""Where the time goes: seconds in each phase, stacked, one bar a repetition."""

from collections.abc import Mapping, Sequence

from yoyak.report.charts.spec import Spec, chart, legend_scale, rounded
from yoyak.report.messages import Messages
from yoyak.report.theme import color

PHASES = ("load", "queue_and_overhead", "prompt_eval", "decode")  # in the order of the work
ROW_HEIGHT = 30  # px
COLORS = ("series-5", "series-4", "series-3", "series-1")


def phases(t: Messages, seconds: Sequence[tuple[str, Mapping[str, float | None]]]) -> Spec | None:
    """Return a bar a repetition, or None if no phase is known.

    Args:
        seconds: (repetition in words, phase -> seconds summed over its requests; None unknown).
    """
    names = {phase: t(f"phase_{phase}") for phase in PHASES}
    rows = [
        {"row": label, "phase": names[phase], "order": order, "s": rounded(value)}
        for label, of_phase in seconds
        for order, phase in enumerate(PHASES)
        if (value := of_phase.get(phase)) is not None
    ]
    if not rows:
        return None
    return chart(
        t("phases_chart_says"),
        height=ROW_HEIGHT * len({row["row"] for row in rows}),
        values=rows,
        mark={"type": "bar", "stroke": color("card"), "strokeWidth": 1, "height": {"band": 0.72}},
        encoding={
            "y": {"field": "row", "type": "nominal", "sort": None, "title": None},
            "x": {
                "field": "s",
                "type": "quantitative",
                "aggregate": "sum",
                "title": t("seconds_summed"),
                "axis": {"tickCount": 6},
            },
            "color": {
                "field": "phase",
                "type": "nominal",
                "scale": legend_scale([names[phase] for phase in PHASES], COLORS),
                "legend": {"title": None, "columns": 2},
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [
                {"field": "row", "title": t("repetition")},
                {"field": "phase", "title": t("phase")},
                {"field": "s", "aggregate": "sum", "title": t("seconds"), "format": ".4~g"},
            ],
        },
    )
