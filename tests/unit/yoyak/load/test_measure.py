import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from yoyak.engines.base import Chunk, GenerationOptions, GenerationRequest, LoadResult, Usage
from yoyak.errors import EngineError
from yoyak.load.measure import Slot, cancelled_record, measure
from yoyak.records import EngineFacts, ModelFacts

ORIGIN_NS = 1_000
SLOT = Slot(repetition=2, is_warmup=False, trace_id="t", span_id="s")
REQUEST = GenerationRequest(
    request_id="r-1",
    article_id="a1",
    title="제목",
    text="본문",
    nonce="0" * 16,
    prompt="0000 제목 본문",
    options=GenerationOptions(output_tokens=3, seed=1, temperature=0.0),
)
USAGE = Usage(
    prompt_tokens=9,
    cached_tokens=0,
    output_tokens=3,
    prompt_eval_s=0.5,
    decode_s=0.25,
    finish_reason="length",
    http_status=200,
)


class Timeline:
    """An engine whose stream is written down: chunks, and perhaps an error at the end."""

    def __init__(
        self, *chunks: Chunk, error: EngineError | None = None, sent_ns: int | None = None
    ) -> None:
        self._chunks = chunks
        self._error = error
        self._sent_ns = sent_ns

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Chunk]:
        assert replace(request, on_sent=None) == REQUEST
        if self._sent_ns is not None:
            assert request.on_sent is not None
            request.on_sent(self._sent_ns)
        for chunk in self._chunks:
            yield chunk
        if self._error is not None:
            raise self._error

    async def describe(self) -> EngineFacts:
        return EngineFacts(name="timeline", model=ModelFacts(name="none"))

    async def count_tokens(self, prompt: str) -> int | None:
        return len(prompt)

    async def unload(self) -> None:
        raise AssertionError

    async def load(self) -> LoadResult:
        raise AssertionError

    async def close(self) -> None:
        await asyncio.sleep(0)


async def test_a_record_holds_the_engines_stamps_from_the_runs_origin() -> None:
    engine = Timeline(Chunk(2_000, "한"), Chunk(3_000, "국"), Chunk(4_000, "", USAGE))
    record = await measure(engine, REQUEST, SLOT, origin_ns=ORIGIN_NS)
    assert record.chunk_ns == (1_000, 2_000)
    assert record.done_ns == 3_000
    assert record.output == "한국"
    assert (record.output_chars, record.article_chars, record.prompt_chars) == (2, 2, 10)
    assert (record.prompt_tokens, record.output_tokens, record.decode_s) == (9, 3, 0.25)
    assert (record.error, record.http_status, record.finish_reason) == (None, 200, "length")
    assert (record.repetition, record.trace_id) == (2, "t")


async def test_text_in_the_last_chunk_counts_as_a_chunk() -> None:
    record = await measure(
        Timeline(Chunk(2_000, "a"), Chunk(3_000, "b", USAGE)), REQUEST, SLOT, origin_ns=ORIGIN_NS
    )
    assert record.chunk_ns == (1_000, 2_000)
    assert record.output == "ab"


async def test_closed_loop_schedules_when_it_sends() -> None:
    record = await measure(Timeline(Chunk(2_000, "", USAGE)), REQUEST, SLOT, origin_ns=ORIGIN_NS)
    assert record.scheduled_ns == record.sent_ns


async def test_a_request_is_sent_when_its_engine_says_so_and_not_when_it_was_asked() -> None:
    engine = Timeline(Chunk(2_000, "", USAGE), sent_ns=1_700)
    record = await measure(engine, REQUEST, SLOT, origin_ns=ORIGIN_NS)
    assert (record.scheduled_ns, record.sent_ns) == (700, 700)


async def test_a_request_that_never_leaves_counts_from_when_it_was_asked() -> None:
    refused = EngineError("no connection", error_class="connect")
    asked_ns = time.monotonic_ns()
    record = await measure(Timeline(error=refused), REQUEST, SLOT, origin_ns=ORIGIN_NS)
    assert asked_ns - ORIGIN_NS <= record.sent_ns <= record.done_ns


async def test_open_loop_keeps_the_intended_start() -> None:
    slot = Slot(repetition=0, is_warmup=False, scheduled_ns=1_500)
    record = await measure(Timeline(Chunk(2_000, "", USAGE)), REQUEST, slot, origin_ns=ORIGIN_NS)
    assert record.scheduled_ns == 500
    assert record.sent_ns > record.scheduled_ns


async def test_output_characters_are_those_of_nfc_text_joined_over_chunks() -> None:
    jamo = (Chunk(2_000, "\u1112"), Chunk(2_100, "\u1161"), Chunk(2_200, "\u11ab"))  # 한 in pieces
    record = await measure(
        Timeline(*jamo, Chunk(2_300, "", USAGE)), REQUEST, SLOT, origin_ns=ORIGIN_NS
    )
    assert (record.output, record.output_chars) == ("한", 1)


async def test_a_failed_request_is_a_record_with_what_came_before() -> None:
    error = EngineError("the engine said: out of memory", error_class="engine_error")
    record = await measure(
        Timeline(Chunk(2_000, "한"), error=error), REQUEST, SLOT, origin_ns=ORIGIN_NS
    )
    assert (record.error, record.error_message) == ("engine_error", str(error))
    assert (record.chunk_ns, record.output) == ((1_000,), "한")
    assert record.output_tokens is None


async def test_a_stream_without_a_last_word_is_truncated() -> None:
    record = await measure(Timeline(Chunk(2_000, "한")), REQUEST, SLOT, origin_ns=ORIGIN_NS)
    assert record.error == "truncated"


async def test_cancelling_is_not_swallowed() -> None:
    class Endless(Timeline):
        async def stream(self, request: GenerationRequest) -> AsyncIterator[Chunk]:
            yield Chunk(2_000, request.nonce)
            await asyncio.Event().wait()

    task = asyncio.create_task(measure(Endless(), REQUEST, SLOT, origin_ns=ORIGIN_NS))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_request_given_up_is_a_record_too() -> None:
    record = cancelled_record(REQUEST, SLOT, origin_ns=ORIGIN_NS, sent_ns=ORIGIN_NS + 7)
    assert (record.error, record.sent_ns, record.output_tokens) == ("cancelled", 7, None)
