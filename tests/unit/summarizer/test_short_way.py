"""Which requests go the short way, and that the others reach the framework as they came."""

import json
import time

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Message, Receive, Scope, Send

from summarizer.edge import SCOPE_KEY, Caller
from summarizer.engine_keeper import EngineKeeper
from summarizer.problems import Problem
from summarizer.short_way import ShortWay
from summarizer.slots import Slots
from summarizer.summaries import Summarizer
from summarizer.tracing import Tracing
from yoyak.engines import open_engine
from yoyak.engines.base import Engine
from yoyak.telemetry import names
from yoyak.telemetry.metrics import RequestMetrics

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


class Asked:
    """One request to a short way whose engine was not started."""

    def __init__(self, keeper: type[EngineKeeper] = EngineKeeper) -> None:
        self.framework = Framework()
        self.sent: list[Message] = []
        self.problems: list[Problem] = []
        engine = open_engine("ollama", model="m", threads=1, context=512, batch=512, timeout_s=1)
        summarizer = Summarizer(
            keeper=keeper(engine, change_timeout_s=1.0),
            slots=Slots(concurrency=1, queue=1),
            metrics=RequestMetrics(CollectorRegistry()),
            tracing=Tracing(None, is_quiet=lambda: True),
            timeout_s=1.0,
        )
        self.way = ShortWay(
            self.framework, path=PATH, summarizer=summarizer, on_problem=self._on_problem
        )

    def _on_problem(self, _: str, problem: Problem, __: names.Phase) -> None:
        self.problems.append(problem)

    async def post(
        self, body: bytes, *, content_type: bytes = b"application/json", path: str = PATH
    ) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
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


async def test_a_fault_of_ours_is_a_counted_problem_document(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = Asked(BrokenKeeper)
    await asked.post(json.dumps(GOOD).encode())
    assert (asked.sent[0]["status"], asked.document["request_id"]) == (500, "r1")
    assert [problem.outcome for problem in asked.problems] == ["http_5xx"]
    assert "a fault of ours" in caplog.text


async def test_a_fault_of_ours_in_the_middle_of_an_answer_is_counted_and_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def half(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("summarizer.short_way.SummaryResponse", lambda *_: half)
    asked = Asked()
    with pytest.raises(RuntimeError):
        await asked.post(json.dumps(GOOD).encode())
    assert [message["type"] for message in asked.sent] == ["http.response.start"]
    assert [problem.outcome for problem in asked.problems] == ["http_5xx"]
