"""Spans from stamps: which, under what, and from when to when."""

from dataclasses import replace

import pytest
from tests.unit.yoyak.runs import a_manifest, a_request

from newscrawl import tracing as crawl
from otlp_spans.span import Span, SpanEvent, TraceContext
from yoyak.engines.base import GenerationOptions, Usage
from yoyak.records import LoadRecord, Manifest, RequestRecord
from yoyak.telemetry import names
from yoyak.telemetry.metrics import FinishedRequest
from yoyak.telemetry.names import Attribute
from yoyak.telemetry.spans import (
    EngineIdentity,
    ServedRequest,
    Trail,
    run_spans,
    server_of,
    service_spans,
)

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
S = 1_000_000_000
OFFSET_NS = 1_000_000 * S
SERVED = ServedRequest(
    finished=FinishedRequest(
        outcome=names.OK,
        phase="measured",
        arrived_ns=0,
        queue_s=0.5,
        chunk_ns=[2 * S, 3 * S, 5 * S],
        done_ns=6 * S,
        prompt_chars=1500,
        output_chars=300,
        usage=Usage(
            prompt_tokens=1600,
            cached_tokens=0,
            output_tokens=3,
            prompt_eval_s=0.9,
            decode_s=3.0,
            finish_reason="length",
        ),
        trace_id=TRACE,
    ),
    trail=Trail(
        server=TraceContext(TRACE, "a" * 16),
        chat=TraceContext(TRACE, "b" * 16),
        parent_span_id="c" * 16,
    ),
    request_id="r1",
    article_id="a1",
    status=200,
    engine=EngineIdentity(provider="ollama", model="mistral:7b", address="127.0.0.1", port=11434),
    options=GenerationOptions(output_tokens=3, seed=1, temperature=0),
    is_streaming=True,
    asked_ns=1 * S,
    answered_ns=int(5.5 * S),
)


def failed(outcome: str, status: int | None) -> ServedRequest:
    finished = replace(SERVED.finished, outcome=outcome, usage=None, chunk_ns=())
    return replace(SERVED, finished=finished, status=status)


def test_the_engines_call_stands_inside_the_request() -> None:
    served, chat = service_spans(SERVED, offset_ns=OFFSET_NS)
    assert (served.name, chat.name) == ("POST /v1/summaries", "chat mistral:7b")
    assert (served.kind, chat.kind) == ("server", "client")
    assert served.parent_span_id == "c" * 16
    assert chat.parent_span_id == served.context.span_id
    assert (served.start_ns - OFFSET_NS, served.end_ns - OFFSET_NS) == (0, 6 * S)
    assert (chat.start_ns - OFFSET_NS, chat.end_ns - OFFSET_NS) == (1 * S, 5.5 * S)


def test_the_engines_call_tells_its_first_and_last_chunk() -> None:
    chat = service_spans(SERVED, offset_ns=OFFSET_NS)[1]
    assert chat.events == (
        SpanEvent("first chunk", OFFSET_NS + 2 * S),
        SpanEvent("last chunk", OFFSET_NS + 5 * S),
    )
    assert chat.attributes["gen_ai.response.time_to_first_chunk"] == 1.0  # since it was asked


def test_the_genai_attributes_are_those_of_the_conventions() -> None:
    chat = service_spans(SERVED, offset_ns=OFFSET_NS)[1]
    found = {k: v for k, v in chat.attributes.items() if not k.startswith("yoyak.")}
    assert {k: v for k, v in found.items() if v is not None} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "ollama",
        "gen_ai.request.model": "mistral:7b",
        "gen_ai.request.max_tokens": 3,
        "gen_ai.request.seed": 1,
        "gen_ai.request.temperature": 0.0,
        "gen_ai.request.stream": True,
        "gen_ai.response.finish_reasons": ("length",),
        "gen_ai.response.time_to_first_chunk": 1.0,
        "gen_ai.usage.input_tokens": 1600,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.output_tokens": 3,
        "server.address": "127.0.0.1",
        "server.port": 11434,
    }


@pytest.mark.parametrize(
    ("outcome", "status", "is_error"),
    [
        ("timeout", 504, True),
        ("engine_error", 200, True),  # after the stream had begun well
        ("cancelled", None, True),  # the client left
        ("queue_full", 429, False),  # the conventions: 4xx is no error of a server
        ("prompt_too_long", 413, False),
    ],
)
def test_a_failure_is_named_and_only_ours_is_an_error_of_the_server(
    outcome: str, status: int | None, is_error: bool
) -> None:
    served = service_spans(failed(outcome, status), offset_ns=0)[0]
    assert served.attributes[Attribute.ERROR_TYPE] == outcome
    assert served.attributes[Attribute.HTTP_STATUS] == status
    assert served.is_error == is_error


