"""Ollama's keep_alive: seconds as a number, or a text in the grammar of Go's durations."""

import re

from yoyak.units import NS_PER_S

NS_PER_UNIT = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "h": 3600 * NS_PER_S,
}
NUMBER = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")
UNIT = re.compile(r"[^0-9.]+")
FOR_EVER_NS = -1


class NotADurationError(ValueError):
    """A text that is no duration; its message is the one Go gives."""


def keep_alive_ns(value: object) -> int | None:
    """Return how long a model stays after its last request; None is the server's default.

    Args:
        value: as it stood in JSON: null, seconds as a number, or a text such as "10m".

    Returns:
        Nanoseconds; FOR_EVER_NS for anything negative.

    Raises:
        NotADurationError: no duration; a bare number in quotes has no unit and is none.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise NotADurationError(f"Unsupported type: '{value}'")
    found = duration_ns(value) if isinstance(value, str) else round(value * NS_PER_S)
    return FOR_EVER_NS if found < 0 else found


def duration_ns(text: str) -> int:
    """Return the nanoseconds of a Go duration such as "1h15m30.5s", "-1s" or "0"."""
    unsigned = text[1:] if text[:1] in ("+", "-") else text
    if unsigned == "0":
        return 0
    if not unsigned:
        raise NotADurationError(f'time: invalid duration "{text}"')
    total, position = 0.0, 0
    while position < len(unsigned):
        number = NUMBER.match(unsigned, position)
        if number is None:
            raise NotADurationError(f'time: invalid duration "{text}"')
        unit = UNIT.match(unsigned, number.end())
        if unit is None:
            raise NotADurationError(f'time: missing unit in duration "{text}"')
        if unit[0] not in NS_PER_UNIT:
            raise NotADurationError(f'time: unknown unit "{unit[0]}" in duration "{text}"')
        total += float(number[0]) * NS_PER_UNIT[unit[0]]
        position = unit.end()
    return -round(total) if text.startswith("-") else round(total)
