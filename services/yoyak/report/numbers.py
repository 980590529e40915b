"""Numbers as a human reads them: as many digits as the interval allows, a unit of fit size."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from yoyak.records.perf import Interval
from yoyak.units import GIB, KIB, MIB, MS_PER_S, PERCENT, US_PER_S

UNKNOWN = "–"  # where a value is unknown; CSV leaves the cell empty, JSON says null
SIGNIFICANT_DIGITS = 3  # without an interval; the spread between repetitions is rarely below 1 %
MOST_DIGITS = 5  # however narrow the interval: no clock here is better than that
_TWO_DIGITS_BELOW = 3.55  # the Particle Data Group's rule: a half width of 0.100-0.354 gets two
_PRICE_DECIMALS = 4  # AWS quotes on-demand prices to a hundredth of a cent


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit to print in: the stored value times `factor` is the printed one."""

    label: str | None
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A quantity in print, in parts, so that a table can align them."""

    value: str
    interval: str | None = None  # "[11.9, 12.7]"
    unit: str | None = None

    @property
    def text(self) -> str:
        """Value, interval and unit on one line."""
        return " ".join(part for part in (self.value, self.interval, self.unit) if part)


def fit_unit(unit: str | None, values: Iterable[float | None]) -> Unit:
    """Return the unit in which the largest of `values` is easy to read.

    Seconds become ms or µs, bytes become KiB, MiB or GiB, a ratio becomes percent; every other
    unit stays as it is.
    """
    largest = max((abs(v) for v in values if v is not None and math.isfinite(v)), default=0.0)
    if unit == "s":
        if 0 < largest < 1 / MS_PER_S:
            return Unit("µs", US_PER_S)
        return Unit("ms", MS_PER_S) if 0 < largest < 1 else Unit("s")
    if unit == "bytes":
        for label, size in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
            if largest >= size:
                return Unit(label, 1 / size)
        return Unit("B")
    if unit == "ratio":
        return Unit("%", PERCENT)
    return Unit("×") if unit == "x" else Unit(unit)


def decimals(value: float, interval: Interval | None = None) -> int:
    """Return how many decimal places are worth printing.

    With an interval, its half width gets two significant digits if they are below 3.55 and one
    otherwise, and the value ends where the half width ends, but shows two digits at least and
    MOST_DIGITS at most.
    Without one the value has three significant digits.

    Source:
        Particle Data Group, Review of Particle Physics, Introduction, section 5.3 "Rounding".
    """
    half = (interval[1] - interval[0]) / 2 if interval else 0.0
    if not half > 0:
        return _places(value, SIGNIFICANT_DIGITS)
    leading = half / 10 ** math.floor(math.log10(half))
    places = max(_places(half, 2 if leading < _TWO_DIGITS_BELOW else 1), _places(value, 2))
    return min(places, _places(value, MOST_DIGITS))


def _places(value: float, digits: int) -> int:
    if value == 0:
        return 0
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def fixed(value: float, places: int) -> str:
    """Return the number with `places` decimals and thousands separators.

    A number that this would print as 0 keeps its first significant digit: only 0 prints as 0.
    """
    text = f"{value:,.{places}f}"
    if value != 0 and float(text.replace(",", "")) == 0:
        return f"{value:.{_places(value, 1)}f}"
    return text


def show(
    value: float | None,
    interval: Interval | None = None,
    *,
    unit: str | None = None,
    within: Unit | None = None,
) -> Shown | None:
    """Return a quantity in print, or None if it is unknown (a NaN is as good as unknown).

    Args:
        value: in the stored unit; an int is a count, or exact, and keeps all its digits.
        interval: 95 %, in the stored unit.
        unit: the stored unit: "s", "bytes", "ratio", "USD", or any other word.
        within: the unit to print in, if others in the same column decide it.
    """
    if value is None or not math.isfinite(value):
        return None
    chosen = within or fit_unit(unit, (value,))
    if unit == "USD/h":
        return Shown(_price(value), unit=chosen.label)
    if isinstance(value, int) and chosen.factor == 1:
        return Shown(f"{value:,d}", unit=chosen.label)
    printed = value * chosen.factor
    if interval is None or not interval[0] < interval[1] < math.inf:
        return Shown(fixed(printed, decimals(printed)), unit=chosen.label)
    low, high = (end * chosen.factor for end in interval)
    places = decimals(printed, (low, high))
    ends = fixed(low, places), fixed(high, places)
    between = " – " if any("," in end for end in ends) else ", "  # [1,782, 29,319] reads as three
    return Shown(fixed(printed, places), f"[{between.join(ends)}]", chosen.label)


def show_bounds(
    bounds: Interval, *, unit: str | None = None, within: Unit | None = None
) -> Shown | None:
    """Return a range of which no point is more likely than another: "53.5 – 202"."""
    chosen = within or fit_unit(unit, bounds)
    if not all(math.isfinite(end) for end in bounds):
        return None
    low, high = (end * chosen.factor for end in bounds)
    text = f"{fixed(low, decimals(low))} – {fixed(high, decimals(high))}"
    return Shown(text, unit=chosen.label)


def _price(value: float) -> str:
    """Return a price as it is quoted: cents at least, and up to _PRICE_DECIMALS."""
    text = fixed(value, _PRICE_DECIMALS)
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"


def duration(value_s: float) -> str:
    """Return a wall-clock duration: "83 ms", "41.2 s", "3 min 22 s", "2 h 5 min"."""
    whole = round(value_s)
    if whole < 120:
        shown = show(value_s, unit="s")
        return shown.text if shown else UNKNOWN
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(value_s / 60)
    return f"{minutes // 60} h {minutes % 60} min"
