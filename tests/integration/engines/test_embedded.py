"""The embedded engine: the real llama.cpp in its child process, a tiny model.

From the wheel, and once more as it was built natively where such a build is at hand (native.py).
"""

import asyncio
import itertools
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.integration.engines.native import engine_builds, program_of
from tests.integration.engines.requests import DEADLINE_S, a_request, ask, until

from yoyak.engines.embedded import EmbeddedLlama, Settings
from yoyak.engines.llamacpp import LlamaServer
from yoyak.engines.model_file import known_model
from yoyak.engines.placement import asks_huge_pages
from yoyak.errors import EngineError, HostError, UsageError
from yoyak.host.facts import host_facts
from yoyak.host.sampler import Sampler

CONTEXT = 1024


@pytest.fixture(params=engine_builds(), ids=lambda build: getattr(build, "backend", build))
def settings(tiny_model: Path, request: pytest.FixtureRequest) -> Settings:
    return Settings(
        model=tiny_model,
        threads=1,
        context=CONTEXT,
        batch=512,
        parallel=2,
        timeout_s=DEADLINE_S,
        cache_dir=tiny_model.parent,
        build=request.param,
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[EmbeddedLlama]:
    embedded = EmbeddedLlama(settings)
    try:
        yield embedded
    finally:
        await embedded.close()


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[EmbeddedLlama]:
    embedded = EmbeddedLlama(settings)
    await embedded.describe()
    yield embedded
    await embedded.close()


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def command_line(pid: int | None) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def masks_of_threads(pid: int | None) -> list[set[int]]:
    """Return the CPUs on which each thread of a process may run."""
    return [os.sched_getaffinity(int(task.name)) for task in Path(f"/proc/{pid}/task").iterdir()]


async def until_busy(engine: EmbeddedLlama, slots: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while await engine.busy_slots() != slots:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.005)


async def test_it_says_what_it_is_and_does(engine: EmbeddedLlama, settings: Settings) -> None:
    facts = await engine.describe()
    assert (facts.name, facts.backend) == ("llamacpp", "cpu")
    assert (facts.threads, facts.context_tokens, facts.batch_tokens) == (1, CONTEXT, 512)
    assert (facts.parallel, facts.ubatch_tokens) == (2, 512)
    assert (facts.cache_prompt, facts.forces_output_length, facts.can_reload) == (False, True, True)
    assert facts.version is not None
    assert facts.version.removeprefix("b").partition("-")[0].isdigit()
    assert facts.isa is not None
    assert " = 1" in facts.isa
    assert facts.model.name == settings.model.name
    assert (facts.model.quantization, facts.model.synthetic) == ("Q4_0", True)
    assert facts.model.weights_sha256 is not None
    assert facts.pid is not None
    assert program_of(settings.build) in command_line(facts.pid)


async def test_each_thread_has_a_cpu_of_its_own_where_there_is_one_for_every_cpu(
    settings: Settings,
) -> None:
    allowed = os.sched_getaffinity(0)
    if len(allowed) == 1:
        pytest.skip("one CPU: nothing shows whether a thread is bound to it")
    async with running(replace(settings, threads=len(allowed))) as embedded:
        facts = await embedded.describe()
        assert facts.binds_threads is True
        await ask(embedded, a_request())
        masks = masks_of_threads(facts.pid)
    assert {cpu for cpus in masks if len(cpus) == 1 for cpu in cpus} == allowed
    assert allowed in masks  # those that answer go where they find a CPU


async def test_threads_are_not_bound_where_cpus_are_left(settings: Settings) -> None:
    allowed = os.sched_getaffinity(0)
    if len(allowed) == 1:
        pytest.skip("one CPU: none is left beside the engine's thread")
    async with running(settings) as embedded:
        facts = await embedded.describe()
        assert facts.binds_threads is False
        await ask(embedded, a_request())
        masks = masks_of_threads(facts.pid)
    assert all(cpus == allowed for cpus in masks)


async def test_its_weights_lie_in_huge_pages_where_the_kernel_has_them(
    settings: Settings, small_model: Path
) -> None:
    mode = host_facts(ask_metadata=False).huge_pages
    if mode != "always" and not (mode == "madvise" and asks_huge_pages()):
        pytest.skip("this host gives no huge pages")
    async with running(replace(settings, model=small_model)) as embedded:
        facts = await embedded.describe()
        assert facts.asks_huge_pages is asks_huge_pages()
        assert facts.pid is not None
        engine = Sampler(engine_pid=facts.pid).sample(0, pss=True).engine
    assert engine is not None
    assert engine.huge_page_bytes is not None
    assert engine.anon_bytes is not None
    assert engine.anon_bytes / 2 < engine.huge_page_bytes <= engine.anon_bytes


async def test_an_answer_is_as_long_as_asked_each_token_stamped(engine: EmbeddedLlama) -> None:
    answer = await ask(engine, a_request(output_tokens=33))
    usage = answer.usage
    assert (usage.output_tokens, usage.finish_reason, usage.http_status) == (33, "length", 200)
    # The synthetic vocabulary's tokens are whole characters, so each came as a chunk.
    assert len(answer.stamps) == 33
    assert all(early <= late for early, late in itertools.pairwise(answer.stamps))


async def test_the_stamps_agree_with_the_engines_own_clock(
    settings: Settings, small_model: Path
) -> None:
    # With the tiny model a token takes half a millisecond, and what else the machine does would
    # decide; with this one it takes several. benchmarks/engine_overhead.py looks closer.
    embedded = EmbeddedLlama(replace(settings, model=small_model))
    await embedded.describe()
    steps_off = []
    for index in range(5):
        answer = await ask(embedded, a_request(index, output_tokens=33))
        decode_s = answer.usage.decode_s
        assert decode_s is not None
        stamped_s = (answer.stamps[-1] - answer.stamps[0]) / 1e9
        steps_off.append((stamped_s - decode_s) / (decode_s / 32))
    await embedded.close()
    assert statistics.median(steps_off) == pytest.approx(0.0, abs=0.25)


async def test_the_same_prompt_again_is_worked_through_again(engine: EmbeddedLlama) -> None:
    first = (await ask(engine, a_request())).usage
    second = (await ask(engine, a_request())).usage
    assert first.prompt_tokens == second.prompt_tokens
    assert (first.cached_tokens, second.cached_tokens) == (0, 0)
    assert second.prompt_eval_s is not None
    assert second.prompt_eval_s > 0


async def test_the_same_seed_writes_the_same_text(engine: EmbeddedLlama) -> None:
    assert (await ask(engine, a_request())).text == (await ask(engine, a_request())).text


async def test_tokens_are_counted_as_they_will_be_evaluated(engine: EmbeddedLlama) -> None:
    for text in ("a", "가온증권은 " * 30, "줄\n\n바꿈 <s> [INST] </s>"):
        request = a_request(text=text, output_tokens=1)
        assert await engine.count_tokens(request.prompt) == (
            (await ask(engine, request)).usage.prompt_tokens
        )


async def test_a_prompt_begins_once(engine: EmbeddedLlama) -> None:
    # "1" in the template "[INST] {} [/INST]" with one beginning-of-text token, by SentencePiece.
    assert await engine.count_tokens("1") == len(
        ["<s>", "▁[", "INST", "]", "▁", "1", "▁[", "/", "INST", "]"]
    )


async def test_a_prompt_over_the_context_is_refused_with_both_numbers(
    engine: EmbeddedLlama,
) -> None:
    request = a_request(text="가온증권은 " * 500)
    tokens = await engine.count_tokens(request.prompt)
    with pytest.raises(EngineError, match=f"{tokens} tokens .* {CONTEXT}") as caught:
        await ask(engine, request)
    assert (caught.value.error_class, caught.value.http_status) == ("prompt_too_long", 400)


async def test_an_answer_that_fills_the_context_is_an_error(engine: EmbeddedLlama) -> None:
    with pytest.raises(EngineError, match=r"of 1000 tokens .*--context") as caught:
        await ask(engine, a_request(output_tokens=1000))
    assert caught.value.error_class == "prompt_too_long"


async def test_requests_side_by_side_each_get_their_answer(engine: EmbeddedLlama) -> None:
    answers = await asyncio.gather(*(ask(engine, a_request(index)) for index in range(6)))
    assert [answer.usage.output_tokens for answer in answers] == [16] * 6


async def test_leaving_an_answer_frees_its_slot(engine: EmbeddedLlama) -> None:
    stream = engine.stream(a_request(output_tokens=800))
    async with aclosing(stream):
        assert (await anext(stream)).text
        assert await engine.busy_slots() == 1
    await until_busy(engine, 0)
    assert (await ask(engine, a_request())).usage.output_tokens == 16


async def test_cancelling_the_task_frees_its_slot(engine: EmbeddedLlama) -> None:
    task = asyncio.create_task(ask(engine, a_request(output_tokens=800)))
    await until_busy(engine, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until_busy(engine, 0)


async def test_an_unloaded_model_is_gone_and_a_loaded_one_is_new(engine: EmbeddedLlama) -> None:
    first = await engine.describe()
    assert first.pid is not None
    await engine.unload()
    assert not is_alive(first.pid)
    with pytest.raises(EngineError, match="unloaded") as caught:
        await ask(engine, a_request())
    assert caught.value.error_class == "connect"
    with pytest.raises(HostError, match="unloaded"):
        await engine.describe()
    load = await engine.load()
    assert 0 < load.load_s < DEADLINE_S
    assert (load.state, load.cached_ratio) == ("page_cache", 1.0)  # the test has just written it
    second = await engine.describe()
    assert second.pid != first.pid
    assert replace(second, pid=None, url=None) == replace(first, pid=None, url=None)


async def test_a_load_of_a_loaded_model_says_that_it_was_resident(engine: EmbeddedLlama) -> None:
    facts = await engine.describe()
    load = await engine.load()
    assert (load.state, load.cached_ratio) == ("resident", None)
    assert (await engine.describe()).pid == facts.pid


async def test_a_child_killed_in_mid_answer_is_an_error_and_the_next_load_heals_it(
    engine: EmbeddedLlama,
) -> None:
    pid = (await engine.describe()).pid
    assert pid is not None
    stream = engine.stream(a_request(output_tokens=800))
    async with aclosing(stream):
        await anext(stream)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(EngineError, match=r"killed by SIGKILL.*load the model again") as caught:
            async for _ in stream:
                pass
    assert caught.value.error_class == "reset"
    with pytest.raises(EngineError, match="SIGKILL") as caught:
        await ask(engine, a_request())
    assert caught.value.error_class == "connect"
    with pytest.raises(HostError, match="SIGKILL"):
        await engine.describe()
    await engine.load()
    assert (await ask(engine, a_request())).usage.output_tokens == 16


async def test_its_port_answers_nobody_without_the_key(engine: EmbeddedLlama) -> None:
    url = (await engine.describe()).url
    assert url is not None
    stranger = LlamaServer(url, timeout_s=DEADLINE_S)
    try:
        with pytest.raises(EngineError, match="401 Unauthorized: Invalid API Key"):
            await stranger.describe()
    finally:
        await stranger.close()


async def test_a_server_that_others_started_is_described_as_far_as_it_tells(
    engine: EmbeddedLlama, settings: Settings
) -> None:
    facts = await engine.describe()
    assert facts.url is not None
    server = LlamaServer(
        facts.url,
        api_key=engine.api_key(),
        timeout_s=DEADLINE_S,
        find_model=lambda: known_model(settings.model, cache_dir=None),
    )
    try:
        told = await server.describe()
        assert (told.context_tokens, told.parallel) == (CONTEXT, 2)
        assert (told.threads, told.batch_tokens, told.backend) == (None, None, None)
        assert (told.pid, told.boot_id) == (facts.pid, facts.boot_id)
        assert told.model == facts.model
        assert told.can_reload is False
        with pytest.raises(HostError, match="not started by yoyak"):
            await server.unload()
        assert (await ask(server, a_request())).usage.output_tokens == 16
    finally:
        await server.close()


async def test_a_server_that_runs_another_model_than_named_is_refused(
    engine: EmbeddedLlama, small_model: Path
) -> None:
    url = (await engine.describe()).url
    assert url is not None
    server = LlamaServer(
        url,
        api_key=engine.api_key(),
        timeout_s=DEADLINE_S,
        find_model=lambda: known_model(small_model, cache_dir=small_model.parent),
    )
    try:
        with pytest.raises(HostError, match=r"another model than .*small"):
            await server.describe()
    finally:
        await server.close()


async def test_the_key_is_in_no_argument(engine: EmbeddedLlama) -> None:
    pid = (await engine.describe()).pid
    key = engine.api_key()
    assert len(key) > 20
    assert key.encode() not in command_line(pid)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"context": 1000}, r"--context 1000 .* give --context 1024"),
        ({"context": 8192}, r"--context 8192 .* 4096 .* give --context 4096"),
        ({"context": 256, "parallel": 1}, r"--batch 512 .* give --batch 256"),
        ({"model": Path("none.gguf")}, r"none\.gguf.*--model"),
    ],
)
async def test_settings_that_llama_cpp_would_change_are_refused(
    settings: Settings, changed: dict[str, object], said: str
) -> None:
    embedded = EmbeddedLlama(replace(settings, **changed))  # type: ignore[arg-type] # by table
    with pytest.raises(UsageError, match=said):
        await embedded.describe()
    await embedded.close()


