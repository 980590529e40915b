"""Every error, provoked for real, as an RFC 9457 problem document."""

import json
import os
import signal
import threading

import pytest
from tests.integration.summarizer.running import (
    ARTICLE,
    Answer,
    Service,
    is_alive,
    serving,
    wait_until,
)

LONG = 3000  # output tokens: some seconds of work for the tiny model


def expect(answer: Answer, status: int, slug: str, error_class: str) -> None:
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json
    assert document["type"] == f"urn:yoyak:problem:{slug}"
    assert document["status"] == status
    assert document["error_class"] == error_class
    assert document["detail"]
    assert document["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("body", [b"{", b"", b"[1]", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_400_what_is_no_json_object(service: Service, body: bytes) -> None:
    expect(service.ask("POST", "/v1/summaries", body), 400, "malformed", "http_4xx")


def test_404_and_405_are_documents_too(service: Service) -> None:
    expect(service.ask("GET", "/v2"), 404, "not-found", "http_4xx")
    expect(service.ask("GET", "/v1/summaries"), 405, "method-not-allowed", "http_4xx")


def test_413_a_body_over_the_limit(service: Service) -> None:
    answer = service.ask("POST", "/v1/summaries", b"x" * (1024 * 1024 + 1))
    expect(answer, 413, "body-too-large", "http_4xx")
    assert answer.json["body_bytes"] > answer.json["limit_bytes"] == 1024 * 1024


def test_413_a_prompt_over_the_context_tells_both_numbers(service: Service) -> None:
    body = {"article": {**ARTICLE, "text": "가나다라마바사 " * 900}}
    answer = service.ask("POST", "/v1/summaries", body)
    expect(answer, 413, "prompt-too-long", "prompt_too_long")
    assert answer.json["context_tokens"] == 4096
    assert answer.json["prompt_tokens"] + answer.json["output_tokens"] > 4096


def test_413_a_prompt_that_fits_alone_but_not_with_its_answer(service: Service) -> None:
    expect(service.summarize(output_tokens=4096), 413, "prompt-too-long", "prompt_too_long")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"article": {"id": "1", "title": "t"}},
        {"article": ARTICLE, "options": {"temperature": "hot"}},
        {"article": ARTICLE, "surprise": 1},
    ],
)
def test_422_a_field_that_cannot_be_used(service: Service, body: object) -> None:
    answer = service.ask("POST", "/v1/summaries", body)
    expect(answer, 422, "invalid", "http_4xx")
    assert answer.json["errors"]


def test_429_when_as_many_wait_as_may(basics: tuple[str, ...]) -> None:
    with serving(*basics, "--queue", "1") as service:
        waiting: list[Answer] = []
        with service.streaming(output_tokens=LONG) as first:
            assert first.readline()
            thread = threading.Thread(
                target=lambda: waiting.append(service.summarize(output_tokens=2))
            )
            thread.start()
            wait_until(lambda: service.metric("yoyak_queue_depth") == 1, "one request waits")
            refused = service.summarize(output_tokens=2)
            expect(refused, 429, "queue-full", "http_4xx")
            assert int(refused.headers["retry-after"]) >= 1
        thread.join()
        assert waiting[0].status == 200  # who waited is served once the first has gone
        refusals = service.metric("yoyak_requests_total", outcome="queue_full", phase="measured")
        assert refusals == 1


def test_504_when_the_engine_takes_too_long(basics: tuple[str, ...]) -> None:
    with serving(*basics, "--timeout-s", "0.5") as service:
        expect(service.summarize(output_tokens=LONG), 504, "timed-out", "timeout")
        wait_until(lambda: service.metric("yoyak_requests_in_flight") == 0, "its slot is free")
        assert service.summarize(output_tokens=2).status == 200


def test_504_in_a_stream_is_its_last_line(basics: tuple[str, ...]) -> None:
    with serving(*basics, "--timeout-s", "0.5") as service:
        answer = service.summarize(stream=True, output_tokens=LONG)
        assert answer.status == 200
        *_, last = (json.loads(line) for line in answer.body.splitlines())
        assert set(last) == {"error"}
        assert last["error"]["status"] == 504
        assert last["error"]["error_class"] == "timeout"


def test_502_when_the_engine_is_killed_and_503_while_it_is_down(basics: tuple[str, ...]) -> None:
    with serving(*basics) as service:
        pid = service.engine["pid"]
        assert pid != service.process.pid
        answers: list[Answer] = []
        thread = threading.Thread(
            target=lambda: answers.append(service.summarize(output_tokens=LONG))
        )
        thread.start()
        wait_until(lambda: service.metric("yoyak_requests_in_flight") == 1, "the engine works")
        os.kill(pid, signal.SIGKILL)
        thread.join()
        assert answers[0].status == 502
        assert answers[0].json["error_class"] in {"reset", "truncated"}
        down = service.summarize(output_tokens=2)
        assert down.status == 503
        assert service.ask("GET", "/readyz").status == 503
        assert service.metric("yoyak_engine_up") == 0
        assert service.ask("GET", "/healthz").status == 200
        assert service.ask("POST", "/v1/engine/load").status == 200
        assert service.summarize(output_tokens=2).status == 200
        assert not is_alive(pid)


def test_an_engine_killed_in_mid_stream_ends_it_with_an_error_line(
    basics: tuple[str, ...],
) -> None:
    with serving(*basics) as service:
        pid = service.engine["pid"]
        with service.streaming(output_tokens=LONG) as response:
            assert response.readline()
            os.kill(pid, signal.SIGKILL)
            *_, last = (json.loads(line) for line in response)
        assert last["error"]["status"] == 502


def test_503_until_the_model_is_loaded_again(basics: tuple[str, ...]) -> None:
    with serving(*basics) as service:
        assert service.ask("POST", "/v1/engine/unload").status == 204
        expect(service.summarize(output_tokens=2), 503, "not-ready", "http_5xx")
        expect(service.ask("GET", "/readyz"), 503, "not-ready", "http_5xx")
