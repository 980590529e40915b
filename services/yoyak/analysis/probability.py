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


def binomial_interval(
    successes: int, trials: int, *, level: float = 0.95
) -> tuple[float, float] | None:
    """Return the exact interval of a share (Clopper and Pearson, 1934); None without trials.

    low = B(a/2; k, n - k + 1), high = B(1 - a/2; k + 1, n - k), B the quantile of the beta
    distribution and a = 1 - level; 0 and 1 at the ends. It holds `level` at least, whatever the
    share.
    """
    if trials < 1:
        return None
    tail = (1 - level) / 2
    low = 0.0
    if successes > 0:
        low = float(special.betaincinv(successes, trials - successes + 1, tail))
    high = 1.0
    if successes < trials:
        high = float(special.betaincinv(successes + 1, trials - successes, 1 - tail))
    return low, high
