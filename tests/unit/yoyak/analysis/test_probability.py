import numpy as np
import pytest
from scipy import stats

from yoyak.analysis import probability


@pytest.mark.parametrize("freedom", [1, 2.5, 8, 100])
def test_students_t_agrees_with_scipy_stats(freedom: float) -> None:
    assert probability.t_quantile(0.975, freedom) == pytest.approx(stats.t.ppf(0.975, freedom))
    statistic = np.array([-3.0, 0.0, 1.7, 12.0])
    p = probability.t_two_sided_p(statistic, np.full(4, freedom))
    assert p == pytest.approx(2 * stats.t.sf(np.abs(statistic), freedom))


def test_noncentral_t_agrees_with_scipy_stats() -> None:
    assert probability.noncentral_t_cdf(2.306, 8, 3.86) == pytest.approx(
        stats.nct.cdf(2.306, 8, 3.86)
    )


def test_the_binomial_agrees_with_scipy_stats() -> None:
    assert probability.binomial_cdf(1, 64, 0.1) == pytest.approx(stats.binom.cdf(1, 64, 0.1))
