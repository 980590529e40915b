"""Values that stand in a script as literals of JavaScript, which JSON is a small part of."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

MAX_NODES = 200_000  # of one value; a larger one is no article
MAX_DEPTH = 60  # of brackets in brackets
MAX_ASSIGNED = 20  # of one script that are looked at

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', re.DOTALL)
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "undefined": None}
# `var article = {title: "...", body: '...'};`, which JSON does not read
_ASSIGNED = re.compile(r"=\s*(?=\{\s*(?:[A-Za-z_$][\w$]*|'[^'\n]{1,60}')\s*:)")


def assigned_values(source: str) -> Iterator[Any]:
    """Yield the objects with bare or single-quoted keys that a script assigns."""
    end = 0
    for count, match in enumerate(_ASSIGNED.finditer(source)):
        if count == MAX_ASSIGNED:
            return
        if match.start() < end:  # within the one before
            continue
        try:
            value, end = Literals(source, {}).value(match.end(), 0)
        except NotLiteral:
            continue
        yield value


class NotLiteral(Exception):
    """The script holds something else than literals here."""


class Literals:
    """Reads literals of JavaScript; names are looked up, unknown ones and calls are None."""

    def __init__(self, source: str, names: Mapping[str, Any]) -> None:
        self._source = source
        self._names = names
        self._nodes = 0

    def past(self, at: int) -> int | None:
        """Return where the literal that begins here ends, or None if none does."""
        try:
            return self.value(at, 0)[1]
        except NotLiteral:
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
        except NotLiteral:
            pass
        return found

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        """Return the value that begins here and where it ends."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise NotLiteral
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
            raise NotLiteral
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
                raise NotLiteral
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
        raise NotLiteral

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
