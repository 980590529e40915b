"""One latency of several hosts on one chart: cumulative shares of requests, a curve a host."""

from collections.abc import Mapping, Sequence

from yoyak.report.charts.latency import ecdf
from yoyak.report.charts.spec import Spec, chart, legend_scale, rounded
from yoyak.report.messages import Messages
from yoyak.report.numbers import fit_unit
from yoyak.report.theme import SERIES

MOST_CURVES = len(SERIES)  # the colours that stay apart with every kind of colour blindness
WIDE = 8.0  # times the smallest value: beyond that a fast host's curve is a stroke at the left
DASHES = ([1, 0], [6, 3], [2, 2], [9, 3, 2, 3], [4, 4])  # for those who see no colours


def distributions(t: Messages, *, name: str, values_s: Mapping[str, Sequence[float]]) -> Spec:
    """Return one latency's cumulative distribution on each host.

    The axis is logarithmic where the hosts lie far apart.

    Args:
        name: the latency, in words.
        values_s: one value a request, by host; at most MOST_CURVES hosts, none of them empty.
    """
    everything = [value for values in values_s.values() for value in values]
    unit = fit_unit("s", everything)
    rows = [
        {"host": host, "value": rounded(value * unit.factor), "share": round(share, 4)}
        for host, values in values_s.items()
        for value, share in ecdf(values)
    ]
    least, most = min(everything), max(everything)
    is_log = least > 0 and most > WIDE * least
    title = f"{name} ({unit.label})"
    hosts = list(values_s)
    legend: Spec = {
        "title": None,
        "columns": {"expr": "width < 420 ? 1 : 5"},
        "labelLimit": 260,
        "symbolType": "stroke",
    }
    encoding: Spec = {
        "x": {
            "field": "value",
            "type": "quantitative",
            "title": title,
            "scale": {"type": "log", "nice": False} if is_log else {"zero": False, "nice": True},
            "axis": {"grid": False, "tickCount": 6, "format": "~g"},
        },
        "y": {
            "field": "share",
            "type": "quantitative",
            "title": t("share_of_requests"),
            "axis": {"format": ".0%", "tickCount": 4},
            "scale": {"domain": [0, 1]},
        },
        "color": {
            "field": "host",
            "type": "nominal",
            "scale": legend_scale(hosts, SERIES[: len(hosts)]),
            "legend": legend,
        },
        "strokeDash": {
            "field": "host",
            "type": "nominal",
            "scale": {"domain": hosts, "range": [list(dash) for dash in DASHES[: len(hosts)]]},
            "legend": legend,  # the same: one legend shows colour and dash
        },
    }
    tooltip = [
        {"field": "host", "title": t("host")},
        {"field": "value", "type": "quantitative", "title": title},
        {"field": "share", "type": "quantitative", "title": t("share_at_most"), "format": ".1%"},
    ]
    unseen = {key: encoding[key] for key in ("x", "y")}
    return chart(
        t("latency_of_hosts_chart_says", name=name, n=len(hosts)),
        height=240,
        values=rows,
        layer=[
            {
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
                "encoding": encoding,
            },
            {
                "mark": {"type": "point", "size": 90, "opacity": 0},
                "encoding": {**unseen, "tooltip": tooltip},
            },
        ],
    )
