"""Counting values into buckets."""

import itertools

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.samples import Exemplar

from yoyak.telemetry.histogram import BucketCounts
from yoyak.units import seconds

EDGES = (0.1, 1.0)


def test_a_value_on_an_edge_belongs_to_that_edges_bucket() -> None:
    counts = BucketCounts(EDGES)
    counts.observe(0.1)
    assert counts.buckets() == [("0.1", 1), ("1.0", 1), ("+Inf", 1)]


def test_counts_are_cumulative_and_the_last_holds_everything() -> None:
    counts = BucketCounts(EDGES)
    for value in (0.05, 0.5, 0.5, 7.0):
        counts.observe(value)
    assert counts.buckets() == [("0.1", 1), ("1.0", 3), ("+Inf", 4)]
    assert counts.sum == 8.05


def test_three_stamps_make_two_gaps_in_seconds() -> None:
    counts = BucketCounts(EDGES)
    counts.observe_gaps([1_000_000_000, 1_100_000_000, 3_100_000_000])
    assert counts.buckets() == [("0.1", 1), ("1.0", 1), ("+Inf", 2)]
    assert counts.sum == 2.1


def test_one_stamp_makes_no_gap() -> None:
    counts = BucketCounts(EDGES)
    counts.observe_gaps([5])
    counts.observe_gaps([])
    assert counts.buckets()[-1] == ("+Inf", 0)


def test_a_bucket_keeps_its_newest_exemplar() -> None:
    counts = BucketCounts(EDGES)
    first, second = (Exemplar({"trace_id": digit * 32}, 0.5, 1.0) for digit in "ab")
    counts.observe(0.5, first)
    counts.observe(0.6, second)
    counts.observe(0.7)
    assert counts.buckets()[1] == ("1.0", 3, second)


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=50))
def test_gaps_counted_together_are_the_gaps_counted_one_by_one(stamps_ns: list[int]) -> None:
    stamps_ns.sort()
    together, singly = BucketCounts(EDGES), BucketCounts(EDGES)
    together.observe_gaps(stamps_ns)
    for before, after in itertools.pairwise(stamps_ns):
        singly.observe(seconds(after - before))
    assert together.buckets() == singly.buckets()
