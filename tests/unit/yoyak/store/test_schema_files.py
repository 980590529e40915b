import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.unit.yoyak.runs import a_manifest, a_request

from yoyak.dataset import Article, article_line
from yoyak.store.codec import to_json
from yoyak.store.schema_files import schemas

FOLDER = Path(__file__).parents[4] / "docs" / "schema"


@pytest.mark.parametrize(("name", "schema"), schemas().items())
def test_the_committed_schema_is_current(name: str, schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert json.loads((FOLDER / name).read_text()) == schema, "make schemas writes it anew"


def test_no_other_schema_lies_in_the_folder() -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(schemas())


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("requests.schema.json", to_json(a_request())),
        ("requests.schema.json", to_json(a_request(error="timeout", decode_s=None))),
        ("manifest.schema.json", to_json(a_manifest())),
        (
            "articles.schema.json",
            article_line(Article(id="a", url=None, title="t", text="x", extra={"section": "경제"})),
        ),
    ],
)
def test_a_record_fits_its_schema(name: str, line: str) -> None:
    Draft202012Validator(schemas()[name]).validate(json.loads(line))


def test_a_zero_length_run_of_wrong_types_does_not_fit() -> None:
    wrong = {**json.loads(to_json(a_request())), "chunk_ns": "none", "repetition": None}
    errors = list(Draft202012Validator(schemas()["requests.schema.json"]).iter_errors(wrong))
    assert {str(error.path[0]) for error in errors} == {"chunk_ns", "repetition"}
