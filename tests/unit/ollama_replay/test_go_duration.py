"""keep_alive takes seconds as a number, or a text with a unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_replay.go_duration import FOR_EVER_NS, NotADurationError, duration_ns, keep_alive_ns

S = 1_000_000_000


@pytest.mark.parametrize(
    ("value", "expected_ns"),
    [
        (None, None),
        (0, 0),
        (300, 300 * S),
        (0.5, S // 2),
        (-1, FOR_EVER_NS),
        ("10m", 600 * S),
        ("1h15m30.5s", 4530 * S + S // 2),
        ("100ms", S // 10),
        ("1.5µs", 1500),
        ("0", 0),
        ("-0", 0),
        ("+3s", 3 * S),
        ("-10m", FOR_EVER_NS),
        (".5s", S // 2),
    ],
)
def test_what_ollama_takes(value: object, expected_ns: int | None) -> None:
    assert keep_alive_ns(value) == expected_ns


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("300", 'time: missing unit in duration "300"'),
        ("", 'time: invalid duration ""'),
        ("-", 'time: invalid duration "-"'),
        ("ten", 'time: invalid duration "ten"'),
        ("10 m", 'time: unknown unit " m" in duration "10 m"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        (True, "Unsupported type: 'True'"),
        ([], "Unsupported type: '[]'"),
    ],
)
def test_what_it_refuses(value: object, said: str) -> None:
    with pytest.raises(NotADurationError) as caught:
        keep_alive_ns(value)
    assert str(caught.value) == said


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_the_parts_of_a_duration_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert (
        duration_ns(f"{hours}h{minutes}m{seconds}s") == (hours * 3600 + minutes * 60 + seconds) * S
    )
