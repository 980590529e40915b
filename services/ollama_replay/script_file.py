"""Scripts as TOML or JSON files: read strictly, written so that they read back the same."""

import json
import tomllib
from dataclasses import asdict
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from ollama_replay.script import Fault, Model, Pull, Script, Timeline
from yoyak.errors import UsageError

Record = TypeVar("Record", bound=Script | Timeline | Model | Fault | Pull)
NESTED: tuple[type[Timeline | Model | Fault | Pull], ...] = (Timeline, Model, Fault, Pull)
NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def read_script(path: Path) -> Script:
    """Return the script in a `.toml` or `.json` file.

    Raises:
        UsageError: it cannot be read, is not what its ending says, or says what cannot be.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as cause:
        raise UsageError(
            f"script {path}: {cause.strerror}; give the path of a .toml or .json file"
        ) from cause
    except UnicodeDecodeError as cause:
        raise UsageError(f"script {path}: is no UTF-8 text; save it as UTF-8") from cause
    try:
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as cause:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise UsageError(f"script {path}: is no {kind}: {cause}; mend it there") from cause
    try:
        return script_from(table)
    except UsageError as cause:
        raise UsageError(f"script {path}: {cause}") from cause


def script_from(table: object) -> Script:
    """Return the script that a parsed file says; unknown keys are errors."""
    return _record(Script, table, "script")


def script_json(script: Script) -> str:
    """Return a script as JSON that `read_script` reads back; defaults are written out."""
    return json.dumps(_without_none(asdict(script)), ensure_ascii=False, indent=1)


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(one) for one in value]
    return value


def _record(kind: type[Record], table: object, where: str) -> Record:
    if not isinstance(table, dict):
        raise UsageError(f"{where}: should be a table, is {table!r}; write keys and values")
    hints = get_type_hints(kind)
    for key in table:
        if key not in hints:
            raise UsageError(f"{where}: {key} is unknown; known are {', '.join(hints)}")
    if kind is Fault and "kind" not in table:
        raise UsageError(f"{where}: kind is missing; say what goes wrong, such as kind = 'stall'")
    values: dict[str, Any] = {
        key: _value(hints[key], value, f"{where}.{key}") for key, value in table.items()
    }
    return kind(**values)


def _value(hint: object, value: object, where: str) -> object:
    """Return a value of a field's type; a list may be left away around a single entry."""
    if isinstance(hint, UnionType):
        (hint,) = (one for one in get_args(hint) if one is not NoneType)
    if get_origin(hint) is tuple:
        item, _ = get_args(hint)
        values = value if isinstance(value, list) else [value]
        return tuple(_value(item, one, f"{where}[{i}]") for i, one in enumerate(values))
    for kind in NESTED:
        if hint is kind:
            return _record(kind, value, where)
    if hint is float and type(value) is int:
        return float(value)
    for plain, name in NAMES.items():
        if hint is plain and type(value) is not plain:
            raise UsageError(f"{where}: should be {name}, is {value!r}; mend it")
    return value
