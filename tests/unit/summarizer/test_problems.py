"""Problem documents: status, type, class for the client's record, outcome for our counter."""

import json

import pytest

from summarizer import problems
from summarizer.problems import KINDS, Kind, Problem
from yoyak.errors import ERROR_CLASSES, EngineError
from yoyak.telemetry import names


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.slug)
def test_every_kind_uses_the_closed_sets(kind: Kind) -> None:
    assert kind.error_class in ERROR_CLASSES
    assert kind.outcome in names.OUTCOMES
    assert 400 <= kind.status < 600


def test_no_two_kinds_share_a_type() -> None:
    assert len({kind.slug for kind in KINDS}) == len(KINDS)


def test_a_document_has_rfc_9457s_members_and_ours() -> None:
    problem = Problem(problems.QUEUE_FULL, "2 wait already", retry_after_s=3, queue=2)
    assert json.loads(problem.body("r1")) == {
        "type": "urn:yoyak:problem:queue-full",
        "title": "The queue is full",
        "status": 429,
        "detail": "2 wait already",
        "error_class": "http_4xx",
        "request_id": "r1",
        "queue": 2,
    }


def test_headers_name_the_media_type_the_wait_and_the_request() -> None:
    headers = dict(Problem(problems.QUEUE_FULL, "full", retry_after_s=3).headers("r1"))
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"retry-after"] == b"3"
    assert headers[b"x-request-id"] == b"r1"


@pytest.mark.parametrize(
    ("error_class", "status"),
    [
        ("prompt_too_long", 413),
        ("timeout", 504),
        ("connect", 503),
        ("reset", 502),
        ("truncated", 502),
        ("protocol", 502),
        ("http_4xx", 502),
        ("http_5xx", 502),
        ("engine_error", 502),
    ],
)
def test_an_engines_error_keeps_its_class_and_gets_a_status(error_class: str, status: int) -> None:
    problem = problems.of_engine_error(EngineError("it broke", error_class=error_class))
    assert (problem.kind.status, problem.error_class) == (status, error_class)
    assert problem.outcome == error_class


def test_broken_json_is_400_and_says_where() -> None:
    errors = [
        {
            "type": "json_invalid",
            "loc": ("body", 9),
            "msg": "JSON decode error",
            "ctx": {"error": "Expecting value"},
        }
    ]
    problem = problems.of_validation(errors)
    assert problem.kind.status == 400
    assert problem.detail == "the body is not JSON: Expecting value at character 9"


def test_a_body_that_is_no_object_is_400() -> None:
    errors = [{"type": "model_attributes_type", "loc": ("body",), "msg": "not an object"}]
    assert problems.of_validation(errors).kind.status == 400


def test_wrong_fields_are_422_with_a_pointer_each() -> None:
    errors = [
        {"type": "missing", "loc": ("body", "article", "id"), "msg": "Field required"},
        {"type": "int_type", "loc": ("body", "options", "seed"), "msg": "no integer"},
    ]
    problem = problems.of_validation(errors)
    assert problem.kind.status == 422
    assert problem.detail == "/article/id: Field required (and 1 more)"
    assert problem.document()["errors"] == [
        {"pointer": "/article/id", "detail": "Field required"},
        {"pointer": "/options/seed", "detail": "no integer"},
    ]


@pytest.mark.parametrize(("status", "slug"), [(404, "not-found"), (405, "method-not-allowed")])
def test_the_frameworks_own_statuses_are_documents_too(status: int, slug: str) -> None:
    problem = problems.of_status(status, "/v2")
    assert (problem.kind.status, problem.kind.slug) == (status, slug)
    assert "/v2" in problem.detail
