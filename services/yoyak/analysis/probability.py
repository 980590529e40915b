"""The four distribution functions that the statistics need, typed; scipy.special computes them.

scipy.stats offers the same under friendlier names, but importing it takes most of a second, which
every `yoyak compare` would pay. The tests check each of these against scipy.stats.
"""

import numpy as np
from scipy import special


def t_quantile(probability: float, freedom: float) -> float:
    """Return x with P(T <= x) = probability, T of Student's t with `freedom` degrees."""
    return float(special.stdtrit(freedom, probability))


def t_two_sided_p(statistic: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Return P(|T| >= |statistic|) elementwise, T of Student's t with `freedom` degrees."""
    p: np.ndarray = 2 * special.stdtr(freedom, -np.abs(statistic))
    return p


def noncentral_t_cdf(x: float, freedom: float, shift: float) -> float:
    """Return P(T <= x), T of the noncentral t distribution."""
    return float(special.nctdtr(freedom, shift, x))


def binomial_cdf(most: int, trials: int, probability: float) -> float:
    """Return P(X <= most), X of the binomial distribution."""
    return float(special.bdtr(most, trials, probability))
