"""A synthetic model in the real llama.cpp: it loads, talks, and tokenizes like SentencePiece."""

import math
import runpy
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import sentencepiece

from yoyak.models import synth
from yoyak.models.vocabulary import mistral_tokenizer_path

HERE = Path(__file__).parent
LLAMA_SERVER = runpy.run_path(str(HERE / "llama_server.py"))
SILENT_TOKENS = range(259)  # <unk>, <s>, </s>, then the 256 bytes
OLLAMA_STOPS_AT_REPEATS = 30

Post = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    """Ask a server that has the tiny model loaded."""
    model = synth("tiny", tmp_path_factory.mktemp("model") / "tiny.gguf").path
    with LLAMA_SERVER["serving"](model, context=2048) as post:
        yield post


def complete(post: Post, output_tokens: int, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    body = {
        "prompt": "가람투자증권은 12일 올해 3분기 영업이익이",
        "n_predict": output_tokens,
        "temperature": 0,
        "return_tokens": True,
        "cache_prompt": False,
    }
    return post("/completion", body | options)


def test_it_writes_32_tokens_and_stops_at_the_limit(post: Post) -> None:
    answer = complete(post, 32)
    assert answer["stop_type"] == "limit"
    assert len(answer["tokens"]) == answer["tokens_predicted"] == 32


def test_its_logits_are_finite(post: Post) -> None:
    answer = complete(post, 8, n_probs=40)
    logprobs = [
        candidate["logprob"]
        for token in answer["completion_probabilities"]
        for candidate in token["top_logprobs"]
    ]
    assert len(logprobs) == 8 * 40
    assert all(isinstance(logprob, float) and math.isfinite(logprob) for logprob in logprobs)


@pytest.mark.parametrize("temperature", [0, 0.8])
def test_no_silent_token_is_drawn_and_the_text_is_whole_utf_8(
    post: Post, temperature: float
) -> None:
    answer = complete(post, 300, temperature=temperature, seed=1, top_k=40)
    assert answer["stop_type"] == "limit"
    assert not set(answer["tokens"]) & set(SILENT_TOKENS)
    assert "\ufffd" not in answer["content"]


def test_it_repeats_no_token_so_often_that_ollama_would_stop_it(post: Post) -> None:
    tokens = complete(post, 1000)["tokens"]
    longest = max(len(list(run)) for _, run in groupby(tokens))
    assert longest < OLLAMA_STOPS_AT_REPEATS


def test_its_chat_template_is_mistrals_instruction_form(post: Post) -> None:
    messages = [
        {"role": "user", "content": "요약해 줘"},
        {"role": "assistant", "content": "그래"},
        {"role": "user", "content": "고마워"},
    ]
    prompt = post("/apply-template", {"messages": messages})["prompt"]
    assert prompt == "[INST] 요약해 줘 [/INST] 그래</s>[INST] 고마워 [/INST]"


def test_its_token_ids_are_those_of_sentencepiece(post: Post) -> None:
    reference = sentencepiece.SentencePieceProcessor(model_file=str(mistral_tokenizer_path()))
    texts: list[str] = runpy.run_path(str(HERE / "texts.py"))["texts"]()
    assert len(texts) >= 300
    token_ids = LLAMA_SERVER["token_ids"]
    assert [text for text in texts if token_ids(post, text) != reference.encode(text)] == []
