"""OpenAI's API beside Ollama's own: the same timeline, the same truth log."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from ollama_replay import Fault, Model, Replay, Script, Timeline, running
from yoyak.engines.base import GenerationOptions, GenerationRequest
from yoyak.engines.openai import OpenAi

DEADLINE_S = 20.0
QUICK = Timeline(first_chunk_s=0.03, gap_s=0.004)


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    faults = (Fault(kind="error_line", model="broken", after_chunks=2),)
    with running(
        Script(timeline=QUICK, models=(Model(), Model(name="broken:latest")), faults=faults)
    ) as started:
        yield started


def ask(url: str, **fields: object) -> bytes:
    request = urllib.request.Request(  # noqa: S310 - loopback
        url, json.dumps({"model": "replay", **fields}).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:  # noqa: S310 - loopback
        body: bytes = answer.read()
        return body


def events(body: bytes) -> list[Any]:
    datas = [one.removeprefix(b"data: ") for one in body.split(b"\n\n") if one]
    return [None if data == b"[DONE]" else json.loads(data) for data in datas]


def test_a_stream_ends_with_its_reason_the_counts_and_done(replay: Replay) -> None:
    body = ask(
        f"{replay.url}/v1/chat/completions",
        messages=[{"role": "user", "content": "요약해 줘"}],
        max_tokens=3,
        stream=True,
        stream_options={"include_usage": True},
    )
    *chunks, last, counts, done = events(body)
    text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)
    (true,) = replay.answers(1)
    assert text == true["text"]
    assert len(chunks) == len(true["written_ns"]) == 3
    assert (true["api"], true["path"]) == ("openai_chat", "/v1/chat/completions")
    assert last["choices"][0]["finish_reason"] == "length"
    assert counts["usage"] == {"prompt_tokens": 6, "completion_tokens": 3, "total_tokens": 9}
    assert done is None


def test_completions_take_a_prompt_and_answer_whole_unless_asked_to_stream(replay: Replay) -> None:
    whole = json.loads(ask(f"{replay.url}/v1/completions", prompt="요약", max_tokens=2))
    assert whole["object"] == "text_completion"
    assert whole["choices"][0]["finish_reason"] == "length"
    assert whole["usage"]["completion_tokens"] == 2
    body = ask(f"{replay.url}/v1/completions", prompt="요약", max_tokens=2, stream=True)
    *chunks, _, done = events(body)
    assert "".join(one["choices"][0]["text"] for one in chunks) == whole["choices"][0]["text"]
    assert done is None


def test_errors_have_openai_s_form(replay: Replay) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(f"{replay.url}/v1/chat/completions", model="none", messages=[{"content": "x"}])
    with caught.value as error:
        assert error.code == 404
        assert json.loads(error.read())["error"]["type"] == "api_error"


async def test_our_adapter_reads_it(replay: Replay) -> None:
    engine = OpenAi(replay.url, model="replay:latest", timeout_s=DEADLINE_S)
    request = GenerationRequest(
        request_id="ours",
        article_id="a",
        title="t",
        text="x",
        nonce="1",
        prompt="요약",
        options=GenerationOptions(output_tokens=5, seed=1, temperature=0.0),
        may_gather=True,
    )
    try:
        chunks = [chunk async for chunk in engine.stream(request)]
    finally:
        await engine.close()
    (true,) = replay.wait_for(lambda one: one.get("request_id") == "ours", 1)
    assert "".join(chunk.text for chunk in chunks) == true["text"]
    stamps = [chunk.arrived_ns for chunk in chunks[:-1]]
    assert all(came >= wrote for came, wrote in zip(stamps, true["written_ns"], strict=True))
    usage = chunks[-1].usage
    assert usage is not None
    assert (usage.output_tokens, usage.prompt_tokens, usage.finish_reason) == (5, 3, "length")


def test_an_error_in_mid_stream_is_an_event(replay: Replay) -> None:
    body = ask(
        f"{replay.url}/v1/chat/completions",
        model="broken",
        messages=[{"role": "user", "content": [{"type": "text", "text": "요약"}]}],
        max_tokens=5,
        stream=True,
    )
    *chunks, failed = events(body)
    assert len(chunks) == 2
    assert "unexpected EOF" in failed["error"]["message"]
