"""How steady the rates of one run are: every repetition around the mean, with the interval."""

from collections.abc import Sequence
from dataclasses import dataclass

from yoyak.records import Rate
from yoyak.report.charts.spec import Spec, chart, rounded, rule
from yoyak.report.messages import Messages
from yoyak.report.numbers import show
from yoyak.report.theme import color

WHOLE_PERCENTS_FROM = 10  # % off the mean at the end of the axis
ROW_HEIGHT = 46  # px; the label has two lines


@dataclass(frozen=True, slots=True)
class NamedRate:
    """A rate to draw: its name in words and its unit."""

    name: str
    unit: str
    rate: Rate


def steadiness(t: Messages, rates: Sequence[NamedRate]) -> Spec | None:
    """Return each known rate as a row: repetition values, mean and 95 % interval, in percent of
    the mean, so that rates of different size share one axis. None if no rate is known."""
    estimates: list[Spec] = []
    repetitions: list[Spec] = []
    for named in rates:
        value, interval = named.rate.value, named.rate.ci95
        shown = show(value, interval, unit=named.unit)
        if value is None or shown is None or value == 0:
            continue
        label = f"{named.name}\n{shown.value} {named.unit}"
        low, high = interval or (None, None)
        estimates.append(
            {
                "row": label,
                "off": 0,
                "low": None if low is None else rounded((low / value - 1) * 100),
                "high": None if high is None else rounded((high / value - 1) * 100),
                "text": shown.text,
            }
        )
        repetitions.extend(
            {
                "row": label,
                "off": rounded((single / value - 1) * 100),
                "repetition": index + 1,
                "text": f"{single:.6g} {named.unit}",
            }
            for index, single in enumerate(named.rate.repetition_values)
        )
    if not estimates:
        return None
    row = {
        "field": "row",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelExpr": "split(datum.label, '\\n')", "labelLimit": 190, "grid": False},
    }
    widest = max(
        (abs(end) for e in estimates for end in (e["low"], e["high"]) if isinstance(end, float)),
        default=0.0,
    )
    reach = max(1.0, widest, *(abs(float(r["off"])) for r in repetitions)) * 1.08
    x = {
        "field": "off",
        "type": "quantitative",
        "title": t("off_the_mean"),
        "scale": {"domain": [-rounded(reach), rounded(reach)], "nice": False},
        # A hyphen: some Korean fonts lack the minus sign, and a file has no browser's fallback.
        "axis": {
            "format": "+,.0f" if reach >= WHOLE_PERCENTS_FROM else "+.3~g",
            "tickCount": 7,
            "labelExpr": "datum.value == 0 ? '0' : replace(datum.label, '\u2212', '-')",
        },
    }
    interval_tooltip = [{"field": "row"}, {"field": "text", "title": t("mean_and_interval")}]
    return chart(
        t("rates_chart_says"),
        height=ROW_HEIGHT * len(estimates),
        values=estimates,
        layer=[
            rule("x", 0),
            {
                "mark": {"type": "rule", "color": color("series-1"), "strokeWidth": 3},
                "transform": [{"filter": "isValid(datum.low)"}],
                "encoding": {
                    "y": row,
                    "x": {**x, "field": "low"},
                    "x2": {"field": "high"},
                    "tooltip": interval_tooltip,
                },
            },
            {
                "data": {"values": repetitions},
                "mark": {
                    "type": "point",
                    "shape": "circle",
                    "filled": True,
                    "size": 34,
                    "color": color("series-5"),
                    "opacity": 0.55,
                    "yOffset": 9,
                },
                "encoding": {
                    "y": row,
                    "x": x,
                    "tooltip": [
                        {"field": "repetition", "title": t("repetition")},
                        {"field": "text", "title": t("value")},
                        {"field": "off", "title": t("off_the_mean"), "format": "+.2f"},
                    ],
                },
            },
            {
                "mark": {
                    "type": "point",
                    "shape": "diamond",
                    "filled": True,
                    "size": 130,
                    "color": color("series-1"),
                    "stroke": color("card"),
                    "strokeWidth": 1.5,
                },
                "encoding": {"y": row, "x": x, "tooltip": interval_tooltip},
            },
        ],
    )
