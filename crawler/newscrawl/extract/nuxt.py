"""The state of a Nuxt application, which is neither JSON nor always data, as plain values.

Nuxt 3 writes an array in which every reference is an index of it; Nuxt 2 writes a function that is
called at once, whose parameters stand for the values that the state holds more than once.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

MAX_NODES = 200_000  # of one state; a larger one is no article
MAX_DEPTH = 60  # of brackets in brackets

_CALLED = re.compile(r"__NUXT__\s*=\s*\(?\s*function\s*\(([\w$,\s]*)\)\s*\{")
_RETURNED = re.compile(r"\breturn\s*(?=\{)")
_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', re.DOTALL)
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "undefined": None}
_WRAPPERS = frozenset({"Reactive", "ShallowReactive", "Ref", "ShallowRef", "EmptyRef", "Set"})


def flat_state(values: list[Any]) -> Any:  # noqa: ANN401 - JSON of any type
    """Return the state of a Nuxt 3 page: the first value, its indexes replaced by what they name.

    A value that holds itself, or lies too deep, is None there.
    """
    done: dict[int, Any] = {}
    open_: set[int] = set()

    def value(index: object, depth: int) -> Any:  # noqa: ANN401 - as above
        if not isinstance(index, int) or isinstance(index, bool):
            return None
        if not 0 <= index < len(values) or index in open_ or depth > MAX_DEPTH:
            return None
        if index not in done:
            open_.add(index)
            done[index] = whole(values[index], depth)
            open_.discard(index)
        return done[index]

    def whole(raw: object, depth: int) -> Any:  # noqa: ANN401 - as above
        if isinstance(raw, dict):
            return {key: value(part, depth + 1) for key, part in raw.items()}
        if isinstance(raw, list):
            if raw and isinstance(raw[0], str):  # ["Reactive", 1]
                return value(raw[1], depth + 1) if raw[0] in _WRAPPERS and len(raw) > 1 else None
            return [value(part, depth + 1) for part in raw]
        return raw

    return value(0, 0) if len(values) <= MAX_NODES else None


def called_states(source: str) -> Iterator[Any]:
    """Yield the states of a script that calls a function for them, as Nuxt 2 does."""
    for match in _CALLED.finditer(source):
        parameters = [name.strip() for name in match[1].split(",") if name.strip()]
        returned = _RETURNED.search(source, match.end())
        if returned is None:
            continue
        end = _Literals(source, {}).past(returned.end())
        call = re.compile(r"[\s;}]*\)?\s*\(").match(source, end) if end is not None else None
        if call is None:
            continue
        arguments = _Literals(source, {}).arguments(call.end())
        state = _Literals(source, dict(zip(parameters, arguments, strict=False)))
        try:
            yield state.value(returned.end(), 0)[0]
        except _NotLiteral:
            continue


class _NotLiteral(Exception):
    """The script holds something else than literals here."""


class _Literals:
    """Reads literals of JavaScript; names are looked up, unknown ones and calls are None."""

    def __init__(self, source: str, names: Mapping[str, Any]) -> None:
        self._source = source
        self._names = names
        self._nodes = 0

    def past(self, at: int) -> int | None:
        """Return where the literal that begins here ends, or None if none does."""
        try:
            return self.value(at, 0)[1]
        except _NotLiteral:
            return None

    def arguments(self, at: int) -> list[Any]:
        """Return the arguments of a call, up to the first that cannot be read."""
        found: list[Any] = []
        try:
            while not self._is_at(at, ")"):
                value, at = self.value(at, 0)
                found.append(value)
                at = self._skip(at)
                if not self._is_at(at, ","):
                    break
                at += 1
        except _NotLiteral:
            pass
        return found

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        """Return the value that begins here and where it ends."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise _NotLiteral
        at = self._skip(at)
        first = self._source[at : at + 1]
        if first == "{":
            return self._object(at + 1, depth)
        if first == "[":
            return self._array(at + 1, depth)
        if match := _STRING.match(self._source, at):
            return _text(match[0]), match.end()
        if match := _NUMBER.match(self._source, at):
            return float(match[0]), match.end()
        if first == "!":  # !0 and !1 are true and false
            value, end = self.value(at + 1, depth + 1)
            return not value, end
        return self._named(at, depth)

    def _named(self, at: int, depth: int) -> tuple[Any, int]:
        match = _NAME.match(self._source, at)
        if match is None:
            raise _NotLiteral
        name, at = match[0], match.end()
        if name in ("void", "new"):  # void 0, new Date(0)
            return None, self.value(at, depth + 1)[1]
        if self._is_at(self._skip(at), "("):
            return None, self._call_end(self._skip(at) + 1, depth)
        return _WORDS[name] if name in _WORDS else self._names.get(name), at

    def _call_end(self, at: int, depth: int) -> int:
        while not self._is_at(self._skip(at), ")"):
            _, at = self.value(at, depth + 1)
            at = self._skip(at)
            if self._is_at(at, ","):
                at += 1
        return self._skip(at) + 1

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        while not self._is_at(at := self._skip(at), "}"):
            key = _STRING.match(self._source, at) or _NAME.match(self._source, at)
            key = key or _NUMBER.match(self._source, at)
            if key is None or not self._is_at(self._skip(key.end()), ":"):
                raise _NotLiteral
            name = _text(key[0]) if key[0][0] in "\"'" else key[0]
            found[name], at = self.value(self._skip(key.end()) + 1, depth + 1)
            at = self._after(at, "}")
        return found, at + 1

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        while not self._is_at(at := self._skip(at), "]"):
            value, at = self.value(at, depth + 1)
            found.append(value)
            at = self._after(at, "]")
        return found, at + 1

    def _after(self, at: int, end: str) -> int:
        """Return the place behind a comma, or that of the closing bracket."""
        at = self._skip(at)
        if self._is_at(at, ","):
            return at + 1
        if self._is_at(at, end):
            return at
        raise _NotLiteral

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._source, at)
        return match.end() if match else at

    def _is_at(self, at: int, sign: str) -> bool:
        return self._source.startswith(sign, at)


def _text(literal: str) -> str:
    """Return a string literal's text; an escape that JSON does not know stands for its sign."""
    inside = literal[1:-1]
    if literal[0] == "'":
        inside = inside.replace("\\'", "'").replace('"', '\\"')
    inside = re.sub(r'\\(?!["\\/bfnrtu])', "", inside)
    try:
        return str(json.loads(f'"{inside}"', strict=False))
    except json.JSONDecodeError:
        return inside
