"""The summarizer adapter against the service itself, with the embedded engine behind it."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.integration.engines.requests import DEADLINE_S, a_request, ask

from yoyak import prompts
from yoyak.engines.summarizer import SummarizerService
from yoyak.errors import EngineError

CONTEXT = 1024


@pytest.fixture(scope="module")
def url(tiny_model: Path) -> Iterator[str]:
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "summarizer", "--port", "0", "--die-with-parent"),
            *("--model", str(tiny_model), "--threads", "1"),
            *("--context", str(CONTEXT), "--batch", "512"),
        ],
        stdout=subprocess.PIPE,
    ) as service:
        assert service.stdout is not None
        yield json.loads(service.stdout.readline())["url"]
        service.terminate()


@pytest.fixture
async def service(url: str) -> AsyncIterator[SummarizerService]:
    adapter = SummarizerService(url, timeout_s=DEADLINE_S, change_timeout_s=DEADLINE_S)
    await adapter.describe()
    yield adapter
    await adapter.close()


async def test_it_says_what_stands_behind_it(service: SummarizerService, url: str) -> None:
    facts = await service.describe()
    assert (facts.name, facts.via, facts.url) == ("llamacpp", "summarizer", url)
    assert (facts.threads, facts.context_tokens, facts.parallel) == (1, CONTEXT, 1)
    assert facts.template_sha256 == prompts.TEMPLATE_SHA256
    assert facts.model.synthetic is True
    assert facts.pid is not None


async def test_an_answer_has_the_engines_counts_and_our_stamps(service: SummarizerService) -> None:
    request = a_request(output_tokens=20)
    answer = await ask(service, request)
    assert len(answer.stamps) == answer.usage.output_tokens == 20
    assert answer.usage.prompt_tokens == await service.count_tokens(request.prompt)
    assert answer.usage.cached_tokens == 0
    assert answer.usage.decode_s is not None


async def test_tokens_of_a_prompt_that_is_not_of_the_template_are_unknown(
    service: SummarizerService,
) -> None:
    assert await service.count_tokens("요약하세요") is None


async def test_a_prompt_over_the_context_has_its_own_class(service: SummarizerService) -> None:
    with pytest.raises(EngineError, match=str(CONTEXT)) as caught:
        await ask(service, a_request(text="가온증권은 " * 500))
    assert (caught.value.error_class, caught.value.http_status) == ("prompt_too_long", 413)


async def test_it_unloads_and_loads_the_model(service: SummarizerService) -> None:
    first = await service.describe()
    await service.unload()
    with pytest.raises(EngineError, match="unloaded") as caught:
        await ask(service, a_request())
    assert caught.value.http_status == 503
    load = await service.load()
    assert (load.state, load.cached_ratio) == ("page_cache", 1.0)
    assert load.load_s > 0
    assert (await service.describe()).pid != first.pid
    assert (await ask(service, a_request())).usage.output_tokens == 16
