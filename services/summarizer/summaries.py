"""One summary, from the slot to the last byte: the path that is timed.

Between two chunks nothing is done but handing them on; counting begins after the last byte.
"""

import asyncio
import logging
import time
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from summarizer import problems
from summarizer.context_guard import ContextGuard
from summarizer.departure import ClientLeftError, Departure
from summarizer.edge import Caller, send_problem
from summarizer.engine_keeper import EngineKeeper
from summarizer.problems import Problem
from summarizer.schema import SummaryRequest, draw_nonce, usage_members
from summarizer.slots import QueueFullError, Slots
from summarizer.tracing import Tracing
from yoyak import prompts
from yoyak.engines.base import Chunk, GenerationOptions, GenerationRequest, Usage
from yoyak.errors import EngineError
from yoyak.telemetry import names
from yoyak.telemetry.metrics import FinishedRequest, RequestMetrics
from yoyak.telemetry.spans import ServedRequest
from yoyak.units import seconds

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_LOG = logging.getLogger(__name__)
CANCELLED = "cancelled"
LAST_WORD_S = 5.0  # for an error to reach its client


class Summarizer:
    """What every summary needs."""

    def __init__(
        self,
        *,
        keeper: EngineKeeper,
        slots: Slots,
        metrics: RequestMetrics,
        tracing: Tracing,
        timeout_s: float,
    ) -> None:
        """Keep the parts; `timeout_s` is a request's, from its arrival to its last byte."""
        self.keeper = keeper
        self.slots = slots
        self.metrics = metrics
        self.tracing = tracing
        self.timeout_s = timeout_s
        self.guard = ContextGuard()


