"""Ollama's NDJSON lines as bytes, with everything but the time made before it is needed."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from time import time_ns
from typing import Literal, NamedTuple

from yoyak.units import NS_PER_S

Api = Literal["generate", "chat", "openai_chat", "openai_completions"]
OPENAI_APIS: frozenset[Api] = frozenset({"openai_chat", "openai_completions"})
CREATED_AT_BYTES = len("2026-11-23T12:34:56.123456789Z")
LAST_HTTP_CHUNK = b"0\r\n\r\n"
ID_BLOCK = 1024  # token ids of `context` repeat after so many: nobody reads them, but they weigh
FIRST_ID, ID_STEP, ID_COUNT = 259, 7919, 31_741


def compact(value: object) -> bytes:
    """Return JSON as Go writes it: no spaces, text as UTF-8, `<`, `>` and `&` escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode("utf-8", "replace")


def http_chunk(data: bytes) -> bytes:
    """Return data in the framing of `Transfer-Encoding: chunked`."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class WallClock:
    """The wall clock in UTC with nanoseconds, as `created_at` has it."""

    __slots__ = ("_second", "_until_second")

    def __init__(self) -> None:
        self._second = -1
        self._until_second = b""

    def now(self) -> bytes:
        """Return the time now, such as 2026-11-23T12:34:56.123456789Z."""
        return self.text(time_ns())

    def text(self, wall_ns: int) -> bytes:
        """Return a time since the epoch in that form; the calendar is asked once a second."""
        second, rest_ns = divmod(wall_ns, NS_PER_S)
        if second != self._second:
            self._second = second
            until = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._until_second = until.encode()
        return b"%b.%09dZ" % (self._until_second, rest_ns)


class Line(NamedTuple):
    """A line of a stream, whole but for the time: HTTP framing, if any, included.

    Attributes:
        before: all that comes before the time.
        after: all that comes after it.
        margins: how many bytes at the beginning and at the end are HTTP framing.
    """

    before: bytes
    after: bytes
    margins: tuple[int, int]

    def at(self, created_at: bytes) -> bytes:
        """Return the bytes to send."""
        return self.before + created_at + self.after

    def bare(self, created_at: bytes) -> bytes:
        """Return the line without framing."""
        left, right = self.margins
        whole = self.at(created_at)
        return whole[left : len(whole) - right]


NO_LINE = Line(b"", b"", (0, 0))


class Lines:
    """The lines of one API and model name; `is_framed` wraps each in an HTTP chunk of its own."""

    def __init__(self, api: Api, model: str, *, is_framed: bool) -> None:
        self._api = api
        self._is_framed = is_framed
        self._head = b'{"model":%b,"created_at":"' % compact(model)
        self._made: dict[str, Line] = {}

    def chunk(self, text: str) -> Line:
        """Return the line with a piece of text."""
        made = self._made.get(text)
        if made is None:
            made = self._made[text] = self._line(b'",%b,"done":false}' % self._said(text))
        return made

    def warm(self, texts: tuple[str, ...]) -> None:
        """Make the lines of all these texts now."""
        for text in texts:
            self.chunk(text)

    def last(
        self,
        reason: str,
        *,
        metrics: Mapping[str, int | None],
        context_tokens: int | None = None,
    ) -> Line:
        """Return the line with `done`; arguments as for `last_object`."""
        return self._line(self._last_after("", reason, metrics, context_tokens))

    def last_object(
        self,
        created_at: bytes,
        reason: str,
        *,
        text: str = "",
        metrics: Mapping[str, int | None] | None = None,
        context_tokens: int | None = None,
    ) -> bytes:
        """Return an answer in one JSON object.

        Args:
            created_at: the time now.
            reason: of the end: stop, length, load, unload.
            text: the whole answer.
            metrics: the counts and durations; one of None is left out. Ollama leaves out zeros
                except in prompt_eval_cached_count, so the caller says None for those.
            context_tokens: how many ids `context` has, or None for no such field.
        """
        after = self._last_after(text, reason, metrics or {}, context_tokens)
        return self._head + created_at + after

    def unfinished_object(self, created_at: bytes, text: str) -> bytes:
        """Return an answer in one JSON object that does not claim to be done."""
        return b'%b%b",%b,"done":false}' % (self._head, created_at, self._said(text))

    def error(self, message: str) -> bytes:
        """Return the line that tells an error in mid-stream."""
        return compact({"error": message}) + b"\n"

    def framed(self, data: bytes) -> bytes:
        """Return data in an HTTP chunk where lines are framed, else as it is."""
        return http_chunk(data) if self._is_framed else data

    def end(self) -> bytes:
        """Return what ends the HTTP body; without framing closing the connection does."""
        return LAST_HTTP_CHUNK if self._is_framed else b""

    def _last_after(
        self,
        text: str,
        reason: str,
        metrics: Mapping[str, int | None],
        context_tokens: int | None,
    ) -> bytes:
        """Return what follows the time in an object with `done`."""
        parts = [b'",%b,"done":true,"done_reason":"%b"' % (self._said(text), reason.encode())]
        if context_tokens is not None:
            parts += [b',"context":', token_ids(context_tokens)]
        for name, value in metrics.items():
            if value is not None:
                parts.append(b',"%b":%d' % (name.encode(), value))
        parts.append(b"}")
        return b"".join(parts)

    def _said(self, text: str) -> bytes:
        if self._api == "generate":
            return b'"response":%b' % compact(text)
        return b'"message":{"role":"assistant","content":%b}' % compact(text)

    def _line(self, after: bytes) -> Line:
        """Return a line; a time's length is fixed, so the HTTP chunk's is known beforehand."""
        after += b"\n"
        if not self._is_framed:
            return Line(self._head, after, (0, 0))
        size = b"%x\r\n" % (len(self._head) + CREATED_AT_BYTES + len(after))
        return Line(size + self._head, after + b"\r\n", (len(size), 2))


@cache
def _id_block() -> tuple[bytes, tuple[int, ...]]:
    """Return ID_BLOCK ids, each followed by a comma, and where each id ends."""
    ids = [b"%d," % (FIRST_ID + i * ID_STEP % ID_COUNT) for i in range(ID_BLOCK)]
    ends, position = [0], 0
    for one in ids:
        position += len(one)
        ends.append(position)
    return b"".join(ids), tuple(ends)


def token_ids(count: int) -> bytes:
    """Return a JSON array of so many token ids."""
    block, ends = _id_block()
    whole, left = divmod(count, ID_BLOCK)
    return b"[%b]" % (block * whole + block[: ends[left]]).rstrip(b",")
