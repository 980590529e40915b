"""Distributions: what is drawn of the raw values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.report.charts.latency import MOST_POINTS, chunk_gaps, distribution, ecdf, log_histogram
from yoyak.report.messages import Messages

T = Messages("en")
DURATIONS = st.floats(min_value=1e-6, max_value=1e4)


def test_the_distribution_steps_at_every_value() -> None:
    assert ecdf([3.0, 1.0, 2.0, 2.0]) == [(1.0, 0.25), (2.0, 0.5), (2.0, 0.75), (3.0, 1.0)]


def test_of_many_values_a_few_are_kept_among_them_the_first_and_the_last() -> None:
    points = ecdf([float(value) for value in range(10_000)])
    assert len(points) == MOST_POINTS
    assert points[0] == (0.0, 1 / 10_000)
    assert points[-1] == (9_999.0, 1.0)


def test_a_kept_point_has_the_share_that_it_had_among_all() -> None:
    points = dict(ecdf([float(value) for value in range(10_000)]))
    assert all(share == pytest.approx((value + 1) / 10_000) for value, share in points.items())


@given(st.lists(DURATIONS, min_size=1, max_size=700))
def test_a_distribution_never_falls_and_ends_at_one(values: list[float]) -> None:
    points = ecdf(values)
    assert points == sorted(points)
    assert points[-1] == (max(values), 1.0)


@given(st.lists(st.one_of(st.just(0.0), DURATIONS), max_size=300))
def test_a_histogram_counts_every_value_once(values: list[float]) -> None:
    histogram = log_histogram(values)
    assert histogram.total + histogram.zeros == len(values)
    assert len(histogram.edges_s) == (len(histogram.counts) + 1 if histogram.counts else 0)
    positive = [value for value in values if value > 0]
    if positive:
        assert histogram.edges_s[0] <= min(positive) * (1 + 1e-9)
        assert histogram.edges_s[-1] >= max(positive) * (1 - 1e-9)


def test_chunks_of_one_read_are_told_apart_from_gaps() -> None:
    histogram = log_histogram([0.0, 0.0, 0.04])
    assert (histogram.zeros, histogram.total) == (2, 1)


def test_a_percentile_below_its_floor_has_no_line() -> None:
    spec = distribution(
        T, name="latency", values_s=[1.0, 2.0], percentiles_s={"p50": 1.5, "p90": None}
    )
    assert spec["layer"][0]["data"]["values"] == [{"value": 1.5, "label": "p50"}]


def test_short_latencies_are_drawn_in_milliseconds() -> None:
    spec = distribution(T, name="latency", values_s=[0.041, 0.043], percentiles_s={})
    assert [row["value"] for row in spec["data"]["values"]] == [41.0, 43.0]
    assert spec["layer"][0]["encoding"]["x"]["title"] == "latency (ms)"


def test_bins_that_hold_nothing_are_not_drawn() -> None:
    spec = chunk_gaps(T, histogram=log_histogram([0.001, 1.0, 1.0]), median_s=None)
    assert [row["gaps"] for row in spec["data"]["values"]] == [1, 2]