def test_a_request_that_never_reached_the_engine_has_no_call_of_it() -> None:
    refused = replace(failed("queue_full", 429), asked_ns=None, answered_ns=None)
    assert [span.name for span in service_spans(refused, offset_ns=0)] == ["POST /v1/summaries"]


RUN = TraceContext("e" * 32, "f" * 16)


def spans_of(
    manifest: Manifest, *requests: RequestRecord, loads: tuple[LoadRecord, ...] = ()
) -> list[Span]:
    found = run_spans(manifest, requests, loads, run=RUN, done_ns=100 * S, offset_ns=OFFSET_NS)
    return list(found)


def test_a_request_of_a_run_has_the_ids_of_its_record_and_a_link_to_the_run() -> None:
    record = a_request(trace_id=TRACE, span_id="a" * 16, sent_ns=S // 4)
    request, run = spans_of(a_manifest(), record)
    assert request.context == TraceContext(TRACE, "a" * 16)
    assert (request.parent_span_id, request.links) == (None, (RUN,))
    assert (request.start_ns, request.end_ns) == (OFFSET_NS + S // 4, OFFSET_NS + int(1.4 * S))
    assert request.events[0] == SpanEvent("first chunk", OFFSET_NS + S // 2)
    assert (run.name, run.context, run.start_ns) == ("run", RUN, OFFSET_NS)
    assert run.attributes[Attribute.REQUESTS] == 1


def test_straight_to_an_engine_the_client_made_the_call_itself() -> None:
    manifest = a_manifest()
    request = spans_of(manifest, a_request(trace_id=TRACE, span_id="a" * 16))[0]
    assert request.name == f"chat {manifest.engine.model.name}"
    assert request.attributes[Attribute.OPERATION] == "chat"
    assert request.attributes[Attribute.OUTPUT_TOKENS] == 10


def test_through_the_service_the_client_made_a_request_of_http() -> None:
    manifest = a_manifest()
    engine = replace(manifest.engine, via="summarizer", url="http://127.0.0.1:8080")
    manifest = replace(manifest, engine=engine)
    request = spans_of(manifest, a_request(trace_id=TRACE, span_id="a" * 16))[0]
    assert request.name == "POST /v1/summaries"
    assert Attribute.OPERATION not in request.attributes  # else the call would count twice
    assert request.attributes[Attribute.SERVER_PORT] == 8080


def test_a_failed_request_of_a_run_says_why() -> None:
    record = a_request(
        trace_id=TRACE, span_id="a" * 16, error="timeout", error_message="no answer", chunk_ns=()
    )
    request, run = spans_of(a_manifest(), record)
    assert (request.is_error, request.error_message, request.events) == (True, "no answer", ())
    assert request.attributes[Attribute.ERROR_TYPE] == "timeout"
    assert run.attributes[Attribute.FAILED] == 1


def test_loads_stand_below_the_run() -> None:
    load = LoadRecord(
        repetition=0, started_ns=S, done_ns=3 * S, load_s=2.0, state="disk", cached_ratio=0.0
    )
    first, second, run = spans_of(a_manifest(), loads=(load, load))
    assert first.parent_span_id == run.context.span_id
    assert first.attributes[Attribute.LOAD_STATE] == "disk"
    assert len({first.context, second.context, run.context}) == 3


def test_no_span_is_named_after_an_address_an_article_or_an_id() -> None:
    record = a_request(trace_id=TRACE, span_id="a" * 16)
    found = [*service_spans(SERVED, offset_ns=0), *spans_of(a_manifest(), record)]
    for span in found:
        for forbidden in ("http", record.request_id, record.article_id, TRACE):
            assert forbidden not in span.name


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("http://127.0.0.1:11434", ("127.0.0.1", 11434)),
        ("https://engine.example/v1", ("engine.example", 443)),
        ("http://[::1]:80", ("::1", 80)),
        (None, (None, None)),
    ],
)
def test_an_address_is_host_and_port(
    url: str | None, server: tuple[str | None, int | None]
) -> None:
    assert server_of(url) == server


def test_the_crawler_spells_what_it_shares_as_we_do() -> None:
    assert crawl.SCHEMA_URL == names.SCHEMA_URL
    assert crawl.FEED_SPAN == names.SUMMARIES_SPAN
    assert crawl.SERVICE_NAMESPACE == names.SERVICE_NAMESPACE
