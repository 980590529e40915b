import random
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from yoyak.analysis.lengths import (
    Length,
    bounds_at_equal_length,
    differ,
    output_lengths,
    unordered_pairs,
)
from yoyak.records import Perf

MakeHost = Callable[..., Perf]


@pytest.fixture
def old_run(make_host: MakeHost) -> Callable[[float, float], Perf]:
    """A run of which only the total with loading and the rate over it are stored."""

    def make(total_s: float, output_rate: float) -> Perf:
        perf = make_host("r5.4xlarge")
        totals = replace(
            perf.totals,
            total_s=None,
            total_with_load_s=total_s,
            output_chars=None,
            output_tokens=None,
            output_chars_per_total_s=output_rate,
        )
        return replace(perf, totals=totals)

    return make


def test_characters_come_back_as_every_number_that_fits_the_rounding(
    old_run: Callable[[float, float], Perf],
) -> None:
    # 3.905 * 202.1815 = 789.5 and 3.915 * 202.1825 = 791.5: 790 or 791.
    runs = {"a": old_run(202.182, 3.91), "b": old_run(69.578, 5.13)}
    assert output_lengths(runs) == {
        "a": Length(790, 791, is_recovered=True),
        "b": Length(357, 357, is_recovered=True),
    }


def test_a_trailing_zero_that_json_dropped_does_not_widen_the_rounding(
    old_run: Callable[[float, float], Perf],
) -> None:
    # 3.9 was 3.90 in the table: the other run shows two digits. Else it would span 10 characters.
    runs = {"a": old_run(100.0, 3.9), "b": old_run(50.001, 2.11)}
    assert output_lengths(runs)["a"] == Length(390, 390, is_recovered=True)


def test_the_true_length_is_always_among_those_recovered(
    old_run: Callable[[float, float], Perf],
) -> None:
    draw = random.Random(1)
    digits = old_run(1.001, 1.01)  # shows how many digits this study kept
    for _ in range(200):
        characters, total_s = draw.randint(20, 5000), draw.uniform(5, 500)
        run = old_run(round(total_s, 3), round(characters / total_s, 2))
        found = output_lengths({"a": run, "b": digits})["a"]
        assert found.low <= characters <= found.high


def test_counted_characters_need_no_recovery(make_host: MakeHost) -> None:
    assert output_lengths({"a": make_host("x.y")}) == {"a": Length(44, 44, is_recovered=False)}


def test_lengths_within_the_noise_do_not_differ() -> None:
    def of(*counts: int) -> Mapping[str, Length]:
        return {str(n): Length(n, n, is_recovered=False) for n in counts}

    assert not differ(of(1000, 1020))
    assert differ(of(1000, 1021))
    assert not differ({})


def test_bounds_reach_from_all_of_it_decoding_to_none_of_it(
    old_run: Callable[[float, float], Perf],
) -> None:
    runs = {"long": old_run(100.001, 4.0), "short": old_run(60.002, 3.35)}
    lengths = output_lengths(runs)
    assert (lengths["long"].low, lengths["short"].low) == (400, 201)
    bounds = bounds_at_equal_length(runs, lengths)
    assert bounds["long"] == pytest.approx((201 / 4.0, 100.001))
    assert bounds["short"] == (60.002, 60.002)


def test_overlapping_bounds_cannot_be_ordered() -> None:
    bounds = {"a": (1.0, 5.0), "b": (4.0, 6.0), "c": (7.0, 7.0)}
    assert unordered_pairs(bounds) == [("a", "b")]
