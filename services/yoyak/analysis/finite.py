"""Numbers that are none: JSON readers let NaN and infinity pass, statistics must not."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from yoyak.errors import UsageError
from yoyak.records import Perf


def check_numbers(perf: Perf, label: str) -> None:
    """Raise UsageError where a number is NaN or infinite, or a rate is not above 0."""
    for path, value in _floats(perf, ""):
        if not math.isfinite(value):
            raise UsageError(
                f"{label}: {path} is {value}; unknown is null. Make its perf.json again from its "
                "run folder"
            )
    for field in fields(perf.rates):
        if any(value <= 0 for value in getattr(perf.rates, field.name).repetition_values):
            raise UsageError(
                f"{label}: rates.{field.name} has a repetition that is not above 0; "
                "make its perf.json again from its run folder"
            )


def _floats(value: object, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield path, value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _floats(getattr(value, field.name), f"{path}.{field.name}".lstrip("."))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _floats(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _floats(item, f"{path}.{index}")
