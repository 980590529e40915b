"""Which requests go the short way, and that the others reach the framework as they came."""

import asyncio
import gc
import json
import time
import weakref
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from otlp_spans.settings import OtlpSettings
from summarizer import short_way
from summarizer.edge import ARRIVED_KEY
from summarizer.engine_keeper import EngineKeeper
from summarizer.slots import Slots
from summarizer.summaries import Summarizer
from summarizer.tracing import Tracing
from yoyak.engines import open_engine
from yoyak.engines.base import Chunk, Engine, GenerationRequest, Usage
from yoyak.telemetry import names
from yoyak.telemetry.metrics import RequestMetrics
from yoyak.telemetry.spans import ServedRequest

ANSWER_S = 10.0
GOOD = {"article": {"id": "a", "title": "제목", "text": "본문"}}


class Framework:
    """The application behind: keeps what reaches it, and answers 204."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, is_whole = b"", False
        while not is_whole:
            message = await receive()
            body += message["body"]
            is_whole = not message["more_body"]
        self.bodies.append(body)
        self.scopes.append(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Wire(asyncio.Transport):
    """The connection's other side: keeps what is written."""

    def __init__(self, *, breaks: bool = False) -> None:
        super().__init__()
        self.written = b""
        self.is_closed = False
        self.breaks = breaks  # at what is written after the head

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.breaks and self.written:
            raise RuntimeError("a fault of ours")
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


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


class EndlessEngine(Uncounting):
    def __init__(self) -> None:
        self.has_begun, self.has_ended = asyncio.Event(), asyncio.Event()

    async def stream(self, _: GenerationRequest) -> AsyncIterator[Chunk]:
        try:
            yield Chunk(time.monotonic_ns(), "요약")
            self.has_begun.set()
            await asyncio.Event().wait()
        finally:
            self.has_ended.set()


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
    """One connection to a service whose engine was not started."""

    def __init__(
        self,
        keeper: type[EngineKeeper] = EngineKeeper,
        *,
        breaks: bool = False,
        body_limit_bytes: int = 10_000,
        idle_s: int = 75,
    ) -> None:
        self.framework = Framework()
        self.tracing = KeptTracing()
        self.wire = Wire(breaks=breaks)
        self._registry = CollectorRegistry()
        engine = open_engine("ollama", model="m", threads=1, context=512, batch=512, timeout_s=1)
        summarizer = Summarizer(
            keeper=keeper(engine, change_timeout_s=1.0),
            slots=Slots(concurrency=1, queue=1),
            metrics=RequestMetrics(self._registry),
            tracing=self.tracing,
            timeout_s=ANSWER_S,
        )
        self.tasks: set[asyncio.Task[None]] = set()
        state = ServerState()
        state.tasks = self.tasks
        way = short_way.short_way(summarizer, body_limit_bytes=body_limit_bytes)
        config = Config(
            self.framework, lifespan="off", log_config=None, ws="none", timeout_keep_alive=idle_s
        )
        config.load()
        self.connection = way(config=config, server_state=state, app_state={})
        self.connection.connection_made(self.wire)

    def counted(self, outcome: str) -> float | None:
        labels = {"outcome": outcome, "phase": "measured"}
        return self._registry.get_sample_value(names.REQUESTS.name, labels)

    @property
    def ends(self) -> list[tuple[str, int | None]]:
        """Outcome and status of each request that was traced."""
        return [(one.finished.outcome, one.status) for one in self.tracing.served]

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        async with asyncio.timeout(ANSWER_S):
            while self.tasks:
                await asyncio.wait(set(self.tasks))
                await asyncio.sleep(0)

    async def bring(self, *reads: bytes) -> None:
        """Have the connection read these, and answer."""
        for data in reads:
            self.connection.data_received(data)
        await self.settle()

    @property
    def status(self) -> int:
        return int(self.wire.written.split(b" ", 2)[1])

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Return the JSON texts of the response's body, whether in HTTP chunks or not."""
        body = self.wire.written.partition(b"\r\n\r\n")[2]
        return [json.loads(line) for line in body.splitlines() if line.startswith(b"{")]


