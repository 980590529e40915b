"""How numbers are printed: what a reader may conclude from the digits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.report.numbers import Unit, duration, fit_unit, fixed, show
from yoyak.units import GIB, MIB


def text(value: float | None, interval: tuple[float, float] | None = None, unit: str = "") -> str:
    shown = show(value, interval, unit=unit or None)
    assert shown is not None
    return shown.text


@pytest.mark.parametrize(
    ("value", "interval", "printed"),
    [
        (12.3456, (11.94, 12.74), "12.3 [11.9, 12.7]"),  # half width 0.40: one digit
        (12.3456, (12.1, 12.6), "12.35 [12.10, 12.60]"),  # 0.25: two digits
        (1.2908, (1.2412, 1.3507), "1.29 [1.24, 1.35]"),
        (1234.5, (1200.0, 1270.0), "1,234 [1,200 – 1,270]"),
        (0.002, (0.0019, 0.0021), "0.00200 [0.00190, 0.00210]"),
    ],
)
def test_the_width_of_the_interval_decides_the_digits(
    value: float, interval: tuple[float, float], printed: str
) -> None:
    assert text(value, interval) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [(202.182, "202"), (5.25, "5.25"), (28.13, "28.1"), (0.04567, "0.0457"), (12345.6, "12,346")],
)
def test_without_an_interval_three_digits_are_shown(value: float, printed: str) -> None:
    assert text(value) == printed


def test_a_count_keeps_all_its_digits() -> None:
    assert text(1062) == "1,062"


def test_a_wide_interval_never_prints_its_low_end_as_zero() -> None:
    assert text(40.0, (0.03, 300.0)) == "40 [0.03, 300]"


def test_zero_prints_as_zero() -> None:
    assert text(0.0) == "0"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_unknown_or_no_number_is_not_shown_as_one(value: float | None) -> None:
    assert show(value) is None


@pytest.mark.parametrize(
    ("value", "unit", "printed"),
    [
        (0.0834, "s", "83.4 ms"),
        (0.0000834, "s", "83.4 µs"),
        (41.23, "s", "41.2 s"),
        (4.61 * GIB, "bytes", "4.61 GiB"),
        (int(12.0 * MIB), "bytes", "12.0 MiB"),
        (800, "bytes", "800 B"),
        (0.873, "ratio", "87.3 %"),
        (3.4, "tokens/s", "3.40 tokens/s"),
    ],
)
def test_units_of_fit_size(value: float, unit: str, printed: str) -> None:
    assert text(value, unit=unit) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [(4.608, "4.608 USD/h"), (0.5, "0.50 USD/h"), (0.0232, "0.0232 USD/h"), (12.0, "12.00 USD/h")],
)
def test_a_price_is_printed_as_it_is_quoted(value: float, printed: str) -> None:
    assert text(value, unit="USD/h") == printed


def test_a_tiny_cost_does_not_become_free() -> None:
    assert text(0.0000021, unit="USD") == "0.00000210 USD"


def test_a_column_can_share_one_unit() -> None:
    unit = fit_unit("s", (0.2, 41.0))
    assert unit == Unit("s")
    shown = show(0.2, unit="s", within=unit)
    assert shown is not None
    assert shown.text == "0.200 s"


@pytest.mark.parametrize(
    ("value_s", "printed"),
    [(0.083, "83.0 ms"), (41.23, "41.2 s"), (202.2, "3 min 22 s"), (7500.0, "2 h 5 min")],
)
def test_durations_read_like_a_clock(value_s: float, printed: str) -> None:
    assert duration(value_s) == printed


@given(
    st.floats(min_value=1e-9, max_value=1e12),
    st.floats(min_value=1e-6, max_value=0.99),
)
def test_the_printed_value_lies_within_the_interval_it_was_rounded_by(
    value: float, relative: float
) -> None:
    interval = (value * (1 - relative), value * (1 + relative))
    shown = show(value, interval)
    assert shown is not None
    printed = float(shown.value.replace(",", ""))
    # Rounding moves a value by half a unit of its last place: 5 of 100 at the most, here of two
    # digits, or less than the half width.
    assert abs(printed - value) <= max(0.05 * value, relative * value)


@given(st.floats(min_value=1e-12, max_value=1e12), st.integers(min_value=0, max_value=6))
def test_only_zero_prints_as_zero(value: float, places: int) -> None:
    assert float(fixed(value, places).replace(",", "")) != 0
