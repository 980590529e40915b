import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from yoyak.analysis.intervals import (
    arithmetic_interval,
    geometric_interval,
    geometric_mean,
    host_values,
    ratio,
)

A = (10.0, 10.4, 9.8, 10.1, 10.2)
B = (12.9, 12.6, 13.4, 12.8, 13.1)
positive = st.lists(st.floats(0.1, 1e4), min_size=2, max_size=8)


def test_the_interval_of_one_host_agrees_with_scipy() -> None:
    logs = np.log(A)
    low, high = stats.t.interval(0.95, len(A) - 1, loc=logs.mean(), scale=stats.sem(logs))
    assert geometric_interval(A) == pytest.approx((math.exp(low), math.exp(high)))


def test_an_interval_worked_by_hand() -> None:
    # logs are 0, ln 1.1: mean ln(1.1)/2, s = ln(1.1)/sqrt 2, s/sqrt 2 = ln(1.1)/2, t(0.975, 1) =
    # 12.7062: exp(0.047655 -+ 12.7062 * 0.047655) = exp(-0.557862), exp(0.653172).
    assert geometric_interval((1.0, 1.1)) == pytest.approx((0.572432, 1.921627), abs=1e-5)


def test_the_ratio_of_two_hosts_is_welchs_test_on_the_logarithms() -> None:
    reference = stats.ttest_ind(np.log(B), np.log(A), equal_var=False)
    found = ratio(B, A)
    low, high = reference.confidence_interval(0.95)
    assert found.interval == pytest.approx((math.exp(low), math.exp(high)))
    assert found.p_value == pytest.approx(reference.pvalue)
    assert found.value == pytest.approx(geometric_mean(B) / geometric_mean(A))


def test_one_repetition_has_a_value_but_no_interval() -> None:
    assert geometric_interval((10.0,)) is None
    found = ratio((12.0,), A)
    assert (found.interval, found.p_value) == (None, None)
    assert found.value == pytest.approx(12.0 / geometric_mean(A))


def test_values_without_any_spread_say_nothing_about_noise() -> None:
    assert ratio((5.0, 5.0), (4.0, 4.0)).p_value is None


def test_the_rounding_of_digits_is_no_noise() -> None:
    # 0.1 + 0.2 is not 0.3 in binary; a spread of 1e-17 would call any two hosts different.
    assert ratio((0.1 + 0.2, 0.3), (0.4, 0.4)).p_value is None


def test_an_interval_wider_than_numbers_reach_is_none() -> None:
    assert geometric_interval((1e-27, 1e27)) is None
    found = ratio((1e-27, 1e27), (1e27, 1e-27))
    assert found.interval is None
    assert found.value == pytest.approx(1)


@given(positive, positive)
def test_a_ratio_and_its_inverse_tell_the_same(a: list[float], b: list[float]) -> None:
    forth, back = ratio(a, b), ratio(b, a)
    assert forth.value * back.value == pytest.approx(1)
    if forth.interval and back.interval:
        assert forth.interval[0] * back.interval[1] == pytest.approx(1)
        assert forth.p_value == pytest.approx(back.p_value)


@given(positive, st.floats(0.01, 100))
def test_a_change_of_unit_scales_the_interval(values: list[float], unit: float) -> None:
    before, after = geometric_interval(values), geometric_interval([v * unit for v in values])
    assert before is not None
    assert after == pytest.approx((before[0] * unit, before[1] * unit))


def test_quantities_that_may_be_negative_get_the_plain_interval() -> None:
    values = (-0.001, 0.002, 0.004)
    low, high = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    assert arithmetic_interval(values) == pytest.approx((low, high))
    assert arithmetic_interval((1.0,)) is None


def test_a_hosts_repetitions_become_one_value_at_the_level_of_its_type() -> None:
    assert host_values([(2.0, 8.0), (3.0,)]) == pytest.approx((4.0, 3.0))


@pytest.mark.parametrize("values", [(), (1.0, 0.0), (1.0, -2.0), (1.0, math.nan), (math.inf,)])
def test_what_has_no_logarithm_is_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="logarithm"):
        geometric_interval(values)