def request(
    body: bytes = json.dumps(GOOD).encode(),
    *,
    line: bytes = b"POST /v1/summaries HTTP/1.1",
    without: Sequence[bytes] = (),
    **fields: str,
) -> bytes:
    """Return a request as it is sent; `fields` are added, or take another's place."""
    all_fields = {
        "host": "here",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-request-id": "r1",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    lines = [f"{name}: {value}".encode() for name, value in all_fields.items()]
    lines = [one for one in lines if one.partition(b":")[0] not in without]
    return b"\r\n".join([line, *lines, b"", body])


async def test_a_good_request_is_answered_without_the_framework() -> None:
    asked = Asked()
    await asked.bring(request())
    assert (asked.framework.bodies, asked.status) == ([], 503)
    assert asked.lines[0]["request_id"] == "r1"
    assert not asked.wire.is_closed


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
    await asked.bring(request(body))
    assert (asked.framework.bodies, asked.status) == ([body], 204)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(request(line=b"POST /v1/tokens HTTP/1.1"), id="another address"),
        pytest.param(request(line=b"POST /v1/summaries?a HTTP/1.1"), id="a query"),
        pytest.param(request(line=b"POST /v1/summaries HTTP/1.0"), id="another version"),
        pytest.param(request(content_type="text/plain"), id="another type"),
        pytest.param(request(x_request_id="a b"), id="an id that cannot be used"),
        pytest.param(request(x_request_id="a "), id="an id with a blank after it"),
        pytest.param(request(x_yoyak_phase="lunch"), id="a phase that there is not"),
        pytest.param(request(authorization="Bearer x"), id="a field that is not ours"),
        pytest.param(request(without=[b"content-type"]), id="no type"),
        pytest.param(
            request(b"0\r\n\r\n", without=[b"content-length"], transfer_encoding="chunked"),
            id="in HTTP chunks",
        ),
    ],
)
async def test_what_is_not_plain_is_the_frameworks(sent: bytes) -> None:
    asked = Asked()
    await asked.bring(sent)
    assert (len(asked.framework.bodies), asked.status) == (1, 204)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(request(x_yoyak_phase="measured\r\n folded"), id="a folded field"),
        pytest.param(request(x_yoyak_phase="measured\nx: y"), id="a bare line feed"),
        pytest.param(request(user_agent="a\0b"), id="a zero byte"),
        pytest.param(request(user_agent="a\r\nContent-Length: 5"), id="two lengths"),
        pytest.param(request(user_agent="a\r\nTransfer-Encoding: chunked"), id="two framings"),
        pytest.param(request(content_length="9" * 5000), id="a length that is no number"),
        pytest.param(request(content_length="+5"), id="a length with a sign"),
        pytest.param(request(without=[b"content-length"]), id="no length"),
        pytest.param(request().replace(b"host: here", b"host"), id="a field without a colon"),
        pytest.param(request().replace(b"/json\r", b"/json \r"), id="a blank after the type"),
    ],
)
async def test_what_another_parser_could_read_in_another_way_is_for_uvicorns_to_judge(
    sent: bytes,
) -> None:
    assert short_way.plain_request(sent) is None


async def test_a_request_that_comes_in_pieces_goes_the_short_way_too() -> None:
    asked = Asked()
    sent = request()
    before_ns = time.monotonic_ns()
    asked.connection.data_received(sent[:-20])
    between_ns = time.monotonic_ns()
    asked.connection.data_received(sent[-20:-1])
    await asked.bring(sent[-1:])
    assert (asked.framework.bodies, asked.status) == ([], 503)
    (served,) = asked.tracing.served
    assert before_ns < served.finished.arrived_ns < between_ns


