"""JSON objects from an engine: a field may be absent, but one that is there is of its type."""

import json
import sys
from collections.abc import Iterator

import orjson

from yoyak.engines.http_errors import shortened
from yoyak.errors import EngineError


class Fields:
    """One JSON object. Null counts as absent; a bool is no number."""

    __slots__ = ("_members", "_where")

    def __init__(self, value: object, where: str) -> None:
        """Take `value`, which came from `where`.

        Raises:
            EngineError: it is no object (class protocol).
        """
        if not isinstance(value, dict):
            raise wrong_form(where, f"{shortened(repr(value))} is no JSON object")
        self._members: dict[str, object] = value
        self._where = where

    def __contains__(self, key: str) -> bool:
        return self._members.get(key) is not None

    def text(self, key: str) -> str | None:
        """Return a text."""
        value = self._members.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(key, "text")

    def flag(self, key: str) -> bool | None:
        """Return a bool."""
        value = self._members.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong(key, "true or false")

    def count(self, key: str) -> int | None:
        """Return a whole number of at least 0."""
        value = self._members.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise self._wrong(key, "a count")

    def number(self, key: str) -> float | None:
        """Return a finite number of at least 0: Python's JSON reader takes NaN and 1e999."""
        value = self._members.get(key)
        if value is None:
            return None
        is_bool = isinstance(value, bool)
        if isinstance(value, int | float) and not is_bool and 0 <= value <= sys.float_info.max:
            return float(value)
        raise self._wrong(key, "a number of at least 0")

    def fields(self, key: str) -> "Fields | None":
        """Return the object below."""
        value = self._members.get(key)
        return None if value is None else Fields(value, f"{self._where} {key}")

    def items(self, key: str) -> list[object]:
        """Return a list; an absent one is empty."""
        value = self._members.get(key)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise self._wrong(key, "a list")

    def objects(self, key: str) -> Iterator["Fields"]:
        """Yield the objects of a list."""
        return (Fields(item, f"{self._where} {key}") for item in self.items(key))

    def counts(self, key: str) -> list[int]:
        """Return a list of whole numbers."""
        found = []
        for item in self.items(key):
            if not isinstance(item, int) or isinstance(item, bool):
                raise self._wrong(key, "a list of counts")
            found.append(item)
        return found

    def _wrong(self, key: str, expected: str) -> EngineError:
        return wrong_form(self._where, f'"{key}" is not {expected}')


def parse_object(line: bytes, where: str) -> dict[str, object]:
    """Return the JSON object that a line of a stream is.

    Raises:
        EngineError: it is none (class protocol).
    """
    try:
        value: object = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = _leniently(line, where)
    if not isinstance(value, dict):
        raise wrong_form(where, f"{shortened(repr(value))} is no JSON object")
    return value


def _leniently(line: bytes, where: str) -> object:
    """Read what some servers write and orjson refuses: NaN, and half of a surrogate pair."""
    try:
        value: object = json.loads(line.decode())
    except ValueError as error:
        shown = shortened(line.decode("utf-8", "replace"))
        raise wrong_form(where, f"a line that is no JSON: {shown}") from error
    return value


def wrong_form(where: str, what: str) -> EngineError:
    """Return the error for an answer that is not of the protocol's form."""
    return EngineError(
        f"{where} answered what it should not: {what}; is this the engine that --engine names?",
        error_class="protocol",
    )
