import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.load.search import LEAST_SHARE, MOST_STEPS, RESOLUTION, bracket, next_rate, rounded


def tried_until_the_end(capacity: float, first: float) -> list[tuple[float, bool]]:
    """Let the search find a host that meets the target up to `capacity`."""
    tried: list[tuple[float, bool]] = []
    while (rate := next_rate(tried, first=first)) is not None:
        tried.append((rate, rate <= capacity))
    return tried


def test_it_doubles_until_one_misses_and_then_bisects() -> None:
    assert [rate for rate, _ in tried_until_the_end(5.0, 1.0)] == [1, 2, 4, 8, 5.66, 4.76, 5.19]


def test_it_halves_where_the_first_rate_misses() -> None:
    assert [rate for rate, _ in tried_until_the_end(0.3, 1.0)][:3] == [1, 0.5, 0.25]


def test_it_gives_up_where_waiting_is_no_longer_the_reason() -> None:
    tried = tried_until_the_end(0.0, 1.0)
    assert [rate for rate, _ in tried] == [1, 0.5, 0.25, 0.125, 0.0625, 0.0312]
    met, missed = bracket(tried)
    assert met is None
    assert missed == pytest.approx(LEAST_SHARE, rel=0.01)


def test_a_host_without_a_limit_ends_too() -> None:
    assert len(tried_until_the_end(1e12, 1.0)) == MOST_STEPS


@given(st.floats(0.02, 500), st.floats(0.1, 100))
def test_the_answer_lies_within_the_resolution(capacity: float, first: float) -> None:
    met, missed = bracket(tried_until_the_end(capacity, first))
    if met is None:
        assert capacity < 2 * first * LEAST_SHARE * 1.01
        return
    assert missed is not None
    assert met <= capacity < missed <= RESOLUTION * met * 1.01


@given(st.floats(0.02, 500), st.floats(0.1, 100))
def test_no_rate_is_tried_twice(capacity: float, first: float) -> None:
    rates = [rate for rate, _ in tried_until_the_end(capacity, first)]
    assert len(set(rates)) == len(rates)


def test_rates_can_be_typed() -> None:
    assert (rounded(0.0123456), rounded(123.456), rounded(2.0)) == (0.0123, 123.0, 2.0)
