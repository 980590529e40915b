"""What totals still say where the outputs behind them differ in length."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from yoyak.records import Perf
from yoyak.records.perf import Interval

TOLERANCE = 0.02  # the noise between repetitions: a shorter output gains less than that


@dataclass(frozen=True, slots=True)
class Length:
    """How long a run's output was: every whole number from `low` to `high` fits what is stored."""

    low: int
    high: int
    is_recovered: bool  # from a rounded rate times a rounded total, not counted


def output_lengths(runs: Mapping[str, Perf]) -> Mapping[str, Length]:
    """Return the output characters of one pass, for each run where they can be known.

    Counted ones first. Where only the old study's rate was stored, characters are
    output_chars_per_total_s * total_with_load_s, and both factors were rounded: to as many digits
    as the most precise of the runs shows. So they lie in

        [(rate - h) * (total - g), (rate + h) * (total + g)], h and g half a unit of the last digit
    """
    rate_half = _half_unit([p.totals.output_chars_per_total_s for p in runs.values()])
    total_half = _half_unit([p.totals.total_with_load_s for p in runs.values()])
    return {
        label: length
        for label, perf in runs.items()
        if (length := _length(perf, rate_half, total_half)) is not None
    }


def differ(lengths: Mapping[str, Length]) -> bool:
    """Say whether outputs certainly differ by more than TOLERANCE."""
    longest = max((length.low for length in lengths.values()), default=0)
    shortest = min((length.high for length in lengths.values()), default=0)
    return longest > (1 + TOLERANCE) * shortest


def unlike(runs: Mapping[str, Perf]) -> bool:
    """Say whether these runs' outputs differ, so that their totals are of unlike work.

    As many tokens are the same work, whatever characters they spell.
    """
    tokens = [perf.totals.output_tokens for perf in runs.values()]
    if len(tokens) > 1 and None not in tokens and len(set(tokens)) == 1:
        return False
    return differ(output_lengths(runs))


def shortest(lengths: Mapping[str, Length]) -> int:
    """Return the least number of characters that the shortest output can have had."""
    return min(length.low for length in lengths.values())


def bounds_at_equal_length(
    runs: Mapping[str, Perf], lengths: Mapping[str, Length]
) -> Mapping[str, Interval]:
    """Return between which seconds each total lies at the length of the shortest output.

    A total holds load and prompt evaluation, which do not grow with the output, and decoding,
    which does; how much of each is unknown. If nothing grew, the total would stay as it is; if all
    of it did, the shortest output, at this run's characters per second of total, would take

        shortest / output_chars_per_total_s

    and the truth lies between. A run whose own output may be the shortest stays at its total.
    """
    least = shortest(lengths)
    bounds = {}
    for label, length in lengths.items():
        total_s = runs[label].totals.total_with_load_s
        if total_s is None:
            continue
        stated = runs[label].totals.output_chars_per_total_s
        rate = length.low / total_s if stated is None else stated
        low = total_s if length.low <= least else min(total_s, least / rate)
        bounds[label] = (low, total_s)
    return bounds


def unordered_pairs(bounds: Mapping[str, Interval]) -> Sequence[tuple[str, str]]:
    """Return the pairs whose bounds overlap: which of the two is faster cannot be said."""
    return [
        (a, b)
        for a, b in combinations(bounds, 2)
        if bounds[a][0] <= bounds[b][1] and bounds[b][0] <= bounds[a][1]
    ]


def _length(perf: Perf, rate_half: float, total_half: float) -> Length | None:
    totals = perf.totals
    if totals.output_chars is not None:
        counted = round(totals.output_chars)
        return Length(counted, counted, is_recovered=False)
    rate, total_s = totals.output_chars_per_total_s, totals.total_with_load_s
    if rate is None or total_s is None:
        return None
    low = math.ceil((rate - rate_half) * (total_s - total_half))
    high = math.floor((rate + rate_half) * (total_s + total_half))
    if low > high:  # the two were not rounded as they look
        low = high = round(rate * total_s)
    return Length(low, high, is_recovered=True)


def _half_unit(values: Sequence[float | None]) -> float:
    """Return half a unit of the last decimal that any of the values shows."""
    exponents = [_last_digit(value) for value in values if value is not None]
    return 0.5 * 10.0 ** min(exponents, default=0)


def _last_digit(value: float) -> int:
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return min(0, exponent) if isinstance(exponent, int) else 0
