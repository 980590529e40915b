"""The highest rate that meets a target: doubling until one misses it, then bisection."""

import math
from collections.abc import Sequence

# A bracket is narrow enough at 10 %: with the 130 requests that a p95 takes, the share over the
# limit is known to a few per cent only, so a finer rate would be read from noise.
RESOLUTION = 1.1
# Below a 32nd of the first rate, which is half of what one user reaches, requests hardly ever meet:
# what misses the target there misses it at any rate.
LEAST_SHARE = 1 / 32
MOST_STEPS = 24
_DIGITS = 3  # of a rate, so that a human can type it


def next_rate(tried: Sequence[tuple[float, bool]], *, first: float) -> float | None:
    """Return the rate to try next, requests a second; None once the search is over.

    Args:
        tried: each rate so far, and whether it met the targets.
        first: where to begin.
    """
    if len(tried) >= MOST_STEPS:
        return None
    highest_met, lowest_missed = bracket(tried)
    if not tried:
        return rounded(first)
    if lowest_missed is None:
        return rounded(2 * (highest_met or first))
    if highest_met is None:
        lower = rounded(lowest_missed / 2)
        return None if lower < rounded(first * LEAST_SHARE) else lower
    if lowest_missed <= RESOLUTION * highest_met:
        return None
    middle = rounded(math.sqrt(highest_met * lowest_missed))
    return middle if highest_met < middle < lowest_missed else None


def bracket(tried: Sequence[tuple[float, bool]]) -> tuple[float | None, float | None]:
    """Return the highest rate that met the targets and the lowest that missed them."""
    met = [rate for rate, is_met in tried if is_met]
    missed = [rate for rate, is_met in tried if not is_met]
    return max(met, default=None), min(missed, default=None)


def rounded(rate: float) -> float:
    """Return a rate to three significant digits."""
    return float(f"{rate:.{_DIGITS}g}")
