"""Batches over OTLP to a trace store, through OpenTelemetry's own exporters.

Importing this module imports the SDK (0.2 s, 20 MB): only where spans are sent at all.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace.export import SpanExportResult

from otlp_spans.settings import OtlpSettings
from otlp_spans.span import Span, Value
from otlp_spans.wire import RequestEncoder
from yoyak.errors import UsageError, one_line

_LOGGER = "opentelemetry"


class _Exporter(Protocol):
    def export(self, spans: Sequence[Span]) -> SpanExportResult: ...

    def shutdown(self) -> None: ...


class OtlpExporter:
    """Sends batches; what the SDK says about a failure comes back as one line, not as a log."""

    def __init__(self, exporter: _Exporter) -> None:
        """Wrap an exporter over gRPC or HTTP."""
        self._exporter = exporter
        self._last_word = _LastWord()

    def export(self, batch: Sequence[Span]) -> str | None:
        """Send a batch; return None if it was taken, else one line on why not."""
        self._last_word.said = ""
        try:
            result = self._exporter.export(batch)
        except Exception as error:  # noqa: BLE001 - a collector's fault must not reach a request
            return one_line(f"{type(error).__name__}: {error}")
        if result is SpanExportResult.SUCCESS:
            return None
        return one_line(self._last_word.said) or "no reason given"

    def close(self) -> None:
        """Break off what is being sent, and close the connection."""
        self._exporter.shutdown()
        self._last_word.forget()


def open_exporter(
    settings: OtlpSettings,
    *,
    resource: Mapping[str, str],
    scope: str,
    version: str,
    schema_url: str,
) -> OtlpExporter:
    """Return an exporter; nothing is sent yet.

    Args:
        settings: where to, and by which protocol.
        resource: what sends; OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME beat it.
        scope: name of what makes the spans.
        version: of it.
        schema_url: of the conventions that the attributes follow.

    Raises:
        UsageError: one of the exporter's own variables cannot be used, or gRPC is not installed.
    """
    whole = Resource.create(dict(resource)).merge(OTELResourceDetector().detect())
    encoder = RequestEncoder(
        resource={name: _plain(value) for name, value in whole.attributes.items()},
        scope=scope,
        version=version,
        schema_url=schema_url,
    )
    try:
        exporter = _grpc(encoder) if settings.protocol == "grpc" else _http(encoder)
    except ImportError as error:
        raise UsageError(
            f"spans cannot be sent over {settings.protocol} here: {error.name} is not installed; "
            "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf and the store's address for it"
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(
            f"spans cannot be sent to {settings.endpoint} ({one_line(str(error))}); "
            "see OTEL_EXPORTER_OTLP_* in the environment"
        ) from error
    return OtlpExporter(exporter)


# The SDK's exporters are used for all but the encoding (see wire.py), so each is told in the one
# place where it would encode. Lazy: gRPC's library takes 13 MB that OTLP over HTTP does not need.
def _grpc(encoder: RequestEncoder) -> _Exporter:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    class Grpc(OTLPSpanExporter):
        def _translate_data(  # type: ignore[override] # our spans in place of the SDK's
            self, data: Sequence[Span]
        ) -> ExportTraceServiceRequest:
            request = ExportTraceServiceRequest()
            request.ParseFromString(encoder.encode(data))
            return request

    return Grpc()  # type: ignore[return-value] # takes our spans


def _http(encoder: RequestEncoder) -> _Exporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    class Http(OTLPSpanExporter):
        def export(  # type: ignore[override] # our spans in place of the SDK's
            self, spans: Sequence[Span]
        ) -> SpanExportResult:
            is_taken = self._client.export(encoder.encode(spans)).success
            return SpanExportResult.SUCCESS if is_taken else SpanExportResult.FAILURE

    return Http()


def _plain(value: object) -> Value:
    """Return a resource's value as one of ours; detectors give little else than texts."""
    return value if isinstance(value, str | bool | int | float) else str(value)


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
