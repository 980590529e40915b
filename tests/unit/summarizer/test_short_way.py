"""Which requests go the short way, and that the others reach the framework as they came."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import cast

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Message, Receive, Scope, Send

from otlp_spans.settings import OtlpSettings
from summarizer.edge import BODY_KEY, SCOPE_KEY, Caller
from summarizer.engine_keeper import EngineKeeper
from summarizer.short_way import ShortWay
from summarizer.slots import Slots
from summarizer.summaries import Summarizer
from summarizer.tracing import Tracing
from yoyak.engines import open_engine
from yoyak.engines.base import Chunk, Engine, GenerationRequest, Usage
from yoyak.telemetry import names
from yoyak.telemetry.metrics import RequestMetrics
from yoyak.telemetry.spans import ServedRequest

PATH = "/v1/summaries"
GOOD = {"article": {"id": "a", "title": "제목", "text": "본문"}}


class Framework:
    """The application behind: keeps the bodies that reach it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, _: Scope, receive: Receive, __: Send) -> None:
        self.bodies.append((await receive())["body"])


class BrokenKeeper(EngineKeeper):
    def engine(self) -> Engine:
        raise RuntimeError("a fault of ours")


class Uncounting:
    async def count_tokens(self, _: str) -> None:
        return None


class HalfEngine(Uncounting):
    async def stream(self, _: GenerationRequest) -> AsyncIterator[Chunk]:
        yield Chunk(time.monotonic_ns(), "요약")
        raise RuntimeError("a fault of ours")


class WholeEngine(Uncounting):
    async def stream(self, _: GenerationRequest) -> AsyncIterator[Chunk]:
        yield Chunk(time.monotonic_ns(), "요약", Usage(output_tokens=1))


class HalfKeeper(EngineKeeper):
    def engine(self) -> Engine:
        return cast("Engine", HalfEngine())


class WholeKeeper(EngineKeeper):
    def engine(self) -> Engine:
        return cast("Engine", WholeEngine())


class KeptTracing(Tracing):
    """Keeps what it is told in place of sending it."""

    def __init__(self) -> None:
        super().__init__(OtlpSettings(endpoint="http://nowhere"), is_quiet=lambda: True)
        self.served: list[ServedRequest] = []

    def finished(self, served: ServedRequest) -> None:
        self.served.append(served)


class Asked:
    """One request to a short way whose engine was not started."""

    def __init__(
        self, keeper: type[EngineKeeper] = EngineKeeper, *, breaks_at: str | None = None
    ) -> None:
        self.framework = Framework()
        self.sent: list[Message] = []
        self.tracing = KeptTracing()
        self.breaks_at = breaks_at  # type of the message that cannot be sent
        self._registry = CollectorRegistry()
        engine = open_engine("ollama", model="m", threads=1, context=512, batch=512, timeout_s=1)
        summarizer = Summarizer(
            keeper=keeper(engine, change_timeout_s=1.0),
            slots=Slots(concurrency=1, queue=1),
            metrics=RequestMetrics(self._registry),
            tracing=self.tracing,
            timeout_s=1.0,
        )
        self.way = ShortWay(self.framework, path=PATH, summarizer=summarizer)

    def counted(self, outcome: str) -> float | None:
        labels = {"outcome": outcome, "phase": "measured"}
        return self._registry.get_sample_value(names.REQUESTS.name, labels)

    @property
    def ends(self) -> list[tuple[str, int | None]]:
        """Outcome and status of each request that was traced."""
        return [(one.finished.outcome, one.status) for one in self.tracing.served]

    async def post(
        self, body: bytes, *, content_type: bytes = b"application/json", path: str = PATH
    ) -> None:
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if not messages:
                await asyncio.Event().wait()  # the client stays
            return messages.pop()

        async def send(message: Message) -> None:
            if message["type"] == self.breaks_at:
                raise RuntimeError("a fault of ours")
            self.sent.append(message)

        caller = Caller(
            arrived_ns=time.monotonic_ns(),
            request_id="r1",
            phase="measured",
            traceparent=None,
            trace=None,
        )
        await self.way(
            {
                "type": "http",
                "method": "POST",
                "path": path,
                "headers": [(b"content-type", content_type)],
                SCOPE_KEY: caller,
                BODY_KEY: body,
            },
            receive,
            send,
        )

    @property
    def document(self) -> dict[str, object]:
        document: dict[str, object] = json.loads(self.sent[-1]["body"])
        return document


async def test_a_good_request_is_answered_without_the_framework() -> None:
    asked = Asked()
    await asked.post(json.dumps(GOOD).encode())
    assert (asked.framework.bodies, asked.sent[0]["status"]) == ([], 503)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"article": {"id": "a", "title": "t"}}', id="a field is missing"),
        pytest.param(json.dumps({**GOOD, "stroom": True}).encode(), id="a field too many"),
        pytest.param(json.dumps({**GOOD, "stream": "yes"}).encode(), id="a text for a bool"),
    ],
)
async def test_a_request_that_is_not_good_reaches_the_framework_as_it_came(body: bytes) -> None:
    asked = Asked()
    await asked.post(body)
    assert (asked.framework.bodies, asked.sent) == ([body], [])


async def test_another_content_type_is_the_frameworks_to_judge() -> None:
    asked = Asked()
    await asked.post(json.dumps(GOOD).encode(), content_type=b"text/plain")
    assert len(asked.framework.bodies) == 1


async def test_another_address_is_the_frameworks() -> None:
    asked = Asked()
    await asked.post(json.dumps(GOOD).encode(), path="/v1/tokens")
    assert len(asked.framework.bodies) == 1


async def test_a_fault_of_ours_is_a_problem_document_that_is_counted_and_traced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = Asked(BrokenKeeper)
    await asked.post(json.dumps(GOOD).encode())
    assert (asked.sent[0]["status"], asked.document["request_id"]) == (500, "r1")
    assert (asked.counted("http_5xx"), asked.ends) == (1, [("http_5xx", 500)])
    assert "a fault of ours" in caplog.text


async def test_a_fault_in_the_middle_of_a_stream_is_its_last_line() -> None:
    asked = Asked(HalfKeeper)
    await asked.post(json.dumps({**GOOD, "stream": True}).encode())
    assert [message["type"] for message in asked.sent] == [
        "http.response.start",
        "http.response.body",
        "http.response.body",
    ]
    assert cast("dict[str, object]", asked.document["error"])["status"] == 500
    assert not asked.sent[-1]["more_body"]
    assert (asked.counted("http_5xx"), asked.ends) == (1, [("http_5xx", 200)])


async def test_a_fault_of_ours_leaves_the_engines_call_in_the_trace() -> None:
    asked = Asked(HalfKeeper)
    await asked.post(json.dumps(GOOD).encode())
    (served,) = asked.tracing.served
    assert served.asked_ns is not None
    assert len(served.finished.chunk_ns) == 1


async def test_half_a_body_takes_no_second_answer() -> None:
    asked = Asked(WholeKeeper, breaks_at="http.response.body")
    await asked.post(json.dumps(GOOD).encode())
    assert [message["type"] for message in asked.sent] == ["http.response.start"]
    assert (asked.counted("http_5xx"), asked.ends) == (1, [("http_5xx", 200)])
