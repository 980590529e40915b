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
