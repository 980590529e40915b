"""The outermost layer, driven as a server drives it."""

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from summarizer.edge import SCOPE_KEY, Caller, Edge
from summarizer.problems import Problem

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
Headers = Sequence[tuple[bytes, bytes]]


class Exchange:
    """One request: what the application saw, what the client got, what was counted."""

    def __init__(self) -> None:
        self.caller: Caller | None = None
        self.body: bytes | None = None
        self.sent: list[Message] = []
        self.problems: list[tuple[Caller, int]] = []

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.caller = scope[SCOPE_KEY]
        self.body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.sent[1]["body"])
        return document


async def exchange(
    headers: Headers = (), parts: Sequence[Message] | None = None, *, limit_bytes: int = 10
) -> Exchange:
    made = Exchange()
    messages = list(parts or [{"type": "http.request", "body": b"{}"}])

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        made.sent.append(dict(message))

    def on_problem(_: Scope, caller: Caller, problem: Problem) -> None:
        assert len(made.sent) == 2, "nothing is counted before the answer"
        made.problems.append((caller, problem.kind.status))

    edge = Edge(made.app, body_limit_bytes=limit_bytes, on_problem=on_problem)
    scope = {"type": "http", "method": "POST", "path": "/v1/summaries", "headers": list(headers)}
    await edge(scope, receive, send)
    return made


def caller_of(made: Exchange) -> Caller:
    assert made.caller is not None
    return made.caller


async def test_a_request_id_is_kept_and_one_is_drawn_if_absent() -> None:
    assert caller_of(await exchange([(b"x-request-id", b"abc-1")])).request_id == "abc-1"
    drawn = {caller_of(await exchange()).request_id for _ in range(2)}
    assert len(drawn) == 2


@pytest.mark.parametrize("request_id", [b"a b", b"\xff", b"x" * 129])
async def test_an_unusable_request_id_is_400_under_one_that_was_drawn(request_id: bytes) -> None:
    made = await exchange([(b"x-request-id", request_id), (b"x-yoyak-phase", b"warmup")])
    ((caller, status),) = made.problems
    assert (made.status, status) == (400, 400)
    assert (caller.phase, made.document["request_id"]) == ("warmup", caller.request_id)
    assert len(caller.request_id) == 32


async def test_a_refusal_here_keeps_the_callers_trace_and_arrival() -> None:
    traceparent = f"00-{TRACE}-00f067aa0ba902b7-01".encode()
    before_ns = time.monotonic_ns()
    made = await exchange([(b"content-length", b"11"), (b"traceparent", traceparent)])
    ((caller, status),) = made.problems
    assert (status, caller.sampled_trace_id) == (413, TRACE)
    assert before_ns <= caller.arrived_ns <= time.monotonic_ns()


async def test_the_phase_is_measured_unless_the_header_says_warmup() -> None:
    assert caller_of(await exchange()).phase == "measured"
    assert caller_of(await exchange([(b"x-yoyak-phase", b"warmup")])).phase == "warmup"
    assert (await exchange([(b"x-yoyak-phase", b"lunch")])).status == 400


@pytest.mark.parametrize(
    ("traceparent", "kept", "trace_id"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", True, TRACE),
        (f"00-{TRACE}-00f067aa0ba902b7-00", True, None),  # not sampled: no exemplar
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", False, None),
        (f"00-{TRACE}-{'0' * 16}-01", False, None),
        ("hello", False, None),
    ],
)
async def test_a_trace_context_is_kept_where_it_has_w3cs_form(
    traceparent: str, kept: bool, trace_id: str | None
) -> None:
    caller = caller_of(await exchange([(b"traceparent", traceparent.encode())]))
    assert caller.traceparent == (traceparent if kept else None)
    assert caller.sampled_trace_id == trace_id


async def test_a_body_in_parts_arrives_whole() -> None:
    made = await exchange(
        parts=[
            {"type": "http.request", "body": b"12345", "more_body": True},
            {"type": "http.request", "body": b"67890", "more_body": False},
        ]
    )
    assert made.body == b"1234567890"


async def test_a_stated_length_over_the_limit_is_413_with_both_numbers() -> None:
    made = await exchange([(b"content-length", b"11")])
    assert made.status == 413
    assert (made.document["body_bytes"], made.document["limit_bytes"]) == (11, 10)
    assert made.caller is None


async def test_an_unstated_length_over_the_limit_is_413_once_it_is_exceeded() -> None:
    endless: list[Message] = [{"type": "http.request", "body": b"123456", "more_body": True}] * 9
    made = await exchange(parts=endless)
    assert made.status == 413
    assert made.document["body_bytes"] == 12


async def test_a_client_that_leaves_before_its_body_came_gets_no_answer() -> None:
    made = await exchange(parts=[{"type": "http.disconnect"}])
    assert made.sent == []
    assert made.caller is None
