"""One request, measured: stamps first, everything else after the last chunk."""

import time
import unicodedata
from dataclasses import dataclass, replace

from yoyak.engines.base import Engine, GenerationRequest, Usage
from yoyak.errors import EngineError
from yoyak.records import RequestRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A request's place in the run."""

    repetition: int
    is_warmup: bool
    scheduled_ns: int | None = None  # CLOCK_MONOTONIC; None: it leaves as soon as it can
    trace_id: str | None = None
    span_id: str | None = None


async def measure(
    engine: Engine, request: GenerationRequest, slot: Slot, *, origin_ns: int
) -> RequestRecord:
    """Send one request and return its record; a failure is a record with `error`, never raised.

    Args:
        origin_ns: CLOCK_MONOTONIC at the run's beginning; the record's stamps count from it.

    Cancelling the task ends the engine's work and raises CancelledError; see `cancelled_record`.
    """
    arrived: list[int] = []
    pieces: list[str] = []
    usage: Usage | None = None
    failure: EngineError | None = None
    sent = time.monotonic_ns()  # of a request that never leaves

    def leaves(sent_ns: int) -> None:
        nonlocal sent
        sent = sent_ns

    asked = replace(request, on_sent=leaves)
    try:
        async for chunk in engine.stream(asked):
            if chunk.text:
                arrived.append(chunk.arrived_ns)
                pieces.append(chunk.text)
            if chunk.usage is not None:
                usage = chunk.usage
                done = chunk.arrived_ns
        if usage is None:
            failure = EngineError("the stream ended early", error_class="truncated")
            done = time.monotonic_ns()
    except EngineError as error:
        failure = error
        done = time.monotonic_ns()
    return _record(
        request,
        slot,
        origin_ns=origin_ns,
        sent=sent,
        done=done,
        arrived=arrived,
        output="".join(pieces),
        usage=usage or Usage(),
        failure=failure,
    )


def cancelled_record(
    request: GenerationRequest, slot: Slot, *, origin_ns: int, sent_ns: int
) -> RequestRecord:
    """Return the record of a request that we gave up: a second Ctrl-C, or a deadline of the run."""
    return _record(
        request,
        slot,
        origin_ns=origin_ns,
        sent=sent_ns,
        done=time.monotonic_ns(),
        arrived=[],
        output="",
        usage=Usage(),
        failure=EngineError("stopped before it ended", error_class="cancelled"),
    )


def _record(
    request: GenerationRequest,
    slot: Slot,
    *,
    origin_ns: int,
    sent: int,
    done: int,
    arrived: list[int],
    output: str,
    usage: Usage,
    failure: EngineError | None,
) -> RequestRecord:
    output = unicodedata.normalize("NFC", output)
    scheduled = sent if slot.scheduled_ns is None else slot.scheduled_ns
    return RequestRecord(
        request_id=request.request_id,
        article_id=request.article_id,
        repetition=slot.repetition,
        is_warmup=slot.is_warmup,
        scheduled_ns=scheduled - origin_ns,
        sent_ns=sent - origin_ns,
        chunk_ns=tuple(stamp - origin_ns for stamp in arrived),
        done_ns=done - origin_ns,
        article_chars=len(request.text),
        prompt_chars=len(request.prompt),
        output_chars=len(output),
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
        engine_load_s=usage.engine_load_s,
        prompt_eval_s=usage.prompt_eval_s,
        decode_s=usage.decode_s,
        engine_total_s=usage.engine_total_s,
        finish_reason=usage.finish_reason,
        http_status=usage.http_status if failure is None else failure.http_status,
        error=None if failure is None else failure.error_class,
        error_message=None if failure is None else str(failure),
        trace_id=slot.trace_id,
        span_id=slot.span_id,
        output=output,
    )
