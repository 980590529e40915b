from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.analysis.quantiles import floor, quantile, quantile_above_floor


def at_most_one_above(n: int, probability: float) -> float:
    """The binomial sum written out, without the library that the code uses."""
    tail = 1 - probability
    return sum(comb(n, k) * tail**k * probability ** (n - k) for k in (0, 1))


@pytest.mark.parametrize(("probability", "least"), [(0.5, 11), (0.9, 64), (0.95, 130), (0.99, 662)])
def test_a_floor_is_the_least_n_with_two_samples_above_nearly_certain(
    probability: float, least: int
) -> None:
    assert floor(probability) == least
    assert at_most_one_above(least, probability) < 0.01 <= at_most_one_above(least - 1, probability)


def test_a_percentile_below_its_floor_is_not_shown() -> None:
    assert quantile_above_floor(range(10), 0.5, requests=10) is None
    assert quantile_above_floor(range(11), 0.5, requests=11) == 5


def test_gaps_of_few_requests_do_not_lift_a_percentile_over_its_floor() -> None:
    assert quantile_above_floor(range(10_000), 0.5, requests=10) is None


def test_the_estimator_is_number_eight_of_hyndman_and_fan() -> None:
    # By hand: position (n + 1/3) p + 1/3 = (4 + 1/3) * 0.9 + 1/3 = 4.2333, past the last of four.
    assert quantile([10, 20, 30, 40], 0.9) == 40
    # (4 + 1/3) * 0.25 + 1/3 = 1.41667: between the first and the second.
    assert quantile([10, 20, 30, 40], 0.25) == pytest.approx(14.1667, abs=1e-4)


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=50), st.floats(0.01, 0.99))
def test_a_quantile_lies_within_its_samples(values: list[float], probability: float) -> None:
    assert min(values) <= quantile(values, probability) <= max(values)


def test_no_samples_have_no_quantile() -> None:
    with pytest.raises(ValueError, match="no samples"):
        quantile([], 0.5)


@pytest.mark.parametrize("probability", [0, 1, -0.1, 2])
def test_a_percentile_lies_between_0_and_1(probability: float) -> None:
    with pytest.raises(ValueError, match="between"):
        floor(probability)