async def test_a_request_has_arrived_when_its_headers_have_come() -> None:
    asked = Asked()
    sent = request(b"{")
    asked.connection.data_received(sent[:40])
    between_ns = time.monotonic_ns()
    await asked.bring(sent[40:])
    (scope,) = asked.framework.scopes
    assert scope["state"].get(ARRIVED_KEY, between_ns) >= between_ns


async def test_what_comes_after_a_request_in_pieces_is_not_lost() -> None:
    asked = Asked()
    sent = request() + request(b"{")
    await asked.bring(sent[:150], sent[150:])
    assert asked.framework.bodies == [json.dumps(GOOD).encode(), b"{"]


async def test_a_body_that_does_not_come_is_waited_for_by_the_framework(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(short_way, "HELD_S", 0.01)
    asked = Asked()
    sent = request()
    before_ns = time.monotonic_ns()
    asked.connection.data_received(sent[:-1])
    between_ns = time.monotonic_ns()
    async with asyncio.timeout(ANSWER_S):
        while not asked.tasks:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.01)
    await asked.bring(sent[-1:])
    assert (asked.framework.bodies, asked.status) == ([json.dumps(GOOD).encode()], 204)
    (scope,) = asked.framework.scopes
    assert before_ns < scope["state"][ARRIVED_KEY] < between_ns


async def test_a_body_that_is_too_large_is_not_kept() -> None:
    asked = Asked(body_limit_bytes=10)
    asked.connection.data_received(request()[:-1])
    assert len(asked.tasks) == 1  # the framework's
    await asked.bring(request()[-1:])
    assert asked.framework.bodies == [json.dumps(GOOD).encode()]


async def test_a_stop_leaves_to_the_framework_what_has_begun_to_come() -> None:
    asked = Asked()
    asked.connection.data_received(request()[:-1])
    asked.connection.shutdown()
    assert not asked.wire.is_closed
    await asked.bring(request()[-1:])
    assert (asked.status, asked.wire.is_closed) == (204, True)


async def test_a_connection_takes_one_request_after_another_of_both_kinds() -> None:
    asked = Asked()
    for sent in (request(), request(b"{"), request(), request()):
        await asked.bring(sent)
    statuses = [part[:3] for part in asked.wire.written.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"503", b"204", b"503", b"503"]
    assert not asked.wire.is_closed


async def test_requests_that_come_before_the_last_is_answered_are_answered_in_order() -> None:
    asked = Asked()
    await asked.bring(request(), request(b"{"), request(b"["))
    statuses = [part[:3] for part in asked.wire.written.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"503", b"204", b"204"]
    assert asked.framework.bodies == [b"{", b"["]


async def test_two_requests_in_one_read_are_both_answered() -> None:
    asked = Asked()
    await asked.bring(request(b"{") + request(b"["))
    assert asked.framework.bodies == [b"{", b"["]


async def test_what_begins_as_a_request_within_another_is_a_part_of_it() -> None:
    asked = Asked()
    inner = request()
    outer = request(inner, line=b"POST /v1/tokens HTTP/1.1")
    await asked.bring(outer[: -len(inner)], outer[-len(inner) :])
    assert asked.framework.bodies == [inner]


async def test_a_client_that_does_not_read_holds_its_answer_up() -> None:
    asked = Asked(WholeKeeper)
    asked.connection.pause_writing()
    asked.connection.data_received(request())
    await asyncio.sleep(0.01)
    assert asked.wire.written == b""
    asked.connection.resume_writing()
    await asked.settle()
    assert asked.status == 200


async def test_a_connection_that_lies_idle_is_closed() -> None:
    asked = Asked(WholeKeeper, idle_s=0)
    await asked.bring(request())
    await asyncio.sleep(0.01)
    assert asked.wire.is_closed


async def test_a_connection_on_which_a_request_comes_is_not_idle() -> None:
    asked = Asked(WholeKeeper, idle_s=0)
    asked.connection.data_received(request())
    await next(iter(asked.tasks))  # answered in this turn of the loop
    asked.connection.data_received(request()[:-1])
    await asyncio.sleep(0.01)
    assert not asked.wire.is_closed


