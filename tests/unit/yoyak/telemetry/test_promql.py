"""Queries put together by hand, to be read."""

from yoyak.telemetry.names import Metric
from yoyak.telemetry.promql import by, increase, mean_by, quantile_by, rate, selector, without

WAIT = Metric(name="wait_seconds", kind="histogram", help="", labels=("phase",), buckets=(1.0,))


def test_a_selector_without_matchers_is_the_bare_name() -> None:
    assert selector(WAIT, "", series="count") == "wait_seconds_count"


def test_matchers_are_joined_and_empty_ones_left_out() -> None:
    assert selector(WAIT, 'a="1"', "", 'b!="2"') == 'wait_seconds{a="1",b!="2"}'


def test_rate_and_increase_take_a_window() -> None:
    assert rate(WAIT, "5m", 'a="1"', series="sum") == 'rate(wait_seconds_sum{a="1"}[5m])'
    assert increase(WAIT, "1h") == "increase(wait_seconds[1h])"


def test_aggregates_keep_or_drop_labels() -> None:
    assert by(("le", "host"), "x") == "sum by (le, host) (x)"
    assert without(("gpu",), "x", "max") == "max without (gpu) (x)"


def test_a_quantile_keeps_le_within() -> None:
    assert quantile_by(0.95, WAIT, ("host",), "5m") == (
        "histogram_quantile(0.95, sum by (le, host) (rate(wait_seconds_bucket[5m])))"
    )


def test_a_mean_has_no_value_where_nothing_was_counted() -> None:
    assert mean_by(WAIT, (), "5m") == (
        "sum by () (rate(wait_seconds_sum[5m])) / (sum by () (rate(wait_seconds_count[5m])) > 0)"
    )
