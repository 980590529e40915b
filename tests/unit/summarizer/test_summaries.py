"""The order at the end of an answer: the client's last byte first, then the engine's stream."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Message

from summarizer.departure import Departure
from summarizer.edge import Caller
from summarizer.engine_keeper import EngineKeeper
from summarizer.schema import SummaryRequest
from summarizer.slots import Slots
from summarizer.summaries import Summarizer, Summary, SummaryResponse
from summarizer.tracing import Tracing
from yoyak.engines import open_engine
from yoyak.engines.base import Chunk, Engine, GenerationRequest, Usage
from yoyak.telemetry.metrics import RequestMetrics

SOON_S = 5.0


class SlowToEnd:
    """An engine whose message goes on for a while after its last word."""

    def __init__(self, *, has_last_word: bool = True) -> None:
        self.may_end = asyncio.Event()
        self.tail_began = asyncio.Event()
        self.has_ended = False
        self._has_last_word = has_last_word

    async def stream(self, _: GenerationRequest) -> AsyncIterator[Chunk]:
        try:
            yield Chunk(time.monotonic_ns(), "요약")
            if not self._has_last_word:
                return
            yield Chunk(time.monotonic_ns(), "", Usage(output_tokens=1, finish_reason="length"))
            self.tail_began.set()
            await self.may_end.wait()
        finally:
            self.has_ended = True

    async def count_tokens(self, _: str) -> int | None:
        return None


class Endless(SlowToEnd):
    """An engine that does not come to its last word."""

    async def stream(self, _: GenerationRequest) -> AsyncIterator[Chunk]:
        try:
            yield Chunk(time.monotonic_ns(), "요약")
            self.tail_began.set()
            await asyncio.Event().wait()
        finally:
            self.has_ended = True


class Answer:
    """One request to a service with one slot."""

    def __init__(self, engine: SlowToEnd, *, is_streaming: bool = True) -> None:
        class Keeper(EngineKeeper):
            def engine(self) -> Engine:
                return engine  # type: ignore[return-value]

        unused = open_engine("ollama", model="m", threads=1, context=512, batch=512, timeout_s=1)
        self.sent: list[Message] = []
        self.slots = Slots(concurrency=1, queue=1)
        self.registry = CollectorRegistry()
        summarizer = Summarizer(
            keeper=Keeper(unused, change_timeout_s=1.0),
            slots=self.slots,
            metrics=RequestMetrics(self.registry),
            tracing=Tracing(None, is_quiet=lambda: True),
            timeout_s=SOON_S,
        )
        asked = SummaryRequest.model_validate(
            {"article": {"id": "a", "title": "제목", "text": "본문"}, "stream": is_streaming}
        )
        caller = Caller(
            arrived_ns=time.monotonic_ns(),
            request_id="r1",
            phase="measured",
            traceparent=None,
            trace=None,
        )
        self.summary = Summary(summarizer, asked, caller)

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def __call__(self) -> None:
        await self.summary.answer(Departure(), self.send)

    @property
    def last_line(self) -> dict[str, object]:
        line: dict[str, object] = json.loads(self.sent[-1]["body"].splitlines()[-1])
        return line

    def counted(self, outcome: str) -> float | None:
        return self.registry.get_sample_value(
            "yoyak_requests_total", {"outcome": outcome, "phase": "measured"}
        )


async def _begun(answer: Answer, engine: SlowToEnd) -> "asyncio.Task[None]":
    """Return the task that answers once the engine has said its last word."""
    answering = asyncio.create_task(answer())
    said = asyncio.create_task(engine.tail_began.wait())
    await asyncio.wait({answering, said}, timeout=SOON_S, return_when=asyncio.FIRST_COMPLETED)
    assert engine.tail_began.is_set(), answering
    return answering


@pytest.mark.parametrize("is_streaming", [True, False])
async def test_the_last_byte_is_out_before_the_engines_message_has_ended(
    is_streaming: bool,
) -> None:
    engine = SlowToEnd()
    answer = Answer(engine, is_streaming=is_streaming)
    answering = await _begun(answer, engine)
    assert answer.sent[-1]["more_body"] is False
    assert answer.slots.in_flight == 0  # who asks again at once finds the slot free
    assert not engine.has_ended
    engine.may_end.set()
    await asyncio.wait_for(answering, SOON_S)
    assert engine.has_ended
    assert answer.counted("ok") == 1


async def test_a_service_that_stops_after_the_last_byte_has_answered() -> None:
    engine = SlowToEnd()
    answer = Answer(engine)
    answering = await _begun(answer, engine)
    sent = len(answer.sent)
    answering.cancel()
    await asyncio.wait_for(answering, SOON_S)
    assert (len(answer.sent), answer.counted("ok")) == (sent, 1)
    assert engine.has_ended


async def test_a_stream_without_a_last_word_is_an_error_and_gives_the_slot_back() -> None:
    answer = Answer(SlowToEnd(has_last_word=False))
    await asyncio.wait_for(answer(), SOON_S)
    assert "error" in answer.last_line
    assert answer.slots.in_flight == 0
    assert answer.counted("ok") in (None, 0)


async def test_a_client_of_the_framework_that_leaves_ends_the_engines_work() -> None:
    engine = Endless()
    answer = Answer(engine)

    async def receive() -> Message:
        await engine.tail_began.wait()
        return {"type": "http.disconnect"}

    async with asyncio.timeout(SOON_S):
        await SummaryResponse(answer.summary)({}, receive, answer.send)
    assert (engine.has_ended, answer.slots.in_flight) == (True, 0)
    assert answer.counted("cancelled") == 1
    assert len(answer.sent) == 2  # head and chunk: nobody is there for an error's words
