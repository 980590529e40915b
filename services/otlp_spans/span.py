"""One finished span as plain facts, and the W3C context that joins spans of several processes."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

Value = str | bool | int | float | Sequence[str]
Kind = Literal["internal", "server", "client"]

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Where a span stands: its trace, itself, and whether the trace is kept."""

    trace_id: str  # 32 hex digits
    span_id: str  # 16 hex digits
    is_sampled: bool = True

    @classmethod
    def parse(cls, traceparent: str | None) -> Self | None:
        """Return what a W3C `traceparent` of version 00 says; None if it is absent or none."""
        found = _TRACEPARENT.fullmatch(traceparent or "")
        if found is None:
            return None
        return cls(found[1], found[2], bool(int(found[3], 16) & _SAMPLED))

    @property
    def traceparent(self) -> str:
        """The W3C header that makes a receiver's span a child of this one."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """A moment within a span."""

    name: str
    at_ns: int  # Unix time


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span that has ended. Times are Unix time in ns."""

    context: TraceContext
    parent_span_id: str | None
    name: str  # of low cardinality: no URL, no keyword, no id
    kind: Kind
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Value | None] = field(default_factory=dict)  # None: left out
    events: tuple[SpanEvent, ...] = ()
    links: tuple[TraceContext, ...] = ()
    is_parent_remote: bool = False
    is_error: bool = False
    error_message: str | None = None


def new_trace_id() -> str:
    """Return 32 random hex digits."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """Return 16 random hex digits."""
    return secrets.token_hex(8)
