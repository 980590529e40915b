"""A finished run's spans, sent once nothing is measured any more."""

import time
from collections.abc import Iterable, Sequence

import yoyak
from otlp_spans.sender import SentAll, send_all
from otlp_spans.settings import OtlpSettings
from otlp_spans.span import TraceContext, new_span_id, new_trace_id
from yoyak.host.facts import HostFacts
from yoyak.records import LoadRecord, Manifest, RequestRecord
from yoyak.telemetry import names
from yoyak.telemetry.spans import resource_attributes, run_spans

# No batch begins later; one that has begun is bounded by OTEL_EXPORTER_OTLP_TIMEOUT, 10 s.
SEND_S = 10.0


def send_run(
    settings: OtlpSettings,
    manifest: Manifest,
    requests: Iterable[RequestRecord],
    loads: Sequence[LoadRecord],
    *,
    host: HostFacts,
    done_ns: int,
) -> SentAll:
    """Send the spans of a run and return how that went; a store that is not there costs seconds.

    Args:
        settings: where they go.
        manifest: of the run; `origin_monotonic_ns` is of this process's clock.
        requests: its records; those whose trace is not kept are left out.
        loads: its loads.
        host: what the resource is made of.
        done_ns: when the run ended, since it began.

    Raises:
        UsageError: a variable of the exporter's own cannot be used.
    """
    from otlp_spans.exporter import open_exporter  # lazy: without an endpoint it costs nothing

    exporter = open_exporter(
        settings,
        resource=resource_attributes(names.RUN_SERVICE, host),
        scope=names.SCOPE,
        version=yoyak.__version__,
        schema_url=names.SCHEMA_URL,
    )
    spans = run_spans(
        manifest,
        (record for record in requests if settings.is_root_sampled(record.trace_id or "0" * 32)),
        loads,
        run=TraceContext(new_trace_id(), new_span_id()),
        done_ns=done_ns,
        offset_ns=time.time_ns() - time.monotonic_ns() + manifest.origin_monotonic_ns,
    )
    try:
        return send_all(exporter.export, spans, limit_s=SEND_S)
    finally:
        exporter.close()
