"""Records to JSON and back, validated by their own type annotations."""

import json
from functools import lru_cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from yoyak.errors import UsageError

T = TypeVar("T")


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


def from_json(kind: type[T], text: str | bytes, *, where: str) -> T:
    """Return the record that `text` holds.

    Raises:
        UsageError: not JSON, a field missing, or a value of the wrong type; names `where`.
    """
    try:
        record: T = _adapter(kind).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "its text"
        raise UsageError(
            f"{where} is not a {kind.__name__}: {field}: {first['msg'].lower()}; "
            "it is truncated, foreign or edited: take it from its host again"
        ) from error
    return record


def json_schema(kind: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema of a record's type."""
    return _adapter(kind).json_schema(mode="serialization")
