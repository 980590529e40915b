"""When warm-up may end: once the last requests no longer trend and differ little."""

from collections.abc import Sequence

WINDOW = 3  # requests that must agree
# Between repetitions of a quiet host we saw decode times differ by 1 to 2 %; caches, page faults
# and clock ramps that warm-up is to absorb are changes of 10 % and more. 5 % stands between.
TOLERANCE = 0.05
LEAST = 1  # warm-up requests of a repetition, always
CAP = 6  # warm-up requests of a repetition, at most: a host that never settles is a finding


def is_steady(times_s: Sequence[float]) -> bool:
    """Say whether the last WINDOW values lie within TOLERANCE of their mean.

    Args:
        times_s: durations of warm-up requests that all do the same work, in order.
    """
    if len(times_s) < WINDOW:
        return False
    last = times_s[-WINDOW:]
    mean = sum(last) / WINDOW
    return mean > 0 and max(abs(value - mean) for value in last) <= TOLERANCE * mean
