"""Which article goes when: a repetition's plan, drawn from the seed before the clock starts."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def shuffled(articles: Sequence[T], *, seed: int, repetition: int) -> tuple[T, ...]:
    """Return the articles in the order of one repetition.

    The order depends on seed and repetition only, so every host of a study works through the same
    orders, and an article's place varies between repetitions.
    """
    order = list(articles)
    random.Random(f"order/{seed}/{repetition}").shuffle(order)
    return tuple(order)


def constant_arrivals_s(*, rate_per_s: float, count: int) -> tuple[float, ...]:
    """Return `count` arrival times in seconds from the start, 1/rate apart, the first at 0."""
    return tuple(i / rate_per_s for i in range(count))


def poisson_arrivals_s(
    *, rate_per_s: float, count: int, seed: int, repetition: int
) -> tuple[float, ...]:
    """Return `count` arrival times in seconds: gaps are exponential with mean 1/rate."""
    rng = random.Random(f"arrivals/{seed}/{repetition}")
    times = []
    now = 0.0
    for _ in range(count):
        now += rng.expovariate(rate_per_s)
        times.append(now)
    return tuple(times)


def at_exact_rate(arrivals_s: Sequence[float], *, rate_per_s: float) -> tuple[float, ...]:
    """Return arrival times stretched so that the first is at 0 and their mean gap is 1/rate.

    130 Poisson arrivals come up to 17 % faster or slower than their rate. A search for a rate must
    not depend on that: what it gets is a Poisson process given how many arrive in its time.
    """
    if len(arrivals_s) < 2:
        return tuple(0.0 for _ in arrivals_s)
    first, span_s = arrivals_s[0], arrivals_s[-1] - arrivals_s[0]
    wanted_s = (len(arrivals_s) - 1) / rate_per_s
    return tuple((time_s - first) / span_s * wanted_s for time_s in arrivals_s)
