"""Receivers of OTLP that keep what they are sent, over gRPC and HTTP; the latter can fail too."""

import http.server
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

WAIT_S = 20.0
Mode = Literal["takes", "refuses", "busy", "hangs", "resets"]
_KINDS = {1: "internal", 2: "server", 3: "client"}


@dataclass(frozen=True, slots=True)
class ReceivedSpan:
    """One span in the tests' own words."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    kind: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    events: dict[str, int]  # name to Unix ns
    links: list[tuple[str, str]]
    is_error: bool
    resource: dict[str, Any]
    schema_url: str


@dataclass(slots=True)
class Receiver:
    """What came in so far; `headers` are those of the last request."""

    endpoint: str = ""
    mode: Mode = "takes"
    spans: list[ReceivedSpan] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(
        self,
        wanted: Callable[[list[ReceivedSpan]], bool],
        what: str,
        *,
        keep: Callable[[ReceivedSpan], bool] = lambda _: True,
    ) -> list[ReceivedSpan]:
        """Return the spans to keep once all are as wanted."""
        with self._changed:
            assert self._changed.wait_for(lambda: wanted(self.spans), WAIT_S), (
                f"{what}; came: {[span.name for span in self.spans]}"
            )
            return [span for span in self.spans if keep(span)]

    def wait_for_trace(self, trace_id: str, *names: str) -> dict[str, ReceivedSpan]:
        """Return a trace's spans by name, once those names are there."""

        def found(spans: list[ReceivedSpan]) -> bool:
            return {span.name for span in spans if span.trace_id == trace_id} >= set(names)

        spans = self.wait_for(found, f"no {', '.join(names)} of {trace_id}")
        return {span.name: span for span in spans if span.trace_id == trace_id}

    def take(
        self, request: trace_service_pb2.ExportTraceServiceRequest, headers: dict[str, str]
    ) -> None:
        with self._changed:
            self.spans += [
                _received(span, scope.schema_url, part)
                for part in request.resource_spans
                for scope in part.scope_spans
                for span in scope.spans
            ]
            self.headers = headers
            self.requests += 1
            self._changed.notify_all()


@contextmanager
def grpc_receiver(*, port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()

    class Servicer(trace_service_pb2_grpc.TraceServiceServicer):
        def Export(  # noqa: N802 - the service's own name
            self,
            request: trace_service_pb2.ExportTraceServiceRequest,
            context: grpc.ServicerContext,
        ) -> trace_service_pb2.ExportTraceServiceResponse:
            if receiver.mode != "takes":
                context.abort(grpc.StatusCode.PERMISSION_DENIED, "not today")
            headers = {str(key): str(value) for key, value in context.invocation_metadata()}
            receiver.take(request, headers)
            return trace_service_pb2.ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Servicer(), server)  # type: ignore[no-untyped-call] # generated
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    receiver.endpoint = f"http://127.0.0.1:{port}"
    server.start()
    try:
        yield receiver
    finally:
        server.stop(None).wait()


@contextmanager
def http_receiver(mode: Mode = "takes") -> Iterator[Receiver]:
    receiver = Receiver(mode=mode)
    ended = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if receiver.mode == "hangs":
                ended.wait(WAIT_S)
            if receiver.mode in ("hangs", "resets"):
                self.close_connection = True
                return
            status = {"takes": 200, "refuses": 400, "busy": 503}[receiver.mode]
            if status == 200:
                assert self.path == "/v1/traces"
                request = trace_service_pb2.ExportTraceServiceRequest.FromString(body)
                receiver.take(request, {k.lower(): v for k, v in self.headers.items()})
            else:
                receiver.requests += 1
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _received(span: trace_pb2.Span, schema_url: str, part: trace_pb2.ResourceSpans) -> ReceivedSpan:
    return ReceivedSpan(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex() or None,
        name=span.name,
        kind=_KINDS[span.kind],
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        attributes=_plain(span.attributes),
        events={event.name: event.time_unix_nano for event in span.events},
        links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        is_error=span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
        resource=_plain(part.resource.attributes),
        schema_url=schema_url,
    )


def _plain(attributes: Any) -> dict[str, Any]:  # noqa: ANN401 - protobuf's repeated field
    return {pair.key: _value(pair) for pair in attributes}


def _value(pair: KeyValue) -> Any:  # noqa: ANN401 - of any of OTLP's types
    kind = pair.value.WhichOneof("value")
    if kind == "array_value":
        return [_scalar(item) for item in pair.value.array_value.values]
    return _scalar(pair.value)


def _scalar(value: AnyValue) -> Any:  # noqa: ANN401 - of any of OTLP's types
    return getattr(value, value.WhichOneof("value") or "string_value")
