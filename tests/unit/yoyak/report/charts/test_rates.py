"""Rates of one run around their mean."""

from yoyak.records import Rate
from yoyak.report.charts.rates import NamedRate, steadiness
from yoyak.report.messages import Messages

T = Messages("en")


def a_rate(value: float | None, *values: float, ci95: tuple[float, float] | None = None) -> Rate:
    return Rate(value=value, ci95=ci95, n=len(values), source="engine", repetition_values=values)


def test_everything_is_drawn_in_percent_of_the_mean() -> None:
    named = NamedRate("Decode", "tokens/s", a_rate(20.0, 19.0, 21.0, ci95=(18.0, 22.0)))
    spec = steadiness(T, [named])
    assert spec is not None
    (estimate,) = spec["data"]["values"]
    assert (estimate["low"], estimate["high"]) == (-10.0, 10.0)
    assert [row["off"] for row in spec["layer"][2]["data"]["values"]] == [-5.0, 5.0]


def test_one_repetition_has_a_point_and_no_interval() -> None:
    spec = steadiness(T, [NamedRate("Decode", "tokens/s", a_rate(20.0, 20.0))])
    assert spec is not None
    assert spec["data"]["values"][0]["low"] is None


def test_an_unknown_rate_is_left_out() -> None:
    named = [
        NamedRate("Decode", "tokens/s", a_rate(20.0, 20.0)),
        NamedRate("Prompt", "tokens/s", a_rate(None)),
    ]
    spec = steadiness(T, named)
    assert spec is not None
    assert len(spec["data"]["values"]) == 1


def test_without_any_rate_there_is_no_chart() -> None:
    assert steadiness(T, [NamedRate("Decode", "tokens/s", a_rate(None))]) is None