async def test_a_client_that_leaves_ends_the_engines_work() -> None:
    engine = EndlessEngine()

    class Keeper(EngineKeeper):
        def engine(self) -> Engine:
            return cast("Engine", engine)

    asked = Asked(Keeper)
    asked.connection.data_received(request(json.dumps({**GOOD, "stream": True}).encode()))
    async with asyncio.timeout(ANSWER_S):
        await engine.has_begun.wait()
    asked.connection.connection_lost(None)
    await asked.settle()
    assert engine.has_ended.is_set()
    assert (asked.counted("cancelled"), asked.ends) == (1, [("cancelled", 200)])


async def test_a_connection_that_is_gone_leaves_nothing_to_the_collector() -> None:
    asked = Asked(WholeKeeper)
    await asked.bring(request())
    asked.connection.connection_lost(None)
    gone = weakref.ref(asked.connection)
    gc.disable()
    try:
        del asked.connection
        await asyncio.sleep(0.01)
        assert gone() is None
    finally:
        gc.enable()


async def test_a_client_that_leaves_before_its_body_came_is_nobodys() -> None:
    asked = Asked()
    asked.connection.data_received(request()[:-1])
    asked.connection.connection_lost(None)
    assert (asked.tasks, asked.wire.written) == (set(), b"")


async def test_a_whole_answer_has_a_length_and_a_stream_has_none() -> None:
    whole, streamed = Asked(WholeKeeper), Asked(WholeKeeper)
    await whole.bring(request())
    await streamed.bring(request(json.dumps({**GOOD, "stream": True}).encode()))
    assert (whole.status, streamed.status) == (200, 200)
    head, _, body = whole.wire.written.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert [line.get("delta") for line in streamed.lines] == ["요약", None]
    assert streamed.wire.written.endswith(b"\r\n0\r\n\r\n")
    assert b"transfer-encoding: chunked" in streamed.wire.written


async def test_a_service_that_stops_says_that_it_will_not_take_another_request() -> None:
    asked = Asked(WholeKeeper)
    asked.connection.data_received(request())
    asked.connection.shutdown()
    await asked.settle()
    assert b"connection: close" in asked.wire.written
    assert (asked.status, asked.wire.is_closed) == (200, True)


async def test_a_fault_of_ours_is_a_problem_document_that_is_counted_and_traced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = Asked(BrokenKeeper)
    await asked.bring(request())
    assert (asked.status, asked.lines[0]["request_id"]) == (500, "r1")
    assert (asked.counted("http_5xx"), asked.ends) == (1, [("http_5xx", 500)])
    assert "a fault of ours" in caplog.text


async def test_a_fault_in_the_middle_of_a_stream_is_its_last_line() -> None:
    asked = Asked(HalfKeeper)
    await asked.bring(request(json.dumps({**GOOD, "stream": True}).encode()))
    delta, last = asked.lines
    assert (delta["delta"], last["error"]["status"]) == ("요약", 500)
    assert asked.wire.written.endswith(b"\r\n0\r\n\r\n")
    assert (asked.counted("http_5xx"), asked.ends) == (1, [("http_5xx", 200)])


async def test_a_fault_of_ours_leaves_the_engines_call_in_the_trace() -> None:
    asked = Asked(HalfKeeper)
    await asked.bring(request())
    (served,) = asked.tracing.served
    assert served.asked_ns is not None
    assert len(served.finished.chunk_ns) == 1


async def test_half_a_body_takes_no_second_answer_and_ends_the_connection() -> None:
    asked = Asked(WholeKeeper, breaks=True)
    await asked.bring(request())
    assert (asked.wire.written.count(b"HTTP/1.1"), asked.wire.is_closed) == (1, True)
    assert (asked.counted("http_5xx"), asked.ends) == (1, [("http_5xx", 200)])
