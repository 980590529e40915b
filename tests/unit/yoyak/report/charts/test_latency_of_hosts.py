"""Latencies of several hosts on one chart."""

import pytest

from yoyak.report.charts.latency_of_hosts import MOST_CURVES, distributions
from yoyak.report.messages import Messages

T = Messages("en")


def test_all_hosts_share_a_unit() -> None:
    spec = distributions(T, name="Whole request", values_s={"a": [0.2, 0.4], "b": [90.0]})
    values = {row["host"]: row["value"] for row in spec["data"]["values"]}
    assert values["b"] / values["a"] == pytest.approx(90.0 / 0.4)


@pytest.mark.parametrize(("slowest", "scale"), [(0.5, None), (60.0, "log")])
def test_hosts_far_apart_have_a_logarithmic_axis(slowest: float, scale: str | None) -> None:
    spec = distributions(T, name="Whole request", values_s={"a": [0.2], "b": [slowest]})
    assert spec["layer"][0]["encoding"]["x"]["scale"].get("type") == scale


def test_curves_differ_without_their_colours() -> None:
    hosts = {str(i): [1.0 + i] for i in range(MOST_CURVES)}
    dash = distributions(T, name="Whole request", values_s=hosts)["layer"][0]["encoding"][
        "strokeDash"
    ]
    assert len({tuple(pattern) for pattern in dash["scale"]["range"]}) == MOST_CURVES
