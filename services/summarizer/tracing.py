"""The service's traces: ids before the work, spans after the last byte, sent when it is quiet."""

import logging
import time
from collections.abc import Callable

import yoyak
from otlp_spans.sender import SpanSender
from otlp_spans.settings import OtlpSettings
from otlp_spans.span import TraceContext, new_span_id, new_trace_id
from yoyak.host.facts import HostFacts
from yoyak.records import EngineFacts
from yoyak.telemetry import names
from yoyak.telemetry.spans import (
    EngineIdentity,
    ServedRequest,
    Trail,
    resource_attributes,
    service_spans,
)

CLOSE_S = 3.0  # what a store that does not answer may add to the end of the service
_log = logging.getLogger("summarizer")


class Tracing:
    """Off without settings: then nothing is drawn, built or imported."""

    def __init__(self, settings: OtlpSettings | None, *, is_quiet: Callable[[], bool]) -> None:
        """Send nothing yet.

        Args:
            settings: where spans go; None for nowhere.
            is_quiet: whether no request is in flight now.
        """
        self._settings = settings
        self._is_quiet = is_quiet
        self._sender: SpanSender | None = None
        self._stop_exporter: Callable[[], None] | None = None
        self._facts: EngineFacts | None = None
        self._identity: EngineIdentity | None = None

    def start(self, host: HostFacts) -> None:
        """Begin to send, once it is known which host this is; imports the SDK, 0.3 s.

        Raises:
            UsageError: a variable of the exporter's own cannot be used.
        """
        if self._settings is None:
            return
        from otlp_spans.exporter import open_exporter  # lazy: without an endpoint it costs nothing

        exporter = open_exporter(
            self._settings,
            resource=resource_attributes(names.SUMMARIZER_SERVICE, host),
            scope=names.SCOPE,
            version=yoyak.__version__,
            schema_url=names.SCHEMA_URL,
        )
        self._stop_exporter = exporter.close
        self._sender = SpanSender(
            exporter.export,
            where=self._settings.endpoint,
            warn=_log.warning,
            queue_most=self._settings.queue_most,
            wait_s=self._settings.wait_s,
            is_quiet=self._is_quiet,
        )

    @property
    def dropped(self) -> int | None:
        """Spans that the store did not take; None: none are sent."""
        return None if self._sender is None else self._sender.dropped

    def trail(self, caller: TraceContext | None) -> Trail | None:
        """Draw the ids of a request's spans; None: tracing is off, and the caller's are passed on.

        The caller decides whether its trace is kept; where there is none, the sampler does.
        """
        if self._settings is None:
            return None
        if caller is None:
            trace_id = new_trace_id()
            is_sampled = self._settings.is_root_sampled(trace_id)
        else:
            trace_id, is_sampled = caller.trace_id, caller.is_sampled
        return Trail(
            server=TraceContext(trace_id, new_span_id(), is_sampled),
            chat=TraceContext(trace_id, new_span_id(), is_sampled),
            parent_span_id=None if caller is None else caller.span_id,
        )

    def engine(self, facts: EngineFacts | None) -> EngineIdentity | None:
        """Return what spans say of the engine."""
        if facts is not self._facts:
            self._facts = facts
            self._identity = None if facts is None else EngineIdentity.of(facts)
        return self._identity

    def finished(self, served: ServedRequest) -> None:
        """Build and queue a request's spans. Call it after the last byte, never between chunks."""
        if self._sender is not None and served.trail.server.is_sampled:
            # One wall-clock reading a request: a clock that was set in between moves none of them.
            offset_ns = time.time_ns() - time.monotonic_ns()
            self._sender.add(service_spans(served, offset_ns=offset_ns))

    def close(self) -> None:
        """Send what waits, for CLOSE_S at most."""
        if self._sender is not None:
            self._sender.close(CLOSE_S)
        if self._stop_exporter is not None:
            self._stop_exporter()
