"""Records to JSON and back, validated by their own type annotations."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args

from yoyak.errors import UsageError, one_line
from yoyak.records.soundness import check_finite

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
# How a number that is none can be written: JSON readers take NaN and Infinity, and 1e999 or four
# hundred digits overflow. Only then is the record walked, which costs more than reading it.
_BEYOND = re.compile(r"NaN|Infinity|[eE]\+?\d{3}|\d{290}")
_BEYOND_BYTES = re.compile(_BEYOND.pattern.encode())


@lru_cache(maxsize=64)
def _cached_adapter(kind: object) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter  # for reading; a run writes first, and should begin soon

    return TypeAdapter(cast("type[Any]", kind))


def _adapter(kind: type[Any]) -> "TypeAdapter[Any]":
    # mypy: a class object is hashable by its metaclass, which lru_cache's stub does not see.
    return _cached_adapter(cast("Any", kind))


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return a record as JSON text on one line, or indented.

    Raises:
        ValueError: a number is NaN or infinite; unknown is None.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, default=_as_object)


def _as_object(value: object) -> dict[str, Any]:
    """Return a record, or a mapping that is no dict, as what JSON calls an object."""
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def from_json(kind: type[T], text: str | bytes, *, where: str, check_numbers: bool = True) -> T:
    """Return the record that `text` holds.

    Types are strict: "5" and 5.0 are no whole numbers. Fields that this version does not know are
    left out, as a newer yoyak of the same schema may add some.

    Args:
        kind: the record's type.
        text: JSON.
        where: names the text in an error.
        check_numbers: False where the caller checks the range of each number itself.

    Raises:
        UsageError: not JSON, a field missing, a value of the wrong type, or a number that is NaN
            or infinite; names `where`.
    """
    from pydantic import ValidationError

    try:
        record: T = _adapter(kind).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = one_line(".".join(str(part) for part in first["loc"])) or "its text"
        raise UsageError(
            f"{where} is not a {_name(kind)}: {field}: {one_line(first['msg']).lower()}; "
            "it is truncated, foreign or edited: take it from its host again"
        ) from error
    if check_numbers and _may_hold_none(text):
        check_finite(where, record)
    return record


def _may_hold_none(text: str | bytes) -> bool:
    found = _BEYOND.search(text) if isinstance(text, str) else _BEYOND_BYTES.search(text)
    return found is not None


def _name(kind: type[Any]) -> str:
    items = get_args(kind)
    return f"list of {items[0].__name__}" if items else kind.__name__


def json_schema(kind: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema of a record's type."""
    return _adapter(kind).json_schema(mode="serialization")
