import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from yoyak.load.plan import at_exact_rate, constant_arrivals_s, poisson_arrivals_s, shuffled


@given(st.lists(st.integers()), st.integers(0, 100), st.integers(0, 100))
def test_an_order_is_a_permutation_that_seed_and_repetition_fix(
    articles: list[int], seed: int, repetition: int
) -> None:
    order = shuffled(articles, seed=seed, repetition=repetition)
    assert sorted(order) == sorted(articles)
    assert order == shuffled(articles, seed=seed, repetition=repetition)


def test_repetitions_and_seeds_have_orders_of_their_own() -> None:
    orders = {shuffled(range(20), seed=s, repetition=r) for s in range(4) for r in range(4)}
    assert len(orders) == 16


def test_an_order_never_changes_between_versions() -> None:
    assert shuffled("abcdefgh", seed=1, repetition=0) == tuple("gehbadcf")


def test_constant_arrivals_are_one_over_the_rate_apart() -> None:
    assert constant_arrivals_s(rate_per_s=4, count=3) == (0.0, 0.25, 0.5)


def test_poisson_gaps_are_exponential_with_mean_one_over_the_rate() -> None:
    times = poisson_arrivals_s(rate_per_s=5, count=4000, seed=1, repetition=0)
    gaps = [b - a for a, b in zip((0.0, *times), times, strict=False)]
    assert stats.kstest(gaps, "expon", args=(0, 1 / 5)).pvalue > 0.01


def test_poisson_arrivals_are_fixed_by_the_seed() -> None:
    first = poisson_arrivals_s(rate_per_s=5, count=9, seed=1, repetition=0)
    assert first == poisson_arrivals_s(rate_per_s=5, count=9, seed=1, repetition=0)
    assert first != poisson_arrivals_s(rate_per_s=5, count=9, seed=2, repetition=0)
    assert first != poisson_arrivals_s(rate_per_s=5, count=9, seed=1, repetition=1)


def test_a_pattern_is_stretched_to_its_exact_rate() -> None:
    pattern = poisson_arrivals_s(rate_per_s=3.0, count=130, seed=1, repetition=0)
    stretched = at_exact_rate(pattern, rate_per_s=5.0)
    assert stretched[0] == 0
    assert stretched[-1] == pytest.approx(129 / 5.0)
    gaps, before = np.diff(stretched), np.diff(pattern)
    assert np.allclose(gaps / before, gaps[0] / before[0])


def test_one_arrival_is_at_once() -> None:
    assert at_exact_rate((3.0,), rate_per_s=5.0) == (0.0,)
    assert at_exact_rate((), rate_per_s=5.0) == ()
