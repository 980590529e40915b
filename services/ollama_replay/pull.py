"""/api/pull: a download that takes as long as the script says."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from time import monotonic_ns
from typing import Any

from ollama_replay.connection import Connection, Request
from ollama_replay.exchange import Exchange, Stage
from ollama_replay.lines import LAST_HTTP_CHUNK, compact, http_chunk
from ollama_replay.responses import NDJSON_TYPE, response_head
from ollama_replay.script import Fault, Model, ns

UNKNOWN = "pull model manifest: file does not exist"
ID_CHARS = 12  # of a digest, in a status line
STREAMED_FAULTS = frozenset({"stall"})  # strike in mid-download; the others before it


class PullExchange(Exchange):
    """A pull on its way; when it is done the model is installed."""

    __slots__ = ("_install", "_intended", "_lines", "_model", "_written")

    def __init__(
        self,
        stage: Stage,
        connection: Connection,
        request: Request,
        *,
        index: int,
        fault: Fault | None,
        name: str,
        model: Model | None,
        install: Callable[[Model], None],
    ) -> None:
        super().__init__(
            stage, connection, request, on="pull", index=index, model_name=name, fault=fault
        )
        self._model, self._install = model, install
        self._lines = pull_lines(model, stage.script.pull.steps)
        self._intended: list[int] = []
        self._written: list[int] = []

    def begin(self, *, is_streamed: bool) -> None:
        """Set the lines on their way, or the one body where nothing is streamed."""
        began_ns = self.request.received_ns
        duration_ns = ns(self.stage.script.pull.duration_s)
        is_broken = self.fault is not None and self.fault.kind not in STREAMED_FAULTS
        if is_streamed and not is_broken:
            self._step_at(began_ns + duration_ns // len(self._lines), 0)
        elif self._model is None:
            self.error(500, UNKNOWN, began_ns + duration_ns)
        else:
            self._install(self._model)
            self.reply(200, compact(self._lines[-1]), began_ns + duration_ns)

    def _step_at(self, due_ns: int, number: int) -> None:
        if self.fault is not None and number == len(self._lines) // 2 and not self.has_fired:
            self.has_fired = True
            due_ns += ns(self.fault.for_s or 0.0)
        self.stage.loop.at(due_ns, partial(self._step, number))

    def _step(self, number: int, due_ns: int) -> None:
        if self.is_over:
            return
        is_last = number + 1 == len(self._lines)
        close = not self.request.keeps_alive
        data = b"" if number else response_head(200, NDJSON_TYPE, close=close)
        data += http_chunk(compact(self._lines[number]) + b"\n")
        if is_last:
            data += LAST_HTTP_CHUNK
            if self._model is not None:
                self._install(self._model)
        self.status = 200
        written_ns = monotonic_ns()
        self.connection.write(data)
        self._intended.append(due_ns)
        self._written.append(written_ns)
        if is_last:
            self.end("error" if self._model is None else "done", written_ns, keep_alive=True)
        else:
            each_ns = ns(self.stage.script.pull.duration_s) // len(self._lines)
            self._step_at(due_ns + each_ns, number + 1)

    def truth(self) -> dict[str, Any]:
        """Return what was meant and what was done, a pair of stamps a line."""
        return super().truth() | {"intended_ns": self._intended, "written_ns": self._written}


def pull_lines(model: Model | None, steps: int) -> list[dict[str, Any]]:
    """Return the lines of a pull in order; for a model that is nowhere the second is an error."""
    lines: list[dict[str, Any]] = [{"status": "pulling manifest"}]
    if model is None:
        return [*lines, {"error": UNKNOWN}]
    layer = sha256(f"{model.name} weights".encode()).hexdigest()
    lines += (
        {
            "status": f"pulling {layer[:ID_CHARS]}",
            "digest": f"sha256:{layer}",
            "total": model.file_bytes,
            "completed": model.file_bytes * step // steps,
        }
        for step in range(1, steps + 1)
    )
    ends = ("verifying sha256 digest", "writing manifest", "success")
    return [*lines, *({"status": status} for status in ends)]
