"""What a request may hold."""

from typing import Any

import pytest
from pydantic import ValidationError

from summarizer.schema import SummaryRequest, draw_nonce
from yoyak import prompts
from yoyak.config import RunConfig

ARTICLE = {"id": "1", "title": "제목", "text": "본문"}


def test_options_default_to_those_of_a_run() -> None:
    options = SummaryRequest.model_validate({"article": ARTICLE}).options
    run = RunConfig()
    assert (options.output_tokens, options.seed, options.temperature) == (
        run.output_tokens,
        run.seed,
        run.temperature,
    )
    assert options.nonce is None
    assert options.ignore_eos


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"article": {**ARTICLE, "text": ""}},
        {"article": {**ARTICLE, "id": 1}},
        {"article": {**ARTICLE, "url": "https://example.com"}},
        {"article": ARTICLE, "stream": "yes"},
        {"article": ARTICLE, "options": {"output_tokens": 0}},
        {"article": ARTICLE, "options": {"output_tokens": "20"}},
        {"article": ARTICLE, "options": {"output_tokens": True}},
        {"article": ARTICLE, "options": {"seed": -1}},
        {"article": ARTICLE, "options": {"seed": 2**32 - 1}},
        {"article": ARTICLE, "options": {"temperature": -0.1}},
        {"article": ARTICLE, "options": {"temperature": float("nan")}},
        {"article": ARTICLE, "options": {"nonce": "123"}},
        {"article": ARTICLE, "options": {"nonce": "x" * 16}},
        {"article": ARTICLE, "options": {"outputtokens": 20}},
    ],
)
def test_what_is_misspelt_mistyped_or_out_of_range_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SummaryRequest.model_validate(body)


def test_a_whole_number_is_a_temperature() -> None:
    body = {"article": ARTICLE, "options": {"temperature": 1}}
    assert SummaryRequest.model_validate(body).options.temperature == 1.0


def test_a_drawn_nonce_has_a_nonces_form_and_is_another_each_time() -> None:
    drawn = {draw_nonce() for _ in range(100)}
    assert all(prompts.is_nonce(nonce) for nonce in drawn)
    assert len(drawn) == 100
