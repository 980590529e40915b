"""/openapi.json describes what the service really takes and gives."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.integration.summarizer.running import ARTICLE, Service


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    answer: dict[str, Any] = service.ask("GET", "/openapi.json").json
    return answer


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def validator(document: dict[str, Any], name: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    )


def test_it_is_openapi_31_with_every_address(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/v1/summaries",
        "/v1/tokens",
        "/v1/engine",
        "/v1/engine/load",
        "/v1/engine/unload",
        "/metrics",
        "/healthz",
        "/readyz",
        "/sd",
    }


def test_every_reference_resolves_and_every_schema_is_one(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_says_what_it_answers(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                assert response["description"], f"{method} {path} {status}"


def test_the_errors_of_a_summary_are_problem_documents(document: dict[str, Any]) -> None:
    responses = document["paths"]["/v1/summaries"]["post"]["responses"]
    assert set(responses) == {"200", "400", "413", "422", "429", "502", "503", "504"}
    for status in set(responses) - {"200"}:
        assert set(responses[status]["content"]) == {"application/problem+json"}, status


def test_real_answers_fit_their_schemas(service: Service, document: dict[str, Any]) -> None:
    validator(document, "SummaryOut").validate(service.summarize(output_tokens=2).json)
    validator(document, "ProblemOut").validate(service.summarize(output_tokens=0).json)
    validator(document, "SummaryRequest").validate({"article": ARTICLE, "stream": True})