class Summary:
    """One request and its answer, which is made while it is sent."""

    def __init__(self, summarizer: Summarizer, asked: SummaryRequest, caller: Caller) -> None:
        """Take the request; nothing happens before `answer`."""
        self._summarizer = summarizer
        self._caller = caller
        self._is_streaming = asked.stream
        self._trail = summarizer.tracing.trail(caller.trace)
        self._request = generation_request(
            asked,
            caller,
            traceparent=caller.traceparent if self._trail is None else self._trail.chat.traceparent,
        )
        self._status: int | None = None
        self._asked_ns: int | None = None
        self._answered_ns: int | None = None
        self._queue_s: float | None = None
        self._chunk_ns: list[int] = []
        self._pieces: list[str] = []
        self._usage: Usage | None = None
        self._has_begun = False
        self._stream: AsyncGenerator[Chunk, None] | None = None
        self._done_ns: int | None = None  # the last byte of a whole answer was handed on

    async def answer(self, departure: Departure, send: Send) -> None:
        """Answer, then count."""
        outcome = await self._answer(departure, send)
        self._count(outcome)

    async def _answer(self, departure: Departure, send: Send) -> str:
        """Send the whole answer and return the outcome.

        The engine's stream is held until the last byte is out: to end it, and its connection,
        takes as long as a hop, and nobody waits for it.
        """
        try:
            try:
                async with asyncio.timeout_at(self._deadline()), departure:
                    await self._generate(send)
            finally:
                await self._let_go()
        except ClientLeftError:
            return CANCELLED
        except TimeoutError:
            problem = self._timed_out()
        except Problem as raised:
            problem = raised
        except EngineError as error:
            self._summarizer.keeper.failed(error)
            problem = problems.of_engine_error(error)
        except asyncio.CancelledError:
            # The server gives up what is in flight once its grace period is over. The client is
            # told, and the cancellation ends here: nothing is left to be cancelled.
            worker = asyncio.current_task()
            if worker is not None:
                worker.uncancel()
            problem = Problem(problems.STOPPING, "the service is being stopped; ask again later")
        except Exception as error:  # noqa: BLE001 - a fault of ours ends as any other: told, counted, traced
            _LOG.exception("a summary failed")
            problem = Problem(problems.INTERNAL, f"{type(error).__name__}; see the log")
        else:
            return names.OK
        if self._done_ns is not None:  # what went wrong afterwards does not reach the client
            return names.OK
        await self._send_problem(send, problem)
        return problem.outcome

    async def _generate(self, send: Send) -> None:
        summarizer = self._summarizer
        asked_ns = time.monotonic_ns()
        summarizer.keeper.engine()  # nobody waits for an engine that is not there
        try:
            async with summarizer.slots.slot():
                self._queue_s = seconds(time.monotonic_ns() - asked_ns)
                engine = summarizer.keeper.engine()
                facts = summarizer.keeper.facts
                await summarizer.guard.check(engine.count_tokens, facts, self._request)
                # Every adapter is an async generator (base.py); closing it stops the engine.
                stream = cast("AsyncGenerator[Chunk, None]", engine.stream(self._request))
                self._stream = stream
                self._asked_ns = time.monotonic_ns()
                await self._relay(stream, send)
                await self._send_end(send)
        except QueueFullError as error:
            raise Problem(
                problems.QUEUE_FULL,
                f"{summarizer.slots.queue} requests wait already; ask again in about "
                f"{error.retry_after_s} s or raise YOYAK_QUEUE",
                retry_after_s=error.retry_after_s,
            ) from error

    async def _relay(self, stream: "AsyncGenerator[Chunk, None]", send: Send) -> None:
        """Take the engine's chunks to its last word, and pass each on at once where streamed."""
        async for chunk in stream:
            if chunk.text:
                self._chunk_ns.append(chunk.arrived_ns)
                self._pieces.append(chunk.text)
                if self._is_streaming:
                    await self._send_line(send, delta_line(chunk.text), is_last=False)
            if chunk.usage is not None:
                self._usage = chunk.usage
                self._answered_ns = chunk.arrived_ns
                return
        raise EngineError("the engine's stream ended early", error_class="truncated")

    async def _let_go(self) -> None:
        """End the engine's stream; after its last word in its own way, which keeps connections."""
        stream = self._stream
        if stream is None:
            return
        try:
            if self._usage is not None:
                async for _ in stream:
                    pass
        finally:
            await stream.aclose()

    async def _send_line(self, send: Send, line: bytes, *, is_last: bool) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._status = 200
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": self._head(b"application/x-ndjson"),
                }
            )
        await send({"type": "http.response.body", "body": line, "more_body": not is_last})

    async def _send_end(self, send: Send) -> None:
        usage = self._usage or Usage()
        members = {"finish_reason": usage.finish_reason, "engine": usage_members(usage)}
        if self._is_streaming:
            line = json_bytes({"done": True, **members}) + b"\n"
            await self._send_line(send, line, is_last=True)
            self._done_ns = time.monotonic_ns()
            return
        body = json_bytes({"summary": "".join(self._pieces), **members})
        headers = self._head(b"application/json")
        headers.append((b"content-length", str(len(body)).encode()))
        self._has_begun = True
        self._status = 200
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})
        self._done_ns = time.monotonic_ns()

    async def _send_problem(self, send: Send, problem: Problem) -> None:
        """Send a document, or as the last line of a stream that began well.

        Half of a body that is no stream takes no more words: the server ends the connection.
        """
        if self._has_begun and not self._is_streaming:
            return
        with suppress(TimeoutError):  # a client that reads no more is not waited for
            async with asyncio.timeout(LAST_WORD_S):
                if not self._has_begun:
                    self._status = problem.kind.status
                    await send_problem(send, problem, self._caller.request_id)
                    return
                line = json_bytes({"error": problem.document(self._caller.request_id)}) + b"\n"
                await self._send_line(send, line, is_last=True)

    def _head(self, content_type: bytes) -> list[tuple[bytes, bytes]]:
        return [
            (b"content-type", content_type),
            (b"x-request-id", self._caller.request_id.encode("ascii")),
            (b"cache-control", b"no-store"),
        ]

    def _deadline(self) -> float:
        """Return the loop's time at which the request has lasted too long."""
        spent_s = seconds(time.monotonic_ns() - self._caller.arrived_ns)
        return asyncio.get_running_loop().time() + self._summarizer.timeout_s - spent_s

    def _timed_out(self) -> Problem:
        where = "waiting for a slot" if self._queue_s is None else "in the engine"
        return Problem(
            problems.TIMED_OUT,
            f"not done within {self._summarizer.timeout_s:g} s, {where}; ask for fewer output "
            "tokens or raise YOYAK_TIMEOUT_S",
        )

    def _count(self, outcome: str) -> None:
        output = unicodedata.normalize("NFC", "".join(self._pieces))
        summarizer, trail = self._summarizer, self._trail
        trace_id = self._caller.sampled_trace_id
        if trail is not None:
            trace_id = trail.server.trace_id if trail.server.is_sampled else None
        finished = FinishedRequest(
            outcome=outcome,
            phase=self._caller.phase,
            arrived_ns=self._caller.arrived_ns,
            queue_s=self._queue_s,
            chunk_ns=self._chunk_ns,
            done_ns=time.monotonic_ns() if self._done_ns is None else self._done_ns,
            prompt_chars=len(self._request.prompt),
            output_chars=len(output),
            usage=self._usage,
            trace_id=trace_id,
        )
        summarizer.metrics.record(finished)
        if trail is not None:
            summarizer.tracing.finished(
                ServedRequest(
                    finished=finished,
                    trail=trail,
                    request_id=self._caller.request_id,
                    article_id=self._request.article_id,
                    status=self._status,
                    engine=summarizer.tracing.engine(summarizer.keeper.facts),
                    options=self._request.options,
                    is_streaming=self._is_streaming,
                    asked_ns=self._asked_ns,
                    answered_ns=self._answered_ns,
                )
            )


class SummaryResponse(Response):
    """A summary as the framework's answer."""

    def __init__(self, summary: Summary) -> None:
        """Take it; nothing happens before the response is called."""
        super().__init__()
        self._summary = summary

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Answer. `receive` must have no more to give than what has been read."""
        departure = Departure()
        watcher = asyncio.get_running_loop().create_task(departure.watch(receive))
        try:
            await self._summary.answer(departure, send)
        finally:
            watcher.cancel()


def generation_request(
    asked: SummaryRequest, caller: Caller, *, traceparent: str | None = None
) -> GenerationRequest:
    """Return what the engine is asked: the article in our prompt, with a nonce of its own."""
    options = asked.options
    nonce = options.nonce or draw_nonce()
    title = unicodedata.normalize("NFC", asked.article.title)
    text = unicodedata.normalize("NFC", asked.article.text)
    return GenerationRequest(
        request_id=caller.request_id,
        article_id=asked.article.id,
        title=title,
        text=text,
        nonce=nonce,
        prompt=prompts.build_prompt(nonce=nonce, title=title, text=text),
        options=GenerationOptions(
            output_tokens=options.output_tokens,
            seed=options.seed,
            temperature=options.temperature,
            ignore_eos=options.ignore_eos,
        ),
        traceparent=traceparent,
    )


def delta_line(text: str) -> bytes:
    """Return the line of one chunk."""
    return b'{"delta":' + orjson.dumps(text) + b"}\n"


def json_bytes(members: dict[str, object]) -> bytes:
    """Return compact JSON in UTF-8."""
    return orjson.dumps(members)
