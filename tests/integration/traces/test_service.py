"""The summarizer's spans, as a store gets them over gRPC and over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.summarizer.running import ARTICLE, Service, serving, wait_until
from tests.integration.traces.conftest import environment
from tests.integration.traces.receivers import Receiver, grpc_receiver, http_receiver

from ollama_replay import Replay
from otlp_spans.span import TraceContext, new_trace_id
from yoyak.telemetry import names
from yoyak.telemetry.names import Attribute

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
CHAT = "chat replay:1b"


def arguments(replay: Replay) -> tuple[str, ...]:
    return ("--engine", "ollama", "--engine-url", replay.url, "--model", "replay:1b")


def answered(replay: Replay) -> int:
    return sum(one["kind"] == "request" and one["on"] == "answer" for one in replay.truth())


def exemplars(service: Service) -> set[str]:
    accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
    body = service.ask("GET", "/metrics", headers=accept).body.decode()
    return {
        line.partition('trace_id="')[2].partition('"')[0]
        for line in body.splitlines()
        if "trace_id=" in line
    }


@pytest.fixture(scope="module", params=["grpc", "http/protobuf"])
def sending(request: pytest.FixtureRequest, replay: Replay) -> Iterator[tuple[Receiver, Service]]:
    """A service whose spans a store takes."""
    make = grpc_receiver if request.param == "grpc" else http_receiver
    identity = {"YOYAK_INSTANCE_TYPE": "r5.4xlarge", "YOYAK_AVAILABILITY_ZONE": "eu-west-1a"}
    with make() as receiver:
        variables = {**environment(receiver, request.param), **identity}
        with serving(*arguments(replay), **variables) as service:
            yield receiver, service
            assert service.errors == []


@pytest.fixture
def trace() -> str:
    return new_trace_id()


def kept(trace: str) -> dict[str, str]:
    return {"traceparent": f"00-{trace}-{CALLER}-01"}


def test_a_request_is_a_server_span_with_the_engines_call_below_it(
    sending: tuple[Receiver, Service], replay: Replay, trace: str
) -> None:
    receiver, service = sending
    before = answered(replay)
    assert service.summarize(headers=kept(trace), output_tokens=12, seed=7).status == 200
    spans = receiver.wait_for_trace(trace, names.SUMMARIES_SPAN, CHAT)
    truth = replay.answers(before + 1)[-1]
    served, chat = spans[names.SUMMARIES_SPAN], spans[CHAT]
    assert (served.parent_span_id, chat.parent_span_id) == (CALLER, served.span_id)
    assert (served.kind, chat.kind) == ("server", "client")
    # The engine was told the id of the span that describes its call.
    assert truth["traceparent"] == TraceContext(trace, chat.span_id).traceparent
    assert list(chat.events) == [names.FIRST_CHUNK, names.LAST_CHUNK]
    moments = (
        *(served.start_ns, chat.start_ns),
        *(chat.events[names.FIRST_CHUNK], chat.events[names.LAST_CHUNK]),
        *(chat.end_ns, served.end_ns),
    )
    assert sorted(moments) == list(moments)
    assert (
        chat.attributes.items()
        >= {
            Attribute.OPERATION: "chat",
            Attribute.PROVIDER: "ollama",
            Attribute.REQUEST_MODEL: "replay:1b",
            Attribute.REQUEST_MAX_TOKENS: 12,
            Attribute.REQUEST_SEED: 7,
            Attribute.OUTPUT_TOKENS: 12,
            Attribute.SERVER_ADDRESS: "127.0.0.1",
            Attribute.SERVER_PORT: int(replay.url.rpartition(":")[2]),
        }.items()
    )
    assert chat.attributes[Attribute.FINISH_REASONS] == ["length"]
    assert chat.attributes[Attribute.INPUT_TOKENS] > 0
    assert (
        served.attributes.items()
        >= {
            Attribute.HTTP_METHOD: "POST",
            Attribute.HTTP_ROUTE: "/v1/summaries",
            Attribute.HTTP_STATUS: 200,
            Attribute.ARTICLE_ID: ARTICLE["id"],
            Attribute.PHASE: "measured",
        }.items()
    )
    assert (
        served.resource.items()
        >= {
            "service.name": "summarizer",
            "service.namespace": "yoyak",
            "host.type": "r5.4xlarge",
            "cloud.availability_zone": "eu-west-1a",
            "deployment.environment.name": "tests",
        }.items()
    )
    assert receiver.headers["x-tests"] == "yes"
    assert chat.schema_url.endswith(names.GENAI_CONVENTIONS)


def test_the_callers_sampled_flag_is_obeyed_in_spans_exemplars_and_towards_the_engine(
    sending: tuple[Receiver, Service], replay: Replay, trace: str
) -> None:
    receiver, service = sending
    left_out = new_trace_id()
    before = answered(replay)
    service.summarize(headers={"traceparent": f"00-{left_out}-{CALLER}-00"}, output_tokens=3)
    told = TraceContext.parse(replay.answers(before + 1)[-1]["traceparent"])
    assert told is not None
    assert (told.trace_id, told.is_sampled) == (left_out, False)
    service.summarize(headers=kept(trace), output_tokens=3)
    receiver.wait_for_trace(trace, names.SUMMARIES_SPAN, CHAT)
    assert trace in exemplars(service)
    assert left_out not in exemplars(service) | {span.trace_id for span in receiver.spans}


def test_without_a_caller_the_trace_begins_here_and_its_exemplar_leads_to_it(
    sending: tuple[Receiver, Service],
) -> None:
    receiver, service = sending
    service.summarize(output_tokens=3)
    (root,) = receiver.wait_for(
        lambda spans: any(span.parent_span_id is None for span in spans),
        "no root",
        keep=lambda span: span.parent_span_id is None,
    )
    assert root.name == names.SUMMARIES_SPAN
    assert root.trace_id in exemplars(service)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        pytest.param({"X-Request-Id": "a b"}, b"{}", 400, id="an id that cannot be used"),
        pytest.param({"X-Yoyak-Phase": "lunch"}, b"{}", 400, id="no phase"),
        pytest.param({}, b"{", 400, id="no JSON"),
        pytest.param({}, b"x" * (1024 * 1024 + 1), 413, id="a body over the limit"),
        pytest.param({}, {"article": ARTICLE, "options": {"output_tokens": 0}}, 422, id="a field"),
    ],
)
def test_a_refusal_is_a_span_too_and_4xx_is_no_error_of_the_server(
    headers: dict[str, str],
    body: object,
    status: int,
    sending: tuple[Receiver, Service],
    trace: str,
) -> None:
    receiver, service = sending
    answer = service.ask("POST", names.SUMMARIES_ROUTE, body, {**kept(trace), **headers})
    assert answer.status == status
    (span,) = receiver.wait_for_trace(trace, names.SUMMARIES_SPAN).values()
    assert (span.kind, span.parent_span_id, span.is_error) == ("server", CALLER, False)
    assert (
        span.attributes.items()
        >= {
            Attribute.HTTP_STATUS: status,
            Attribute.ERROR_TYPE: "invalid",
            Attribute.REQUEST_ID: answer.json["request_id"],
        }.items()
    )


def test_a_full_queue_and_an_engine_that_is_not_ready_are_spans_too(replay: Replay) -> None:
    with (
        http_receiver() as receiver,
        serving(*arguments(replay), "--queue", "0", **environment(receiver)) as service,
    ):
        full, down = new_trace_id(), new_trace_id()
        with service.streaming(output_tokens=500) as first:
            assert first.readline()
            assert service.summarize(headers=kept(full)).status == 429
        wait_until(lambda: service.metric(names.IN_FLIGHT.name) == 0, "the slot is free")
        assert service.ask("POST", "/v1/engine/unload").status == 204
        assert service.summarize(headers=kept(down)).status == 503
        for trace, status, failure, is_error in (
            (full, 429, "queue_full", False),
            (down, 503, "not_ready", True),
        ):
            (span,) = receiver.wait_for_trace(trace, names.SUMMARIES_SPAN).values()
            assert (span.attributes[Attribute.HTTP_STATUS], span.is_error) == (status, is_error)
            assert span.attributes[Attribute.ERROR_TYPE] == failure


def test_what_is_no_post_is_no_request_for_a_summary(
    sending: tuple[Receiver, Service], trace: str
) -> None:
    receiver, service = sending
    before = service.metric(names.REQUESTS.name, outcome="invalid", phase="measured")
    assert service.ask("GET", names.SUMMARIES_ROUTE, headers=kept(new_trace_id())).status == 405
    assert service.metric(names.REQUESTS.name, outcome="invalid", phase="measured") == before
    service.summarize(headers=kept(trace), output_tokens=3)
    receiver.wait_for_trace(trace, names.SUMMARIES_SPAN, CHAT)
    assert all(
        span.attributes[Attribute.HTTP_STATUS] != 405
        for span in receiver.spans
        if span.name == names.SUMMARIES_SPAN
    )


def test_without_an_endpoint_nothing_of_the_sdk_is_loaded_and_no_series_is_there(
    replay: Replay,
) -> None:
    with serving(*arguments(replay)) as service:
        service.summarize(headers=kept(TRACE), output_tokens=3)
        maps = Path(f"/proc/{service.process.pid}/maps").read_text()
        assert "google/_upb" not in maps  # protobuf, which every exporter needs
        assert service.metric(names.SPANS_DROPPED.name) is None
        assert exemplars(service) == {TRACE}


def test_a_store_in_trouble_harms_no_request_and_what_is_lost_is_counted(
    replay: Replay, trace: str
) -> None:
    with http_receiver() as receiver:
        variables = {**environment(receiver), "OTEL_EXPORTER_OTLP_TIMEOUT": "0.5"}
        with serving(*arguments(replay), **variables) as service:
            lost = 0
            for receiver.mode in ("refuses", "busy", "resets", "hangs"):
                assert service.summarize(output_tokens=3).status == 200
                lost += 2
                wait_until(
                    lambda: service.metric(names.SPANS_DROPPED.name) == lost,  # noqa: B023 - used at once
                    f"two spans are counted when the store {receiver.mode}",
                )
            receiver.mode = "takes"
            service.summarize(headers=kept(trace), output_tokens=3)
            receiver.wait_for_trace(trace, names.SUMMARIES_SPAN, CHAT)
            assert service.metric(names.SPANS_DROPPED.name) == lost
            # What is still waiting leaves at the end.
            last = new_trace_id()
            service.summarize(headers=kept(last), output_tokens=3)
            assert service.stop() == 0
            receiver.wait_for_trace(last, names.SUMMARIES_SPAN, CHAT)
        assert len(service.errors) == 1, service.errors
        assert "spans are lost on their way to" in service.errors[0]


def test_over_grpc_too_a_store_that_is_gone_harms_no_request_and_comes_back(
    replay: Replay, trace: str
) -> None:
    with grpc_receiver() as gone:
        variables = {**environment(gone, "grpc"), "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with serving(*arguments(replay), **variables) as service:
        assert service.summarize(output_tokens=3).status == 200
        wait_until(
            lambda: service.metric(names.SPANS_DROPPED.name) == 2, "what nobody takes is counted"
        )
        with grpc_receiver(port=int(gone.endpoint.rpartition(":")[2])) as receiver:
            wait_until(
                lambda: (
                    service.summarize(headers=kept(trace), output_tokens=3).status == 200
                    and bool(receiver.spans)
                ),
                "spans arrive again",
            )
            # Before this receiver ends: on calls that it breaks off, gRPC itself has a word.
            assert len(service.errors) == 1, service.errors
            assert "spans are lost on their way to" in service.errors[0]


def test_a_store_that_is_busy_for_a_moment_gets_the_batch_again(replay: Replay, trace: str) -> None:
    with http_receiver("busy") as receiver:
        with serving(*arguments(replay), **environment(receiver)) as service:
            service.summarize(headers=kept(trace), output_tokens=3)
            wait_until(lambda: receiver.requests == 1, "the batch is answered with 503")
            receiver.mode = "takes"
            receiver.wait_for_trace(trace, names.SUMMARIES_SPAN, CHAT)
            assert service.metric(names.SPANS_DROPPED.name) == 0
        assert service.errors == []


def test_an_engine_that_fails_is_an_error_of_both_spans_and_a_hanging_store_holds_no_end(
    replay: Replay, trace: str
) -> None:
    with http_receiver() as receiver:
        variables = environment(receiver)
        with serving(*arguments(replay), "--timeout-s", "0.05", **variables) as service:
            assert service.summarize(headers=kept(trace), output_tokens=500).status == 504
            spans = receiver.wait_for_trace(trace, names.SUMMARIES_SPAN, CHAT)
            for span in spans.values():
                assert (span.is_error, span.attributes[Attribute.ERROR_TYPE]) == (True, "timeout")
            receiver.mode = "hangs"
            service.summarize(output_tokens=3)
            service.process.terminate()
            assert service.process.wait(10) == 0  # 3 s for the spans, and its own end
