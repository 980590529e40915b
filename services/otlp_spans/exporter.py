"""Spans into OpenTelemetry's own SDK objects, and over OTLP to a trace store.

Importing this module imports the SDK (0.3 s, 25 MB): only where spans are sent at all.
"""

import logging
from collections.abc import Mapping, Sequence

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from otlp_spans.settings import OtlpSettings
from otlp_spans.span import Span, TraceContext
from yoyak.errors import UsageError, one_line

_KINDS = {"internal": SpanKind.INTERNAL, "server": SpanKind.SERVER, "client": SpanKind.CLIENT}
_UNSET = Status(StatusCode.UNSET)
_LOGGER = "opentelemetry"


class OtlpExporter:
    """Sends batches; what the SDK says about a failure comes back as one line, not as a log."""

    def __init__(
        self,
        exporter: SpanExporter,
        *,
        resource: Mapping[str, str],
        scope: str,
        version: str,
        schema_url: str,
    ) -> None:
        """Wrap an exporter of the SDK.

        Args:
            exporter: of OTLP over gRPC or HTTP.
            resource: what sends; OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME beat it.
            scope: name of what makes the spans.
            version: of it.
            schema_url: of the conventions that the attributes follow.
        """
        self._exporter = exporter
        self._resource = Resource.create(dict(resource)).merge(OTELResourceDetector().detect())
        self._scope = InstrumentationScope(scope, version, schema_url)
        self._last_word = _LastWord()

    def export(self, batch: Sequence[Span]) -> str | None:
        """Send a batch; return None if it was taken, else one line on why not."""
        self._last_word.said = ""
        try:
            result = self._exporter.export([self._readable(span) for span in batch])
        except Exception as error:  # noqa: BLE001 - a collector's fault must not reach a request
            return one_line(f"{type(error).__name__}: {error}")
        if result is SpanExportResult.SUCCESS:
            return None
        return one_line(self._last_word.said) or "no reason given"

    def close(self) -> None:
        """Break off what is being sent, and close the connection."""
        self._exporter.shutdown()
        self._last_word.forget()

    def _readable(self, span: Span) -> ReadableSpan:
        # The SDK's tracer would draw ids and take times itself, in the timed path. Its finished
        # span is what its exporters and processors take, whoever made it.
        parent = None
        if span.parent_span_id is not None:
            parent = _context(
                TraceContext(span.context.trace_id, span.parent_span_id, span.context.is_sampled),
                is_remote=span.is_parent_remote,
            )
        return ReadableSpan(
            name=span.name,
            context=_context(span.context, is_remote=False),
            parent=parent,
            resource=self._resource,
            attributes={k: v for k, v in span.attributes.items() if v is not None},
            events=[Event(event.name, timestamp=event.at_ns) for event in span.events],
            links=[Link(_context(link, is_remote=True)) for link in span.links],
            kind=_KINDS[span.kind],
            status=Status(StatusCode.ERROR, span.error_message) if span.is_error else _UNSET,
            start_time=span.start_ns,
            end_time=span.end_ns,
            instrumentation_scope=self._scope,
        )


def open_exporter(
    settings: OtlpSettings,
    *,
    resource: Mapping[str, str],
    scope: str,
    version: str,
    schema_url: str,
) -> OtlpExporter:
    """Return an exporter; nothing is sent yet.

    Raises:
        UsageError: one of the exporter's own variables cannot be used.
    """
    try:
        exporter = _grpc() if settings.protocol == "grpc" else _http()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"spans cannot be sent to {settings.endpoint} ({one_line(str(error))}); "
            "see OTEL_EXPORTER_OTLP_* in the environment"
        ) from error
    return OtlpExporter(
        exporter, resource=resource, scope=scope, version=version, schema_url=schema_url
    )


# Lazy: gRPC's own library takes 6 MB that OTLP over HTTP does not need.
def _grpc() -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _http() -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _context(context: TraceContext, *, is_remote: bool) -> SpanContext:
    flags = TraceFlags.SAMPLED if context.is_sampled else TraceFlags.DEFAULT
    return SpanContext(
        int(context.trace_id, 16), int(context.span_id, 16), is_remote, TraceFlags(flags)
    )


class _LastWord(logging.Handler):
    """Keeps what the SDK logs away from stderr, and the newest line of it for ourselves."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said = ""
        logger = logging.getLogger(_LOGGER)
        self._was_propagating = logger.propagate
        logger.propagate = False
        logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.said = record.getMessage()

    def forget(self) -> None:
        logger = logging.getLogger(_LOGGER)
        logger.removeHandler(self)
        logger.propagate = self._was_propagating
