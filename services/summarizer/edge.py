"""The outermost layer: the arrival's stamp, the request id, and a bounded body."""

import asyncio
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from otlp_spans.span import TraceContext
from summarizer import problems
from summarizer.problems import Problem
from yoyak.telemetry import names

SCOPE_KEY = "yoyak.caller"
ARRIVED_KEY = "yoyak.arrived_ns"  # in the scope's state, where it is known from before
BODY_DEADLINE_S = 30.0  # a body is at most a few MB; whoever drips it holds a connection
_USABLE_ID = re.compile(rb"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What a request brought along beside its body."""

    arrived_ns: int  # CLOCK_MONOTONIC when its headers had come
    request_id: str
    phase: names.Phase
    traceparent: str | None  # W3C, as it came; None if absent or not of its form
    trace: TraceContext | None  # what it says

    @property
    def sampled_trace_id(self) -> str | None:
        """32 hex digits, if the caller keeps its trace."""
        return self.trace.trace_id if self.trace is not None and self.trace.is_sampled else None


OnProblem = Callable[[Scope, Caller, Problem], None]


class Edge:
    """Wraps the application; reads the whole body first, so that nothing behind it waits."""

    def __init__(self, app: ASGIApp, *, body_limit_bytes: int, on_problem: OnProblem) -> None:
        """Wrap `app`; `on_problem` is told of each request that ends here, once it is answered."""
        self._app = app
        self._on_problem = on_problem
        self._limit_bytes = body_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400, 408 or 413 here, else pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived_ns = scope.get("state", {}).get(ARRIVED_KEY) or time.monotonic_ns()
        headers = dict(scope["headers"])
        caller, unusable = caller_of(arrived_ns, headers)
        try:
            if unusable is not None:
                raise unusable
            body = await self._body(headers, receive)
        except Problem as problem:
            await send_problem(send, problem, caller.request_id)
            self._on_problem(scope, caller, problem)
            return
        if body is None:  # the client went away before its body had come
            return
        scope[SCOPE_KEY] = caller
        await self._app(scope, _replay(body, receive), send)

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes | None:
        stated = headers.get(b"content-length", b"0")
        if stated.isdigit() and int(stated) > self._limit_bytes:
            raise self._too_large(int(stated))
        parts = bytearray()
        try:
            async with asyncio.timeout(BODY_DEADLINE_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    parts += message.get("body", b"")
                    if len(parts) > self._limit_bytes:
                        raise self._too_large(len(parts))
                    if not message.get("more_body", False):
                        return bytes(parts)
        except TimeoutError as error:
            raise Problem(
                problems.SLOW_BODY,
                f"the body did not arrive within {BODY_DEADLINE_S:.0f} s; send it at once",
            ) from error

    def _too_large(self, size_bytes: int) -> Problem:
        return Problem(
            problems.BODY_TOO_LARGE,
            f"the body has {size_bytes} bytes or more, the limit is {self._limit_bytes}; "
            "send a shorter article or raise YOYAK_BODY_LIMIT_BYTES",
            body_bytes=size_bytes,
            limit_bytes=self._limit_bytes,
        )


async def send_problem(send: Send, problem: Problem, request_id: str) -> None:
    """Answer with a problem document."""
    body = problem.body(request_id)
    headers = problem.headers(request_id)
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": problem.kind.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def caller_of(arrived_ns: int, headers: dict[bytes, bytes]) -> tuple[Caller, Problem | None]:
    """Return what the headers say, and what is wrong with them.

    A refusal is traced and answered under an id too: one is drawn in place of an unusable one.
    """
    problem = None
    request_id = headers.get(b"x-request-id", b"")
    if request_id and not _USABLE_ID.fullmatch(request_id):
        request_id = b""
        problem = Problem(
            problems.MALFORMED,
            "X-Request-Id must be 1 to 128 visible ASCII characters; without it one is drawn",
        )
    phase: Any = headers.get(b"x-yoyak-phase", b"measured").decode("latin-1")
    if phase not in names.PHASES:
        phase = "measured"
        problem = problem or Problem(
            problems.MALFORMED, f"X-Yoyak-Phase must be one of {', '.join(names.PHASES)}"
        )
    traceparent = headers.get(b"traceparent", b"").decode("latin-1")
    trace = TraceContext.parse(traceparent)
    caller = Caller(
        arrived_ns=arrived_ns,
        request_id=request_id.decode("ascii") or uuid.uuid4().hex,
        phase=phase,
        traceparent=None if trace is None else traceparent,
        trace=trace,
    )
    return caller, problem


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives the body once and then what the connection gives."""
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def replayed() -> Message:
        nonlocal message
        if message is None:
            return await receive()
        given, message = message, None
        return given

    return replayed
