"""The official `ollama` package as an independent reader of what we write."""

import asyncio
from collections.abc import Callable, Iterator

import ollama
import pytest

from ollama_replay import Model, Pull, Replay, Timeline

Start = Callable[..., Replay]
MESSAGES = [{"role": "user", "content": "다음 기사를 요약해 줘"}]


@pytest.fixture
def client(replay: Replay) -> Iterator[ollama.Client]:
    with ollama.Client(host=replay.url) as one:
        yield one


def test_it_reads_a_streamed_chat(client: ollama.Client, replay: Replay) -> None:
    parts = list(client.chat(model="replay", messages=MESSAGES, stream=True))
    assert [part.done for part in parts] == [False] * 8 + [True]
    last = parts[-1]
    assert (last.done_reason, last.eval_count) == ("stop", 8)
    assert last.eval_duration == 7 * 2_000_000
    assert last.prompt_eval_count == len(MESSAGES[0]["content"]) + 1
    assert last.load_duration is not None
    assert last.load_duration >= 2_000_000
    text = "".join(part.message.content or "" for part in parts)
    assert text == replay.answers(1)[0]["text"]


def test_it_reads_a_chat_in_one_body(client: ollama.Client) -> None:
    whole = client.chat(model="replay", messages=MESSAGES, options={"num_predict": 3})
    streamed = client.chat(
        model="replay", messages=MESSAGES, options={"num_predict": 3}, stream=True
    )
    assert whole.message.content == "".join(part.message.content or "" for part in streamed)
    assert (whole.done, whole.done_reason, whole.eval_count) == (True, "length", 3)


def test_generate_has_a_context_unless_raw(client: ollama.Client) -> None:
    whole = client.generate(model="replay", prompt="요약", options={"num_predict": 3})
    assert whole.context is not None
    assert len(whole.context) == 3 + 3  # prompt with its begin of text, answer
    raw = client.generate(model="replay", prompt="요약", raw=True, options={"num_predict": 3})
    assert raw.context is None
    assert raw.response == whole.response


def test_zero_metrics_are_absent(client: ollama.Client) -> None:
    one = client.chat(model="replay", messages=MESSAGES, options={"num_predict": 1})
    assert (one.eval_count, one.eval_duration) == (1, None)
    none = client.chat(model="replay", messages=MESSAGES, options={"num_predict": 0})
    assert (none.done, none.eval_count, none.message.content) == (True, None, "")


def test_management_calls_are_read(start: Start) -> None:
    model = Model(
        name="mistral:7b-instruct-q4_0",
        gpu_share=0.25,
        memory_bytes=4_000,
        context_length=32_768,
        load_s=0.02,
        unload_s=0.05,
    )
    replay = start(models=(model,))
    with ollama.Client(host=replay.url) as client:
        (listed,) = client.list().models
        assert (listed.model, listed.digest) == (model.name, model.digest)
        assert listed.size == model.file_bytes
        shown = client.show(model.name)
        assert shown.details is not None
        assert shown.details.quantization_level == "Q4_0"
        assert shown.modelinfo is not None
        assert shown.modelinfo["llama.context_length"] == 32_768
        assert list(client.ps().models) == []
        loaded = client.generate(model=model.name, options={"num_ctx": 2048})
        assert (loaded.done_reason, loaded.total_duration, loaded.eval_count) == (
            "load",
            None,
            None,
        )
        (running,) = client.ps().models
        assert (running.size, running.size_vram, running.context_length) == (4_000, 1_000, 2048)
        assert client.chat(model=model.name, messages=[], keep_alive=0).done_reason == "unload"
        assert [one.name for one in client.ps().models] == [model.name]  # answered before the end
        while client.ps().models:
            pass


def test_errors_carry_their_status(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError, match="model 'none' not found") as unknown:
        client.chat(model="none", messages=MESSAGES)
    assert unknown.value.status_code == 404
    with pytest.raises(
        ollama.ResponseError, match='option "seed" must be of type integer'
    ) as typed:
        client.chat(model="replay", messages=MESSAGES, options={"seed": "one"})
    assert typed.value.status_code == 500
    with pytest.raises(ollama.ResponseError, match="missing unit") as kept:
        client.chat(model="replay", messages=MESSAGES, keep_alive="300")
    assert kept.value.status_code == 400


def test_a_pull_tells_its_progress_and_installs(start: Start) -> None:
    absent = Model(name="late", is_installed=False, load_s=0.02, file_bytes=1000)
    replay = start(models=(Model(), absent), pull=Pull(duration_s=0.1, steps=4))
    with ollama.Client(host=replay.url) as client:
        with pytest.raises(ollama.ResponseError, match="not found"):
            client.generate(model="late", prompt="요약")
        progress = list(client.pull("late", stream=True))
        assert [part.completed for part in progress if part.total] == [250, 500, 750, 1000]
        assert (progress[0].status, progress[-1].status) == ("pulling manifest", "success")
        assert client.generate(model="late", prompt="요약").done
        assert client.pull("late").status == "success"
        with pytest.raises(ollama.ResponseError, match="file does not exist"):
            list(client.pull("nowhere", stream=True))
        with pytest.raises(ollama.ResponseError, match="file does not exist") as whole:
            client.pull("nowhere")
        assert whole.value.status_code == 500


async def test_many_at_once_are_each_served_their_own(start: Start) -> None:
    replay = start(parallel=32)
    async with ollama.AsyncClient(host=replay.url) as client:

        async def one(number: int) -> str:
            stream = await client.chat(
                model="replay",
                messages=[{"role": "user", "content": f"기사 {number}"}],
                stream=True,
                options={"num_predict": 20 + number},
            )
            return "".join([part.message.content or "" async for part in stream])

        texts = await asyncio.gather(*(one(number) for number in range(32)))
    by_tokens = {record["output_tokens"]: record["text"] for record in replay.answers(32)}
    assert texts == [by_tokens[20 + number] for number in range(32)]


def test_requests_beyond_the_slots_wait_and_the_wait_is_in_no_phase(start: Start) -> None:
    timeline = Timeline(first_chunk_s=0.05, gap_s=0.01, unasked_tokens=21)
    replay = start(parallel=1, timeline=timeline)

    async def both() -> list[ollama.ChatResponse]:
        async with ollama.AsyncClient(host=replay.url) as client:
            await client.generate(model="replay")
            calls = [client.chat(model="replay", messages=MESSAGES) for _ in range(2)]
            return list(await asyncio.gather(*calls))

    waits = sorted(residual_ns(one) for one in asyncio.run(both()))
    first, second = replay.answers(2)
    assert waits[0] == 3_000_000  # tokenizing only
    # Both phases of the first: its first chunk at 50 ms, 20 gaps of 10 ms, from its own arrival.
    expected_ns = first["received_ns"] + 250_000_000 - second["handed_ns"]
    assert waits[1] == expected_ns


def residual_ns(answer: ollama.ChatResponse) -> int:
    phases = (answer.load_duration, answer.prompt_eval_duration, answer.eval_duration)
    return (answer.total_duration or 0) - sum(phase or 0 for phase in phases)
