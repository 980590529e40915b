"""One request and its response: the record that the truth log gets, and answers of one body."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic_ns
from typing import Any

from ollama_replay.connection import Connection, Request
from ollama_replay.events import Events, error_object
from ollama_replay.lines import OPENAI_APIS, Api, Lines, WallClock
from ollama_replay.loop import Loop
from ollama_replay.pacing import Pacing
from ollama_replay.responses import (
    GARBAGE_HEAD,
    JSON_TYPE,
    error_body,
    response_head,
    trickle,
)
from ollama_replay.runners import Runners
from ollama_replay.script import LATEST_TAG, Fault, Model, Script, Timeline, ns
from ollama_replay.text import pieces
from ollama_replay.truth import TruthLog

OPENAI_PREFIX = "/v1/"


@dataclass(slots=True)
class Stage:
    """What every exchange of a server shares.

    Attributes:
        restart: ends the server's process, as it were, and begins it anew at a time.
        ending: "restart" or "stopped" while the server itself ends its connections.
    """

    loop: Loop
    script: Script
    runners: Runners
    log: TruthLog
    restart: Callable[[int], None]
    wall: WallClock = field(default_factory=WallClock)
    ending: str | None = None
    _lines: dict[tuple[Api, str, bool, bool], Lines | Events] = field(default_factory=dict)
    _pacings: dict[Timeline, Pacing] = field(default_factory=dict)

    def lines(
        self, api: Api, model: str, *, is_framed: bool, says_usage: bool = False
    ) -> Lines | Events:
        """Return the lines of an API for a model's name as the client writes it."""
        key = (api, model, is_framed, says_usage)
        if key not in self._lines:
            self._lines[key] = (
                Events(
                    model,
                    is_chat=api == "openai_chat",
                    is_framed=is_framed,
                    says_usage=says_usage,
                )
                if api in OPENAI_APIS
                else Lines(api, model, is_framed=is_framed)
            )
        return self._lines[key]

    def pacing(self, model: Model) -> Pacing:
        """Return the pacing of a model."""
        timeline = self.script.timeline_of(model)
        if timeline not in self._pacings:
            self._pacings[timeline] = Pacing(timeline, self.script.seed)
        return self._pacings[timeline]

    def warm(self) -> None:
        """Make now what streams would otherwise make while others are due."""
        for model in self.script.models:
            self.pacing(model)
            for name in {model.name, model.name.removesuffix(f":{LATEST_TAG}")}:
                self.lines("generate", name, is_framed=True).warm(pieces())
                self.lines("chat", name, is_framed=True).warm(pieces())
                for says_usage in (False, True):
                    for api in OPENAI_APIS:
                        self.lines(api, name, is_framed=True, says_usage=says_usage).warm(pieces())


class Exchange:
    """A request being answered; `end` writes it down and frees the connection."""

    __slots__ = (
        "connection",
        "end_ns",
        "fault",
        "has_fired",
        "index",
        "is_over",
        "model_name",
        "on",
        "outcome",
        "request",
        "stage",
        "status",
        "was_blocked",
    )

    def __init__(
        self,
        stage: Stage,
        connection: Connection,
        request: Request,
        *,
        on: str,
        index: int,
        model_name: str | None,
        fault: Fault | None,
    ) -> None:
        self.stage, self.connection, self.request = stage, connection, request
        self.on, self.index, self.model_name, self.fault = on, index, model_name, fault
        self.status: int | None = None
        self.outcome: str | None = None
        self.end_ns: int | None = None
        self.has_fired = False
        self.is_over = False
        self.was_blocked = False
        connection.on_gone = self.gone

    def gone(self, now_ns: int) -> None:
        """End because the client, or the server itself, went away."""
        self.end(self.stage.ending or "client_gone", now_ns)

    def end(self, outcome: str, at_ns: int, *, keep_alive: bool = False) -> None:
        """Write the exchange down and free the connection.

        Args:
            outcome: done, error (as the API has it), fault (as the script has it), client_gone,
                restart, stopped.
            at_ns: when the last byte was written, or what else ended it happened.
            keep_alive: whether the connection may go on.
        """
        if self.is_over:
            return
        self.is_over, self.outcome, self.end_ns = True, outcome, at_ns
        self.was_blocked = self.connection.was_blocked
        self.stage.log.add(self)
        self.connection.finish(keep_alive=keep_alive and self.request.keeps_alive)

    def error(self, status: int, message: str, due_ns: int) -> None:
        """Answer with an error."""
        is_openai = self.request.path.startswith(OPENAI_PREFIX)
        body = error_object(message) if is_openai else error_body(message)
        self.reply(status, body, due_ns)

    def reply(
        self, status: int, body: bytes, due_ns: int, *, content_type: str = JSON_TYPE
    ) -> None:
        """Answer with one body at `due_ns`, or as the fault lets it."""
        close = not self.request.keeps_alive
        head = response_head(status, content_type, length=len(body), close=close)
        if self.request.method == "HEAD":
            body = b""

        def write(_: int) -> None:
            self._write_whole(status, head + body)

        fault, loop = self.fault, self.stage.loop
        if fault is None or self.has_fired:
            loop.at(due_ns, write)
            return
        for_ns = ns(fault.for_s or 0.0)
        if fault.kind == "slow_headers":
            self.has_fired = True
            trickle(loop, self.connection.write, head, due_ns, for_ns)
            loop.at(due_ns + for_ns, lambda _: self._write_whole(status, body))
        elif fault.kind == "stall":
            self.has_fired = True
            loop.at(due_ns + for_ns, write)
        elif fault.kind in ("garbage", "reset", "restart", "cut"):
            loop.at(due_ns, lambda due: self._break_whole(due, head + body[: len(body) // 2]))
        else:
            loop.at(due_ns, write)

    def _write_whole(self, status: int, data: bytes) -> None:
        if self.is_over:
            return
        self.status = status
        written_ns = monotonic_ns()
        self.connection.write(data)
        self.end("done" if status < 400 else "error", written_ns, keep_alive=True)

    def _break_whole(self, due_ns: int, half: bytes) -> None:
        fault = self.fault
        if self.is_over or fault is None:
            return
        self.has_fired = True
        written_ns = monotonic_ns()
        if fault.kind == "restart":
            self.stage.restart(due_ns + ns(fault.for_s or 0.0))
            return
        if fault.kind == "reset":
            self.connection.abort()
        else:
            self.connection.write(GARBAGE_HEAD if fault.kind == "garbage" else half)
        self.end("fault", written_ns)

    def truth(self) -> dict[str, Any]:
        """Return what happened, for the log."""
        request = self.request
        return {
            "kind": "request",
            "on": self.on,
            "index": self.index,
            "method": request.method,
            "path": request.path,
            "model": self.model_name,
            "request_id": request.headers.get("x-request-id"),
            "traceparent": request.headers.get("traceparent"),
            "accepted_ns": request.accepted_ns,
            "received_ns": request.received_ns,
            "read_ns": request.read_ns,
            "status": self.status,
            "outcome": self.outcome,
            "end_ns": self.end_ns,
            "fault": None if self.fault is None else self.fault.kind,
            "fault_fired": self.has_fired,
            "was_blocked": self.was_blocked,
        }