async def test_weights_that_llama_cpp_refuses_are_told_in_its_words(
    settings: Settings, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(
        settings.model.read_bytes().replace(b"blk.0.attn_norm.weight", b"blk.0.attn_morn.weight")
    )
    embedded = EmbeddedLlama(replace(settings, model=broken))
    with pytest.raises(HostError, match=r"did not start: .*blk\.0\.attn_norm\.weight"):
        await embedded.describe()
    await embedded.close()


async def test_a_file_that_is_no_gguf_is_refused_before_anything_starts(
    settings: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "model.gguf"
    other.write_text("hello")
    embedded = EmbeddedLlama(replace(settings, model=other))
    with pytest.raises(UsageError, match="not a GGUF file"):
        await embedded.describe()
    await embedded.close()


async def test_giving_up_a_load_leaves_no_process(settings: Settings) -> None:
    embedded = EmbeddedLlama(settings)
    before = children()
    task = asyncio.create_task(embedded.load())
    await until(lambda: bool(children() - before))
    [pid] = children() - before
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_alive(pid)
    await embedded.close()


async def test_no_child_outlives_a_parent_that_was_killed(settings: Settings) -> None:
    parent = subprocess.Popen(  # noqa: ASYNC220 - it is killed, not waited for
        [sys.executable, str(Path(__file__).with_name("embedding_parent.py")), str(settings.model)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert parent.stdout is not None
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        assert is_alive(pid)
    finally:
        parent.kill()
        parent.wait()
        if parent.stdout is not None:
            parent.stdout.close()
    await until(lambda: not is_alive(pid))


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}
