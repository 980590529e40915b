"""The state of a Nuxt application, which is neither JSON nor always data, as plain values.

Nuxt 3 writes an array in which every reference is an index of it; Nuxt 2 writes a function that is
called at once, whose parameters stand for the values that the state holds more than once.
"""

import re
from collections.abc import Iterator
from typing import Any

from newscrawl.extract.literals import MAX_DEPTH, MAX_NODES, Literals, NotLiteral

_CALLED = re.compile(r"__NUXT__\s*=\s*\(?\s*function\s*\(([\w$,\s]*)\)\s*\{")
_RETURNED = re.compile(r"\breturn\s*(?=\{)")
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
        end = Literals(source, {}).past(returned.end())
        call = re.compile(r"[\s;}]*\)?\s*\(").match(source, end) if end is not None else None
        if call is None:
            continue
        arguments = Literals(source, {}).arguments(call.end())
        state = Literals(source, dict(zip(parameters, arguments, strict=False)))
        try:
            yield state.value(returned.end(), 0)[0]
        except NotLiteral:
            continue
