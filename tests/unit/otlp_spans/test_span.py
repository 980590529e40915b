import pytest

from otlp_spans.span import TraceContext, new_span_id, new_trace_id

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("traceparent", "is_sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),  # another flag beside it
        (f"00-{TRACE}-{SPAN}-02", False),
    ],
)
def test_a_traceparent_says_trace_span_and_whether_it_is_kept(
    traceparent: str, is_sampled: bool
) -> None:
    assert TraceContext.parse(traceparent) == TraceContext(TRACE, SPAN, is_sampled)


@pytest.mark.parametrize(
    "traceparent",
    [
        *(None, "", "hello", f"00-{TRACE}-{SPAN}", f"01-{TRACE}-{SPAN}-01"),
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
    ],
)
def test_what_is_not_of_w3cs_form_is_none(traceparent: str | None) -> None:
    assert TraceContext.parse(traceparent) is None


def test_what_is_sent_is_what_is_read() -> None:
    context = TraceContext(new_trace_id(), new_span_id(), is_sampled=False)
    assert TraceContext.parse(context.traceparent) == context
