"""The Ollama adapter against `ollama_replay`, which knows the truth about every answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.engines.replays import QUICK, Replay, Script, replaying
from tests.integration.engines.requests import DEADLINE_S, a_request, ask, until

from yoyak.engines.ollama import Ollama
from yoyak.errors import EngineError, HostError


@asynccontextmanager
async def adapter(
    replay: Replay, *, model: str = "replay", context: int = 4096
) -> AsyncIterator[Ollama]:
    engine = Ollama(
        replay.url, model=model, threads=2, context=context, batch=512, timeout_s=DEADLINE_S
    )
    try:
        yield engine
    finally:
        await engine.close()


async def failure(engine: Ollama, **changes: Any) -> EngineError:  # noqa: ANN401 - a_request's
    with pytest.raises(EngineError) as caught:
        await ask(engine, a_request(**changes))
    return caught.value


async def test_stamps_are_those_of_the_servers_writes(tmp_path: Path) -> None:
    async with replaying(tmp_path, {}) as replay, adapter(replay) as engine:
        await engine.describe()
        answer = await ask(engine, a_request(output_tokens=50))
    [truth] = replay.answers()
    assert len(answer.stamps) == len(truth["written_ns"]) == 50
    lateness = sorted(
        (stamp - written) / 1e6
        for stamp, written in zip(answer.stamps, truth["written_ns"], strict=True)
    )
    assert lateness[0] >= 0
    assert lateness[len(lateness) // 2] < 5  # ms; calibrate and bench-load look closer


async def test_several_tokens_in_a_line_are_one_chunk(tmp_path: Path) -> None:
    script = {"timeline": {**QUICK, "tokens_per_chunk": [1, 4]}}
    async with replaying(tmp_path, script) as replay, adapter(replay) as engine:
        answer = await ask(engine, a_request(output_tokens=10))
    assert len(answer.stamps) == 4
    assert answer.usage.output_tokens == 10


async def test_a_model_that_stops_by_itself_is_told(tmp_path: Path) -> None:
    script = {"timeline": {**QUICK, "answer_tokens": 5}}
    async with replaying(tmp_path, script) as replay, adapter(replay) as engine:
        usage = (await ask(engine, a_request(output_tokens=10))).usage
    assert (usage.output_tokens, usage.finish_reason) == (5, "stop")


async def test_options_reach_the_server_and_none_is_ignored(tmp_path: Path) -> None:
    async with replaying(tmp_path, {}) as replay, adapter(replay) as engine:
        await ask(engine, a_request(output_tokens=10))
    [truth] = replay.answers()
    assert truth["ignored_options"] == []
    options = truth["options"]
    assert (options["num_ctx"], options["num_batch"], options["num_thread"]) == (4096, 512, 2)
    assert (options["num_predict"], options["seed"], options["temperature"]) == (10, 1, 0.0)


async def test_a_request_after_the_load_does_not_load_again(tmp_path: Path) -> None:
    async with replaying(tmp_path, {}) as replay, adapter(replay) as engine:
        await engine.describe()
        usage = (await ask(engine, a_request())).usage
    assert usage.engine_load_s is not None
    assert usage.engine_load_s < 0.25  # a load takes 0.5 s there


async def test_the_residual_of_its_durations_is_what_the_request_waited(tmp_path: Path) -> None:
    async with replaying(tmp_path, {}) as replay, adapter(replay) as engine:
        await engine.describe()
        usages = [
            answer.usage
            for answer in await asyncio.gather(*(ask(engine, a_request(i)) for i in range(2)))
        ]
    residuals = sorted(
        (u.engine_total_s or 0)
        - (u.engine_load_s or 0)
        - (u.prompt_eval_s or 0)
        - (u.decode_s or 0)
        for u in usages
    )
    # One slot: the second waits for the first answer of about 0.06 s.
    assert residuals[0] < 0.02
    assert residuals[1] > 0.03


async def test_cached_tokens_are_told_apart(tmp_path: Path) -> None:
    script = {"models": [{"name": "replay", "cached_tokens": 40}]}
    async with replaying(tmp_path, script) as replay, adapter(replay) as engine:
        usage = (await ask(engine, a_request())).usage
    assert usage.cached_tokens == 40
    assert usage.prompt_tokens is not None
    assert usage.prompt_tokens > 40


async def test_a_version_that_does_not_tell_cached_tokens_leaves_them_unknown(
    tmp_path: Path,
) -> None:
    script = {"version": "0.32.0", "models": [{"name": "replay", "cached_tokens": 40}]}
    async with replaying(tmp_path, script) as replay, adapter(replay) as engine:
        usage = (await ask(engine, a_request())).usage
    assert usage.cached_tokens is None


async def test_a_prompt_over_the_context_is_refused_not_cut(tmp_path: Path) -> None:
    async with replaying(tmp_path, {}) as replay, adapter(replay, context=512) as engine:
        error = await failure(engine, text="가" * 1000)
    assert (error.error_class, error.http_status) == ("prompt_too_long", 400)


async def test_a_prompt_that_leaves_no_room_for_its_answer_is_an_error(tmp_path: Path) -> None:
    async with replaying(tmp_path, {}) as replay, adapter(replay, context=512) as engine:
        error = await failure(engine, text="가" * 300, output_tokens=200)
    assert error.error_class == "prompt_too_long"
    assert "512" in str(error)


async def test_the_facts_are_those_of_the_loaded_model(tmp_path: Path) -> None:
    script = {
        "models": [
            {"name": "replay:q4", "gpu_share": 0.75, "context_length": 2048, "digest": "ab" * 32}
        ]
    }
    async with (
        replaying(tmp_path, script) as replay,
        adapter(replay, model="replay:q4") as engine,
    ):
        facts = await engine.describe()
    assert facts.version == "0.33.3"
    assert facts.backend == "25%/75% cpu/gpu"
    assert facts.context_tokens == 2048  # not the 4096 asked for: the model's own limit
    assert facts.model.manifest_digest == "ab" * 32
    assert (facts.model.quantization, facts.model.parameters) == ("Q4_0", 7_241_732_096)
    assert (facts.can_reload, facts.forces_output_length, facts.cache_prompt) == (True, False, True)
    assert facts.pid is not None


async def test_a_model_that_is_not_there_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    async with replaying(tmp_path, {}) as replay, adapter(replay, model="qwen3:0.6b") as engine:
        with pytest.raises(HostError, match=r'"qwen3:0.6b" is not on .*ollama pull qwen3:0.6b'):
            await engine.describe()


async def test_unload_returns_when_the_model_is_gone_and_load_when_it_is_there(
    tmp_path: Path,
) -> None:
    script = {"models": [{"name": "replay", "load_s": 0.2, "unload_s": 0.15}]}
    async with replaying(tmp_path, script) as replay, adapter(replay) as engine:
        await engine.describe()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await engine.unload()
        assert 0.1 < loop.time() - began < 2
        load = await engine.load()
        assert 0.19 < load.load_s < 2
        assert load.state is None  # nobody tells where its file lies
        again = await engine.load()
        assert (again.state, again.load_s < 0.19) == ("resident", True)


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        ({"kind": "no_done"}, "truncated"),
        ({"kind": "cut", "after_chunks": 3}, "reset"),
        ({"kind": "cut", "after_chunks": 3, "framing": "clean"}, "truncated"),
        ({"kind": "error_line", "after_chunks": 3}, "engine_error"),
        ({"kind": "reset", "after_chunks": 3}, "reset"),
        ({"kind": "garbage"}, "protocol"),
        ({"kind": "garbage", "place": "head"}, "protocol"),
        ({"kind": "status", "status": 404}, "http_4xx"),
        ({"kind": "status", "status": 503}, "http_5xx"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
async def test_a_fault_has_its_class_and_touches_no_other_request(
    tmp_path: Path, fault: Script, error_class: str
) -> None:
    script = {"faults": [{**fault, "requests": [1]}]}
    async with replaying(tmp_path, script) as replay, adapter(replay) as engine:
        assert (await ask(engine, a_request(0))).usage.output_tokens == 16
        assert (await failure(engine, index=1)).error_class == error_class
        assert (await ask(engine, a_request(2))).usage.output_tokens == 16


async def test_a_restarted_server_is_spoken_to_again(tmp_path: Path) -> None:
    fault = {"kind": "restart", "requests": [1], "after_chunks": 2, "for_s": 0.1}
    async with replaying(tmp_path, {"faults": [fault]}) as replay, adapter(replay) as engine:
        await ask(engine, a_request(0))
        assert (await failure(engine, index=1)).error_class == "reset"
        answered: list[int] = []

        async def try_again() -> None:
            for index in range(2, 200):
                try:
                    await ask(engine, a_request(index))
                except EngineError as error:
                    assert error.error_class == "connect"  # noqa: PT017 - as long as it is away
                    await asyncio.sleep(0.02)
                else:
                    answered.append(index)
                    return

        await try_again()
        assert answered


async def test_leaving_an_answer_makes_the_server_stop(tmp_path: Path) -> None:
    script = {"timeline": {**QUICK, "gap_s": 0.05}}
    async with replaying(tmp_path, script) as replay, adapter(replay) as engine:
        await engine.describe()
        task = asyncio.create_task(ask(engine, a_request(output_tokens=2000)))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: bool(replay.answers()))
        [truth] = replay.answers()
        assert truth["output_tokens"] < 2000
        assert (await ask(engine, a_request(1))).usage.output_tokens == 16  # its slot is free
