import pytest

from yoyak.engines import ENGINES, open_engine
from yoyak.engines.embedded import EmbeddedLlama
from yoyak.engines.llamacpp import LlamaServer
from yoyak.engines.ollama import Ollama
from yoyak.engines.openai import OpenAi
from yoyak.engines.summarizer import SummarizerService
from yoyak.errors import UsageError


def opened(name: str, url: str | None = None, model: str | None = None) -> object:
    return open_engine(
        name, url=url, model=model, threads=2, context=512, batch=512, parallel=1, timeout_s=9.0
    )


async def test_llamacpp_without_an_address_is_started_by_us() -> None:
    assert isinstance(opened("llamacpp", model="model.gguf"), EmbeddedLlama)


async def test_llamacpp_with_an_address_runs_already() -> None:
    assert isinstance(opened("llamacpp", url="http://127.0.0.1:8080"), LlamaServer)


async def test_the_summarizer_has_a_usual_address() -> None:
    assert isinstance(opened("summarizer"), SummarizerService)


def test_an_unknown_engine_is_refused_with_the_names_of_the_others() -> None:
    with pytest.raises(UsageError, match='no engine "vllm"') as caught:
        opened("vllm")
    assert all(name in str(caught.value) for name in ENGINES)


def test_the_embedded_engine_needs_a_model() -> None:
    with pytest.raises(UsageError, match="yoyak model synth"):
        opened("llamacpp")


async def test_ollama_and_openai_have_usual_addresses() -> None:
    assert isinstance(opened("ollama", model="mistral"), Ollama)
    assert isinstance(opened("openai"), OpenAi)


def test_ollama_needs_a_models_name() -> None:
    with pytest.raises(UsageError, match="--model mistral"):
        opened("ollama")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no address"):
        opened("summarizer", url="localhost")
