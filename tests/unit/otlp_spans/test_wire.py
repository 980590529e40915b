"""Our bytes against OpenTelemetry's own encoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

from otlp_spans.span import Span, SpanEvent, TraceContext
from otlp_spans.wire import RequestEncoder

RESOURCE = {"service.name": "summarizer", "host.type": "r5.4xlarge"}
KINDS = {"internal": SpanKind.INTERNAL, "server": SpanKind.SERVER, "client": SpanKind.CLIENT}


def context(of: TraceContext, *, is_remote: bool) -> SpanContext:
    return SpanContext(int(of.trace_id, 16), int(of.span_id, 16), is_remote)


def by_the_sdk(span: Span) -> ReadableSpan:
    parent = None
    if span.parent_span_id is not None:
        parent = context(
            TraceContext(span.context.trace_id, span.parent_span_id),
            is_remote=span.is_parent_remote,
        )
    return ReadableSpan(
        name=span.name,
        context=context(span.context, is_remote=False),
        parent=parent,
        resource=Resource(RESOURCE),
        attributes={k: v for k, v in span.attributes.items() if v is not None},
        events=[Event(event.name, timestamp=event.at_ns) for event in span.events],
        links=[Link(context(link, is_remote=True)) for link in span.links],
        kind=KINDS[span.kind],
        status=Status(StatusCode.ERROR, span.error_message)
        if span.is_error
        else Status(StatusCode.UNSET),
        start_time=span.start_ns,
        end_time=span.end_ns,
        instrumentation_scope=InstrumentationScope("yoyak", "1.0", "https://schema"),
    )


def hexadecimal(digits: int) -> st.SearchStrategy[str]:
    return st.integers(1, 16**digits - 1).map(lambda number: f"{number:0{digits}x}")


CONTEXTS = st.builds(TraceContext, hexadecimal(32), hexadecimal(16))
NS = st.integers(0, 2**63)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
VALUES = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.lists(TEXT, min_size=1, max_size=3).map(tuple),
    st.none(),
)
SPANS = st.builds(
    Span,
    context=CONTEXTS,
    parent_span_id=st.none() | hexadecimal(16),
    name=TEXT,
    kind=st.sampled_from(["internal", "server", "client"]),
    start_ns=NS,
    end_ns=NS,
    attributes=st.dictionaries(st.text("abc.", min_size=1), VALUES, max_size=4),
    events=st.lists(st.builds(SpanEvent, TEXT, NS), max_size=2).map(tuple),
    links=st.lists(CONTEXTS, max_size=2).map(tuple),
    is_parent_remote=st.booleans(),
    is_error=st.booleans(),
    error_message=st.none() | TEXT.filter(bool),
)


@given(st.lists(SPANS, min_size=1, max_size=3))
def test_a_batch_says_what_the_sdks_own_encoder_says(spans: list[Span]) -> None:
    encoder = RequestEncoder(
        resource=RESOURCE, scope="yoyak", version="1.0", schema_url="https://schema"
    )
    ours = ExportTraceServiceRequest.FromString(encoder.encode(spans))
    assert ours == encode_spans([by_the_sdk(span) for span in spans])


@pytest.mark.parametrize("length", [0, 1, 127, 128, 16_383, 16_384])
def test_a_text_of_any_length_is_whole(length: int) -> None:
    span = Span(
        context=TraceContext("a" * 32, "b" * 16),
        parent_span_id=None,
        name="가" * length,
        kind="client",
        start_ns=0,
        end_ns=1,
    )
    encoder = RequestEncoder(resource={}, scope="", version="", schema_url="")
    request = ExportTraceServiceRequest.FromString(encoder.encode([span]))
    assert request.resource_spans[0].scope_spans[0].spans[0].name == "가" * length
