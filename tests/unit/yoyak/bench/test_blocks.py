import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from yoyak.bench.blocks import CONSECUTIVE_FAILURES_MOST, Blocks
from yoyak.config import RunConfig
from yoyak.dataset import Article
from yoyak.engines.base import Chunk, GenerationRequest, LoadResult, Usage
from yoyak.errors import EngineError
from yoyak.load.steady import CAP, WINDOW
from yoyak.prompts import is_nonce
from yoyak.records import BlockRecord, EngineFacts, LoadRecord, ModelFacts, RequestRecord

ARTICLES = tuple(Article(id=f"a{i}", url=None, title="제목", text="가" * (i + 1)) for i in range(4))


class Timeline:
    """An engine whose requests take the times that the test wrote down, one after the other."""

    def __init__(self, times_s: list[float] | None = None, *, fails: bool = False) -> None:
        self.calls: list[str] = []
        self.requests: list[GenerationRequest] = []
        self._times_s = times_s or []
        self._fails = fails

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Chunk]:
        self.calls.append("warm-up" if request.is_warmup else "measured")
        self.requests.append(request)
        if self._fails:
            raise EngineError("gone", error_class="connect")
        loop_ns = round(asyncio.get_running_loop().time() * 1e9)
        index = len(self.requests) - 1
        took_s = self._times_s[index] if index < len(self._times_s) else 1.0
        # Stamps lie ahead of the clock: nobody has to wait for them.
        yield Chunk(loop_ns + round(took_s * 1e9), "가")
        yield Chunk(loop_ns + round(took_s * 1e9), "", Usage(output_tokens=1, prompt_tokens=5))

    async def describe(self) -> EngineFacts:
        return EngineFacts(name="timeline", model=ModelFacts(name="none"))

    async def count_tokens(self, prompt: str) -> int | None:
        return len(prompt)

    async def unload(self) -> None:
        self.calls.append("unload")

    async def load(self) -> LoadResult:
        self.calls.append("load")
        return LoadResult(load_s=2.5, state="disk", cached_ratio=0.0)

    async def close(self) -> None:
        self.calls.append("close")


class Journal:
    def __init__(self) -> None:
        self.requests: list[RequestRecord] = []
        self.loads: list[LoadRecord] = []
        self.blocks: list[BlockRecord] = []


def blocks_on(engine: Timeline, journal: Journal, config: RunConfig) -> Blocks:
    return Blocks(
        engine=engine,
        config=config,
        articles=ARTICLES,
        run_id="run",
        origin_ns=0,
        stop=asyncio.Event(),
        on_request=journal.requests.append,
        on_load=journal.loads.append,
        on_block=journal.blocks.append,
    )


@pytest.fixture
def journal() -> Journal:
    return Journal()


async def test_a_reload_unloads_first_and_records_the_load(journal: Journal) -> None:
    engine = Timeline()
    await blocks_on(engine, journal, RunConfig()).reload(3)
    assert engine.calls == ["unload", "load"]
    (load,) = journal.loads
    assert (load.repetition, load.load_s, load.state, load.cached_ratio) == (3, 2.5, "disk", 0.0)
    assert load.done_ns >= load.started_ns


async def test_warm_up_ends_once_it_is_steady(journal: Journal) -> None:
    engine = Timeline([9.0, 3.0, 1.0, 1.01, 1.02])
    await blocks_on(engine, journal, RunConfig()).warm_up(0)
    assert len(journal.requests) == 5
    assert all(record.is_warmup for record in journal.requests)


async def test_warm_up_that_never_settles_ends_at_its_cap(journal: Journal) -> None:
    engine = Timeline([2.0 ** (-i) for i in range(20)])
    await blocks_on(engine, journal, RunConfig()).warm_up(0)
    assert len(journal.requests) == CAP


async def test_every_warm_up_request_is_the_same_work(journal: Journal) -> None:
    engine = Timeline()
    await blocks_on(engine, journal, RunConfig()).warm_up(0)
    assert len(journal.requests) == WINDOW
    assert {record.article_id for record in journal.requests} == {"a3"}  # the longest
    assert len({len(request.prompt) for request in engine.requests}) == 1


@pytest.mark.parametrize("count", [0, 1, 2])
async def test_a_fixed_warm_up_is_exactly_that_many(journal: Journal, count: int) -> None:
    await blocks_on(Timeline(), journal, RunConfig(warmup=count)).warm_up(0)
    assert len(journal.requests) == count


async def test_a_repetition_measures_each_article_once(journal: Journal) -> None:
    await blocks_on(Timeline(), journal, RunConfig()).measured(0)
    assert sorted(record.article_id for record in journal.requests) == ["a0", "a1", "a2", "a3"]
    assert not any(record.is_warmup for record in journal.requests)


async def test_no_nonce_and_no_id_is_used_twice_in_a_run(journal: Journal) -> None:
    engine = Timeline()
    blocks = blocks_on(engine, journal, RunConfig(warmup=2))
    for repetition in range(3):
        await blocks.warm_up(repetition)
        await blocks.measured(repetition)
    nonces = [request.nonce for request in engine.requests]
    assert len(nonces) == len(set(nonces)) == 3 * (2 + 4)
    assert all(is_nonce(nonce) for nonce in nonces)
    assert len({request.request_id for request in engine.requests}) == len(nonces)
    assert all(request.prompt.startswith(request.nonce) for request in engine.requests)


