"""Records to JSON and back, validated by their own type annotations."""

import json
import re
from functools import lru_cache
from typing import Any, TypeVar, cast, get_args

from pydantic import TypeAdapter, ValidationError

from yoyak.errors import UsageError, one_line
from yoyak.records.soundness import check_finite

T = TypeVar("T")
# How a number that is none can be written: JSON readers take NaN and Infinity, and 1e999 or four
# hundred digits overflow. Only then is the record walked, which costs more than reading it.
_BEYOND = re.compile(r"NaN|Infinity|[eE]\+?\d{3}|\d{290}")
_BEYOND_BYTES = re.compile(_BEYOND.pattern.encode())


@lru_cache(maxsize=64)
def _cached_adapter(kind: object) -> TypeAdapter[Any]:
    return TypeAdapter(cast("type[Any]", kind))


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    # mypy: a class object is hashable by its metaclass, which lru_cache's stub does not see.
    return _cached_adapter(cast("Any", kind))


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return a record as JSON text on one line, or indented.

    Raises:
        ValueError: a number is NaN or infinite; unknown is None.
    """
    plain = _adapter(type(value)).dump_python(value, mode="json")
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, indent=indent)


def prepare(*kinds: type[Any]) -> None:
    """Make now what the first record of each kind would wait for: some 50 ms."""
    for kind in kinds:
        _adapter(kind)


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
