"""An answer to generate or chat: each line leaves when its plan means it to."""

from array import array
from time import monotonic_ns
from typing import Any

from ollama_replay.bodies import Question
from ollama_replay.breaking import break_index, break_stream
from ollama_replay.connection import Connection, Request
from ollama_replay.exchange import Exchange, Stage
from ollama_replay.lines import NO_LINE, OPENAI_APIS
from ollama_replay.options import KNOWN, checked_options, load_options
from ollama_replay.plan import Plan, measure, plan_answer
from ollama_replay.prompt_tokens import PromptTooLongError
from ollama_replay.responses import (
    CRASHED,
    EVENTS_TYPE,
    NDJSON_TYPE,
    bare_head,
    fault_message,
    response_head,
)
from ollama_replay.runners import Ticket
from ollama_replay.script import Fault, Model, ns
from ollama_replay.text import answer_start, answer_text


class Answer(Exchange):
    """One answer on its way, chunk by chunk or, where it is not streamed, in one body.

    Intended times follow from the request's arrival and the script alone: a late write delays
    nothing that comes after it.

    Attributes:
        plan: None until a slot is granted.
        number: of the chunk that is next; `plan.chunks` means the line with `done`.
        break_at: the chunk before which the fault strikes, or -1.
    """

    __slots__ = (
        "_chunk_tokens",
        "_done_ns",
        "_done_written_ns",
        "_due_ns",
        "_generated_ns",
        "_head",
        "_intended",
        "_is_uncounted",
        "_line",
        "_metrics",
        "_model",
        "_options",
        "_pacing",
        "_size",
        "_stalled_decode_ns",
        "_stalled_prompt_ns",
        "_stamp_ns",
        "_start",
        "_ticket",
        "_timeline",
        "_tokens_out",
        "_written",
        "break_at",
        "lines",
        "number",
        "plan",
        "question",
    )

    def __init__(
        self,
        stage: Stage,
        connection: Connection,
        request: Request,
        question: Question,
        model: Model,
        *,
        index: int,
        fault: Fault | None,
    ) -> None:
        super().__init__(
            stage,
            connection,
            request,
            on="answer",
            index=index,
            model_name=model.name,
            fault=fault,
        )
        self.question, self._model = question, model
        self._timeline, self._pacing = stage.script.timeline_of(model), stage.pacing(model)
        self._start = answer_start(stage.script.seed, question.prompt)
        self.lines = stage.lines(
            question.api,
            question.model,
            is_framed=not request.is_http_1_0,
            says_usage=question.says_usage,
        )
        self._intended, self._written = array("q"), array("q")
        self._chunk_tokens = array("q")
        self._options: dict[str, Any] = {}
        self._metrics: dict[str, int | None] = {}
        self._ticket: Ticket | None = None
        self._head, self._line = b"", NO_LINE
        self._is_uncounted = False
        self._due_ns = self._stamp_ns = self._generated_ns = 0
        self._size = self._tokens_out = 0
        self._stalled_prompt_ns = self._stalled_decode_ns = 0
        self._done_ns: int | None = None
        self._done_written_ns: int | None = None
        self.plan: Plan | None = None
        self.number, self.break_at = 0, -1

    def begin(self) -> None:
        """Check the options and get in line for the model.

        Raises:
            WrongOptionError: an option has the wrong type.
            QueueFullError: too many wait for a load.
        """
        script, question = self.stage.script, self.question
        self._options = checked_options(question.options)
        self._ticket = Ticket(
            model=self._model,
            load_options=load_options(self._options, script.context, shift=question.shift),
            keep_alive_ns=question.keep_alive_ns,
            received_ns=self.request.received_ns,
            needs_slot=True,
            granted=self._granted,
            killed=self._killed,
        )
        self.stage.runners.submit(self._ticket)

    def _granted(self) -> None:
        ticket = self._ticket
        if ticket is None or ticket.runner is None:
            return
        try:
            plan = self.plan = plan_answer(
                self.stage.script,
                self._model,
                self._pacing,
                self.question,
                self._options,
                num_ctx=ticket.runner.load_options.num_ctx,
                index=self.index,
                shared_chars=ticket.runner.prompts.shared_chars(self.question.prompt),
                granted_ns=ticket.granted_ns,
            )
        except PromptTooLongError as cause:
            self.error(400, str(cause), ticket.granted_ns)
            return
        if not self.question.is_streamed:
            last_ns = plan.first_ns + plan.decode_ns
            self.stage.loop.at(last_ns + ns(self._timeline.done_after_s), self._whole)
            return
        self._head = self._stream_head()
        self.break_at = break_index(self.fault, plan.chunks)
        if plan.chunks:
            self._prepare(plan)
            self.stage.loop.at(plan.first_ns, self._chunk)
        else:
            self._set_end(plan, plan.first_ns)

    def _chunk(self, due_ns: int) -> None:
        """Write the next chunk; lateness is made here, so all that can wait is done afterwards."""
        if self.is_over:
            return
        if self.number == self.break_at:
            break_stream(self, due_ns)
            return
        data = self._line.at(self.stage.wall.now())
        if self._head:
            data, self._head = self._head + data, b""
        self._is_uncounted = True
        self._due_ns, self._stamp_ns = due_ns, monotonic_ns()
        self.connection.write(data)
        self.stage.loop.after(self._settle)

    def _settle(self) -> None:
        """Count the chunk that was just written."""
        if self._is_uncounted:
            self._is_uncounted = False
            self.count_chunk(self._due_ns, self._stamp_ns)

    def _prepare(self, plan: Plan) -> None:
        """Make the next chunk's line but for its time, so that it can leave without delay."""
        self._size = min(plan.output_tokens - self._tokens_out, self._pacing.size(self.number))
        text = answer_text(self._start, self._tokens_out, self._size)
        self._line = self.lines.chunk(text)

    def count_chunk(self, due_ns: int, written_ns: int) -> None:
        """Note that the next chunk was written, and set the time of what follows it."""
        plan = self.plan
        if plan is None:
            return
        self._intended.append(due_ns)
        self._written.append(written_ns)
        self._chunk_tokens.append(self._size)
        self._tokens_out += self._size
        self.number = number = self.number + 1
        if self.is_over:
            return
        if number < plan.chunks:
            self.stage.loop.at(due_ns + self._pacing.gap_ns(plan.place, number), self._chunk)
            self._prepare(plan)
        else:
            self._set_end(plan, due_ns + ns(self._timeline.done_after_s))

    def _set_end(self, plan: Plan, generated_ns: int) -> None:
        """Make the last line of an answer that is generated by then, and set its time.

        Re-tokenizing for `context` comes after total_duration was taken.
        """
        self._generated_ns = generated_ns
        self._done_ns = generated_ns + self._retokenizing_ns()
        self._line = self.lines.last(
            plan.reason,
            metrics=self._measure(generated_ns),
            context_tokens=self._context_tokens(),
        )
        self.stage.loop.at(self._done_ns, self._done)

    def _done(self, due_ns: int) -> None:
        if self.is_over:
            return
        if self.number == self.break_at:
            break_stream(self, due_ns)
            return
        data = self._line.at(self.stage.wall.now()) + self.lines.end()
        self._done_written_ns = self.write(data)
        self.stage.loop.after(self._finish)

    def _finish(self) -> None:
        if self._done_written_ns is not None:
            self.end("done", self._done_written_ns, keep_alive=True)

    def _whole(self, generated_ns: int) -> None:
        """Answer in one body; where a fault breaks a stream, break what it would have become."""
        plan = self.plan
        if self.is_over or plan is None:
            return
        self._tokens_out = plan.output_tokens
        self._done_ns = generated_ns + self._retokenizing_ns()
        kind = None if self.fault is None else self.fault.kind
        now = self.stage.wall.now()
        if self.fault is not None and kind == "error_line":
            self.has_fired = True
            self.error(500, fault_message(self.fault, 500), self._done_ns)
            return
        if kind == "no_done":
            self.has_fired = True
            body = self.lines.unfinished_object(now, self.text())
        else:
            body = self.lines.last_object(
                now,
                plan.reason,
                text=self.text(),
                metrics=self._measure(generated_ns),
                context_tokens=self._context_tokens(),
            )
        self.reply(200, body, self._done_ns)

    def write(self, data: bytes) -> int:
        """Write bytes of the stream, after the head if it is still to come; return when."""
        if self._head:
            data, self._head = self._head + data, b""
            self.status = 200
        written_ns = monotonic_ns()
        self.connection.write(data)
        return written_ns

    def take_head(self) -> bytes:
        """Return the head, which is no longer to come; empty if it has been written."""
        head, self._head = self._head, b""
        return head

    def next_line(self, *, is_framed: bool) -> bytes:
        """Return the line that is due."""
        now = self.stage.wall.now()
        return self._line.at(now) if is_framed else self._line.bare(now)

    def pause(self, due_ns: int, for_ns: int) -> None:
        """Write the line that is due later, and the rest after it; the fault has struck.

        The engine's own durations grow with the phase in which it paused.
        """
        self.break_at, self.has_fired = -1, True
        if self.plan is not None and self.number == self.plan.chunks:
            self._set_end(self.plan, self._generated_ns + for_ns)
            return
        if self.number == 0:
            self._stalled_prompt_ns += for_ns
        else:
            self._stalled_decode_ns += for_ns
        self.stage.loop.at(due_ns + for_ns, self._chunk)

    def _measure(self, generated_ns: int) -> dict[str, int | None]:
        """Return, and keep, the counts and durations of an answer generated by then."""
        plan, ticket = self.plan, self._ticket
        if plan is not None and ticket is not None:
            self._metrics = measure(
                plan,
                self.stage.script,
                received_ns=self.request.received_ns,
                handed_ns=ticket.handed_ns,
                generated_ns=generated_ns,
                stalled_prompt_ns=self._stalled_prompt_ns,
                stalled_decode_ns=self._stalled_decode_ns,
            )
        return self._metrics

    def _has_context(self) -> bool:
        return self.question.api == "generate" and not self.question.is_raw

    def _retokenizing_ns(self) -> int:
        return ns(self._timeline.context_s) if self._has_context() else 0

    def _context_tokens(self) -> int | None:
        plan = self.plan
        if plan is None or not self._has_context():
            return None
        return plan.prompt_tokens + plan.output_tokens

    def text(self) -> str:
        """Return what was generated so far."""
        return answer_text(self._start, 0, self._tokens_out)

    def _killed(self, now_ns: int) -> None:
        """Say that the model is gone: in the stream, or instead of it."""
        if self.is_over:
            return
        self._settle()
        if self.number == 0:
            self.error(500, CRASHED, now_ns)
        else:
            self.end_with(self.lines.error(CRASHED), "error")

    def end_with(self, line: bytes, outcome: str) -> None:
        """End the stream properly after a line, or after nothing."""
        data = (self.lines.framed(line) if line else b"") + self.lines.end()
        self.end(outcome, self.write(data), keep_alive=True)

    def end(self, outcome: str, at_ns: int, *, keep_alive: bool = False) -> None:
        """Give back the slot at the intended time, or now if there is none, and write down."""
        if self.is_over:
            return
        self._settle()
        if self._written or self._done_written_ns is not None:
            self.status = 200
        super().end(outcome, at_ns, keep_alive=keep_alive and not self.request.is_http_1_0)
        if self._ticket is not None:
            on_time_ns = self._done_ns if outcome == "done" else None
            self.stage.runners.release(self._ticket, at_ns if on_time_ns is None else on_time_ns)
            self._ticket.forget()

    def crash_model(self, now_ns: int) -> None:
        """Kill the runner that serves this answer, and with it all that it serves."""
        if self._ticket is not None and self._ticket.runner is not None:
            self.stage.runners.kill(self._ticket.runner, now_ns)

    def _stream_head(self) -> bytes:
        kind = EVENTS_TYPE if self.question.api in OPENAI_APIS else NDJSON_TYPE
        if self.request.is_http_1_0:
            return bare_head(kind)
        return response_head(200, kind, close=not self.request.keeps_alive)

    def truth(self) -> dict[str, Any]:
        """Return what was meant and what was done.

        `intended_ns`, `written_ns` and `chunk_tokens` have one entry a chunk; the stamp is taken
        right before the bytes go to the kernel, so no client can see them earlier.
        """
        plan, ticket = self.plan, self._ticket
        return super().truth() | {
            "api": self.question.api,
            "is_streamed": self.question.is_streamed,
            "handed_ns": None if plan is None or ticket is None else ticket.handed_ns,
            "granted_ns": None if plan is None or ticket is None else ticket.granted_ns,
            "intended_ns": self._intended.tolist(),
            "written_ns": self._written.tolist(),
            "chunk_tokens": self._chunk_tokens.tolist(),
            "done_intended_ns": self._done_ns,
            "done_written_ns": self._done_written_ns,
            "text": self.text(),
            "prompt_chars": len(self.question.prompt),
            "prompt_tokens": None if plan is None else plan.prompt_tokens,
            "cached_tokens": None if plan is None else plan.cached_tokens,
            "output_tokens": self._tokens_out,
            "reported": {name: one for name, one in self._metrics.items() if one is not None},
            "options": self._options,
            "ignored_options": sorted(set(self.question.options) - KNOWN),
        }
