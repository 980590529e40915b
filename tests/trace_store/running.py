"""A real trace store that runs while a test does: MLflow's server, which takes OTLP.

It lives in an environment of its own, which `make test` builds: make .venv-traces/.ready
"""

import base64
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-traces" / "bin" / "python"
REQUIRED = "TESTS_REQUIRE_TRACES"
READY_S = 90.0
ANSWER_S = 30.0
TRACE_S = 30.0
_EXPERIMENT = "0"


@dataclass(frozen=True, slots=True)
class StoredSpan:
    """A span as the store gives it back."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    events: dict[str, int]
    links: list[tuple[str, str]]  # (trace id, span id)


@dataclass(frozen=True, slots=True)
class TraceStore:
    """A store that answers."""

    port: int

    def environment(self, host: str = "127.0.0.1") -> dict[str, str]:
        """Return OpenTelemetry's variables for processes that reach this machine as `host`.

        The store speaks OTLP over HTTP only, and wants to be told its experiment.
        """
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{host}:{self.port}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_EXPORTER_OTLP_HEADERS": f"x-mlflow-experiment-id={_EXPERIMENT}",
        }

    def trace(self, trace_id: str) -> list[StoredSpan]:
        """Return the spans of a trace; none if the store does not know it."""
        try:
            found = self._ask(f"/api/3.0/mlflow/traces/get?trace_id=tr-{trace_id}")
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404:
                    return []
            raise
        return [_span(span) for span in found["trace"].get("spans", ())]

    def wait_for_trace(self, trace_id: str, *names: str) -> list[StoredSpan]:
        """Return the spans of a trace once there are as many of each name as are named."""
        deadline = time.monotonic() + TRACE_S
        while True:
            spans = self.trace(trace_id)
            if sorted(span.name for span in spans) == sorted(names):
                return spans
            if time.monotonic() > deadline:
                pytest.fail(f"trace {trace_id} has {[s.name for s in spans]}, not {names}")
            time.sleep(0.1)

    def trace_ids(self) -> set[str]:
        """Return the traces whose root is there, the newest hundred."""
        place = {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": _EXPERIMENT},
        }
        body = {"locations": [place], "max_results": 100}
        found = self._ask("/api/3.0/mlflow/traces/search", body).get("traces", ())
        return {trace["trace_id"].removeprefix("tr-") for trace in found}

    def _ask(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON is any of its types
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=ANSWER_S) as response:  # noqa: S310 - our own
            return json.load(response)


@contextmanager
def trace_store(folder: Path, *, bind: str = "127.0.0.1") -> Iterator[TraceStore]:
    """Run a store with an empty database in `folder`; skips the test where it is not installed.

    Containers reach it where it is bound to an address of theirs, such as 0.0.0.0.
    """
    if not (ROOT / ".venv-traces" / ".ready").exists():
        reason = "no trace store; install it: make .venv-traces/.ready"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    port = _free_port()
    log = folder / "store.log"
    # `mlflow server` would be this process and two more; this is the one that answers.
    command = [str(PYTHON), "-m", "uvicorn", "mlflow.server.fastapi_app:app"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "_MLFLOW", "OTEL"))}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--host", bind, "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={
                **kept,
                "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder}/traces.db",
                "_MLFLOW_SERVER_ARTIFACT_ROOT": str(folder / "artifacts"),
                "MLFLOW_SERVER_ALLOWED_HOSTS": "*",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                # The first span of each provider has it fetch a price list, and wait for that in
                # vain for up to 27 s: longer than who sends spans waits for an answer.
                "MLFLOW_MODEL_CATALOG_URI": "",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "DO_NOT_TRACK": "true",
            },
        )
    try:
        store = TraceStore(port)
        _wait_until_ready(store, process, log)
        yield store
    finally:
        process.terminate()
        try:
            process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(store: TraceStore, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until it answers a search: the first one makes the tables."""
    deadline = time.monotonic() + READY_S
    while True:
        try:
            store.trace_ids()
        except (OSError, urllib.error.URLError):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the store did not start: {log.read_text()[-2000:]}")
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _span(span: dict[str, Any]) -> StoredSpan:
    return StoredSpan(
        trace_id=_hex(span["trace_id"]),
        span_id=_hex(span["span_id"]),
        parent_span_id=_hex(span["parent_span_id"]) if span.get("parent_span_id") else None,
        name=span["name"],
        start_ns=span["start_time_unix_nano"],
        end_ns=span["end_time_unix_nano"],
        attributes={one["key"]: _value(one["value"]) for one in span.get("attributes", ())},
        events={one["name"]: one["time_unix_nano"] for one in span.get("events", ())},
        links=[(_hex(one["trace_id"]), _hex(one["span_id"])) for one in span.get("links", ())],
    )


def _hex(encoded: str) -> str:
    return base64.b64decode(encoded).hex()


def _value(value: dict[str, Any]) -> Any:  # noqa: ANN401 - of any of OTLP's types
    ((kind, inner),) = value.items()
    return [_value(one) for one in inner["values"]] if kind == "array_value" else inner