async def test_the_options_of_the_run_are_sent_with_every_request(journal: Journal) -> None:
    engine = Timeline()
    config = RunConfig(output_tokens=7, seed=5, temperature=0.5, warmup=1)
    blocks = blocks_on(engine, journal, config)
    await blocks.warm_up(0)
    await blocks.measured(0)
    (options,) = {request.options for request in engine.requests}
    assert (options.output_tokens, options.seed, options.temperature) == (7, 5, 0.5)
    assert options.ignore_eos


async def test_failures_are_counted_and_a_dead_engine_ends_the_run(journal: Journal) -> None:
    blocks = blocks_on(Timeline(fails=True), journal, RunConfig())
    for repetition in range(10):
        await blocks.measured(repetition)
    assert blocks.stop.is_set()
    assert blocks.gave_up
    assert blocks.failed == len(journal.requests) == CONSECUTIVE_FAILURES_MOST
    assert {record.error for record in journal.requests} == {"connect"}


async def test_a_failed_warm_up_request_is_no_failed_measurement(journal: Journal) -> None:
    blocks = blocks_on(Timeline(fails=True), journal, RunConfig(warmup=2))
    await blocks.warm_up(0)
    assert (blocks.failed, len(journal.requests)) == (0, 2)


async def test_a_request_given_up_leaves_a_record(journal: Journal) -> None:
    class Endless(Timeline):
        async def stream(self, request: GenerationRequest) -> AsyncIterator[Chunk]:
            yield Chunk(1, request.nonce)
            await asyncio.Event().wait()

    blocks = blocks_on(Endless(), journal, replace(RunConfig(), concurrency=2))
    task = asyncio.create_task(blocks.measured(0))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.error for record in journal.requests] == ["cancelled", "cancelled"]


async def test_a_block_that_ended_is_recorded_and_one_that_was_stopped_is_not(
    journal: Journal,
) -> None:
    blocks = blocks_on(Timeline(), journal, RunConfig())
    await blocks.measured(0)
    blocks.stop.set()
    await blocks.measured(1)
    (block,) = journal.blocks
    assert (block.repetition, block.requests, block.ended) == (0, 4, "complete")
    assert 0 < block.started_ns <= block.done_ns


async def test_a_step_sends_so_many_requests_at_its_rate(journal: Journal) -> None:
    blocks = blocks_on(Timeline(), journal, RunConfig(slo="ttft_p95=2s", arrivals="constant"))
    await blocks.step(3, rate=1000.0, requests=10, lost=asyncio.Event())
    (block,) = journal.blocks
    assert (block.rate_per_s, block.requests, block.ended) == (1000.0, 10, "complete")
    scheduled = [record.scheduled_ns for record in journal.requests]
    assert [later - scheduled[0] for later in scheduled] == [i * 1_000_000 for i in range(10)]
    assert {record.repetition for record in journal.requests} == {3}


async def test_all_steps_share_one_order_and_one_pattern(journal: Journal) -> None:
    blocks = blocks_on(Timeline(), journal, RunConfig(slo="ttft_p95=2s"))
    for repetition, rate in enumerate((1000.0, 2000.0)):
        await blocks.step(repetition, rate=rate, requests=12, lost=asyncio.Event())
    first, second = journal.requests[:12], journal.requests[12:]
    assert [r.article_id for r in first] == [r.article_id for r in second]
    spans = [[r.scheduled_ns - part[0].scheduled_ns for r in part] for part in (first, second)]
    assert spans[0] == pytest.approx([2 * gap for gap in spans[1]], abs=2)
    assert spans[0][-1] == pytest.approx(11_000_000, abs=2)


async def test_a_step_that_is_lost_sends_no_more_and_says_so(journal: Journal) -> None:
    lost = asyncio.Event()
    blocks = blocks_on(Timeline(), journal, RunConfig(slo="ttft_p95=2s", arrivals="constant"))
    keep = blocks.on_request

    def on_request(record: RequestRecord) -> None:
        keep(record)
        if len(journal.requests) == 3:
            lost.set()

    blocks.on_request = on_request
    await blocks.step(0, rate=200.0, requests=1000, lost=lost)
    assert len(journal.requests) < 1000
    assert [block.ended for block in journal.blocks] == ["missed"]
    assert not blocks.stop.is_set()


async def test_a_rest_lasts_its_time_and_ctrl_c_ends_it(journal: Journal) -> None:
    loop = asyncio.get_running_loop()
    blocks = blocks_on(Timeline(), journal, RunConfig(cooldown=0.05))
    began = loop.time()
    await blocks.rest()
    assert loop.time() - began >= 0.05
    long = blocks_on(Timeline(), journal, RunConfig(cooldown=600.0))
    loop.call_soon(long.stop.set)
    async with asyncio.timeout(5):
        await long.rest()


async def test_a_resumed_run_counts_its_requests_from_where_it_is_told(journal: Journal) -> None:
    engine = Timeline()
    blocks = Blocks(
        engine=engine,
        config=RunConfig(),
        articles=ARTICLES,
        run_id="run",
        origin_ns=0,
        stop=asyncio.Event(),
        on_request=journal.requests.append,
        on_load=journal.loads.append,
        on_block=journal.blocks.append,
        first_index=2_000_000,
    )
    await blocks.measured(0)
    assert [r.request_id for r in journal.requests] == [f"run-{2_000_000 + i}" for i in range(4)]
