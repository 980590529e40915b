"""Hosts beside each other."""

import pytest

from yoyak.analysis.comparison import (
    Cell,
    Column,
    Contrast,
    Estimate,
    FrontPoint,
    Metric,
    Outcome,
    Row,
    Table,
)
from yoyak.report.charts.comparison import bars, cost_against_speed, forest
from yoyak.report.charts.study import panels, sheet
from yoyak.report.messages import Messages

T = Messages("en")


def an_estimate(label: str, value: float | None) -> Estimate:
    interval = None if value is None else (value * 0.9, value * 1.1)
    return Estimate(label=label, value=value, interval=interval, n=5)


def a_contrast(label: str, ratio: float | None, outcome: Outcome) -> Contrast:
    return Contrast(
        label=label,
        baseline="a",
        ratio=ratio,
        interval=None if ratio is None else (ratio * 0.9, ratio * 1.1),
        p_value=0.5,
        p_holm=0.5,
        outcome=outcome,
    )


def a_metric(better: str = "higher", *contrasts: Contrast) -> Metric:
    return Metric(
        key="decode_tokens_per_s",
        title="Decode",
        unit="tokens/s",
        better=better,  # type: ignore[arg-type]  # a literal by name
        level="run",
        estimates=(an_estimate("a", 10.0), an_estimate("b", 30.0), an_estimate("c", None)),
        contrasts=contrasts,
        ranking=(),
    )


@pytest.mark.parametrize(
    ("better", "order"), [("higher", ["b", "a", "c"]), ("lower", ["a", "b", "c"])]
)
def test_the_best_host_is_on_top_and_the_unknown_one_below(better: str, order: list[str]) -> None:
    spec = bars(T, a_metric(better), baseline="a")
    assert spec is not None
    assert [row["row"] for row in spec["data"]["values"]] == order


def test_an_unknown_value_has_a_row_without_a_bar() -> None:
    spec = bars(T, a_metric(), baseline="a")
    assert spec is not None
    unknown = spec["data"]["values"][-1]
    assert (unknown["v"], unknown["low"], unknown["text"]) == (None, None, "unknown")


def test_a_bar_has_its_interval() -> None:
    spec = bars(T, a_metric(), baseline="a")
    assert spec is not None
    best = spec["data"]["values"][0]
    assert (best["low"], best["high"], best["text"]) == (27.0, 33.0, "30.0 [27.0, 33.0]")


def test_only_a_shown_difference_is_filled() -> None:
    spec = forest(
        T,
        a_metric(
            "higher",
            a_contrast("b", 3.0, "faster"),
            a_contrast("c", 1.01, "no_difference"),
            a_contrast("d", 0.5, "slower"),
            a_contrast("e", 1.5, "unknown"),
        ),
    )
    assert spec is not None
    filled = {row["row"]: row["shown"] for row in spec["data"]["values"]}
    assert filled == {"b": True, "c": False, "d": True, "e": False}
    assert list(filled) == ["b", "e", "c", "d"]  # the best first


def test_the_axis_of_ratios_holds_one_and_every_interval() -> None:
    spec = forest(T, a_metric("higher", a_contrast("b", 3.0, "faster")))
    assert spec is not None
    low, high = spec["layer"][2]["encoding"]["x"]["scale"]["domain"]
    assert low < 1 < 3.3 < high


def test_without_a_known_ratio_there_is_no_forest() -> None:
    assert forest(T, a_metric()) is None
    assert forest(T, a_metric("higher", a_contrast("b", None, "unknown"))) is None


def a_point(label: str, *, on_front: bool) -> FrontPoint:
    return FrontPoint(
        label=label, articles_per_hour=100.0, usd_per_1000_articles=2.0, on_front=on_front
    )


def test_of_many_hosts_only_those_on_the_front_are_named() -> None:
    points = [a_point(f"h{i}", on_front=i == 0) for i in range(30)]
    spec = cost_against_speed(T, points)
    assert spec is not None
    assert {row["shown"] for row in spec["data"]["values"]} == {"h0", ""}


def test_without_prices_there_is_no_front() -> None:
    assert cost_against_speed(T, []) is None


def a_table() -> Table:
    columns = (
        Column(key="total_with_load_s", title="Total", unit="s"),
        Column(key="client_rss_end_bytes", title="Memory", unit="bytes"),
        Column(key="vcpu", title="vCPU"),
    )
    return Table(
        key="family:r5",
        title="Family r5",
        columns=columns,
        rows=(
            Row(label="x", cells=(Cell(value=200.0), Cell(value=None), Cell(value=16))),
            Row(label="y", cells=(Cell(value=50.0), Cell(value=None), Cell(value=32))),
        ),
    )


def test_a_sheet_holds_what_the_old_study_drew_and_this_table_knows() -> None:
    assert [column.key for column, _ in panels(T, a_table())] == ["total_with_load_s"]
    drawn = sheet(T, a_table())
    assert drawn is not None
    assert len(drawn["concat"]) == 1


def test_the_bars_of_a_sheet_keep_the_order_of_the_table() -> None:
    ((_, spec),) = panels(T, a_table())
    assert [row["row"] for row in spec["data"]["values"]] == ["x", "y"]
