"""What every adapter must do, checked with the answers of its server.

An engine joins by a recording in tests/data/engines/ and a line in CASES.
"""

import asyncio
import gc
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.engines.requests import Answer, a_request, ask
from tests.integration.engines.scripted_server import Peer, Server, chunk, plain, serving

from yoyak.engines import ENGINES
from yoyak.engines.base import Engine, Usage
from yoyak.engines.llamacpp import LlamaServer
from yoyak.engines.ollama import Ollama
from yoyak.engines.openai import OpenAi
from yoyak.engines.summarizer import SummarizerService
from yoyak.errors import EngineError, HostError

DATA = Path(__file__).parents[2] / "data" / "engines"
TOKENS = 12
TIMEOUT_S = 5.0
Object = dict[str, Any]


def ndjson(body: bytes) -> list[Object]:
    return [json.loads(line) for line in body.splitlines() if line]


def sse(body: bytes) -> list[Object]:
    found = re.findall(rb"^data: (\{.*)$", body, re.MULTILINE)
    return [json.loads(data) for data in found]


@dataclass(frozen=True)
class Case:
    """One adapter, and how its recording is read without it.

    Attributes:
        engine: its name in the table of engines.
        recording: file in tests/data/engines.
        stream: the key of the stream.
        open: makes the adapter.
        texts: the pieces of text of the stream.
        usage: what the stream's end says.
        options: where a request's JSON holds output length, seed and temperature.
        error: a line or event that says that the engine failed.
    """

    engine: str
    recording: str
    stream: str
    open: Callable[[str], Engine]
    texts: Callable[[bytes], list[str]]
    usage: Callable[[bytes], Usage]
    options: Callable[[Object], tuple[int, int, float]]
    error: bytes


def ollama_usage(body: bytes) -> Usage:
    last = ndjson(body)[-1]
    return Usage(
        prompt_tokens=last["prompt_eval_count"],
        cached_tokens=last["prompt_eval_cached_count"],
        output_tokens=last["eval_count"],
        engine_load_s=last["load_duration"] / 1e9,
        prompt_eval_s=last["prompt_eval_duration"] / 1e9,
        decode_s=last["eval_duration"] / 1e9,
        engine_total_s=last["total_duration"] / 1e9,
        finish_reason="length",
        http_status=200,
    )


def llama_usage(body: bytes) -> Usage:
    timings = next(event["timings"] for event in sse(body) if "timings" in event)
    return Usage(
        prompt_tokens=timings["prompt_n"],
        cached_tokens=timings["cache_n"],
        output_tokens=timings["predicted_n"],
        prompt_eval_s=timings["prompt_ms"] / 1e3,
        decode_s=timings["predicted_ms"] / 1e3,
        finish_reason="length",
        http_status=200,
    )


def summarizer_usage(body: bytes) -> Usage:
    engine = ndjson(body)[-1]["engine"]
    return Usage(
        prompt_tokens=engine["prompt_tokens"],
        cached_tokens=engine["cached_tokens"],
        output_tokens=engine["output_tokens"],
        prompt_eval_s=engine["prompt_eval_s"],
        decode_s=engine["decode_s"],
        finish_reason="length",
        http_status=200,
    )


def chat_texts(body: bytes) -> list[str]:
    deltas = [choice["delta"] for event in sse(body) for choice in event["choices"]]
    return [delta["content"] for delta in deltas if delta.get("content")]


CASES = (
    Case(
        engine="llamacpp",
        recording="llamacpp",
        stream="POST /completion",
        open=lambda url: LlamaServer(url, timeout_s=TIMEOUT_S),
        texts=lambda body: [event["content"] for event in sse(body) if event["content"]],
        usage=llama_usage,
        options=lambda asked: (asked["n_predict"], asked["seed"], asked["temperature"]),
        error=b'data: {"error":{"code":500,"message":"out of slots","type":"server_error"}}\n\n',
    ),
    Case(
        engine="summarizer",
        recording="summarizer",
        stream="POST /v1/summaries",
        open=lambda url: SummarizerService(url, timeout_s=TIMEOUT_S, change_timeout_s=TIMEOUT_S),
        texts=lambda body: [line["delta"] for line in ndjson(body) if "delta" in line],
        usage=summarizer_usage,
        options=lambda asked: (
            asked["options"]["output_tokens"],
            asked["options"]["seed"],
            asked["options"]["temperature"],
        ),
        error=b'{"error":{"status":502,"detail":"out of slots","error_class":"engine_error"}}\n',
    ),
    Case(
        engine="ollama",
        recording="ollama",
        stream="POST /api/chat",
        open=lambda url: Ollama(
            url,
            model="mistral:7b-instruct-q4_0",
            threads=2,
            context=1024,
            batch=512,
            timeout_s=TIMEOUT_S,
        ),
        texts=lambda body: [
            line["message"]["content"] for line in ndjson(body) if line["message"]["content"]
        ],
        usage=ollama_usage,
        options=lambda asked: (
            asked["options"]["num_predict"],
            asked["options"]["seed"],
            asked["options"]["temperature"],
        ),
        error=b'{"error":"out of slots"}\n',
    ),
    Case(
        engine="openai",
        recording="openai-llama-server",
        stream="POST /v1/chat/completions",
        open=lambda url: OpenAi(url, timeout_s=TIMEOUT_S),
        texts=chat_texts,
        usage=llama_usage,
        options=lambda asked: (asked["max_tokens"], asked["seed"], asked["temperature"]),
        error=b'data: {"error":{"code":500,"message":"out of slots"}}\n\n',
    ),
    Case(
        engine="openai",
        recording="openai-vllm",
        stream="POST /v1/chat/completions",
        open=lambda url: OpenAi(f"{url}/v1", model="mistral-7b", timeout_s=TIMEOUT_S),
        texts=chat_texts,
        usage=lambda _: Usage(
            prompt_tokens=264,
            cached_tokens=0,
            output_tokens=12,
            finish_reason="length",
            http_status=200,
        ),
        options=lambda asked: (asked["max_tokens"], asked["seed"], asked["temperature"]),
        error=b'data: {"error":{"message":"out of slots","code":500}}\n\n',
    ),
)


@pytest.fixture(params=CASES, ids=lambda case: case.recording)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@dataclass(frozen=True)
class Recording:
    """A server's answers."""

    answers: dict[str, list[bytes]]

    @classmethod
    def of(cls, case: Case) -> "Recording":
        content = json.loads((DATA / f"{case.recording}.json").read_text(encoding="utf-8"))
        return cls({key: [r.encode() for r in reads] for key, reads in content["answers"].items()})

    def parts(self, case: Case) -> tuple[bytes, bytes]:
        """Return head and decoded body of the stream."""
        head, _, body = b"".join(self.answers[case.stream]).partition(b"\r\n\r\n")
        decoded = b""
        while body:
            size, _, rest = body.partition(b"\r\n")
            decoded += rest[: int(size, 16)]
            body = rest[int(size, 16) + 2 :]
        return head + b"\r\n\r\n", decoded


Stream = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def played(
    case: Case, recording: Recording, stream: Stream | None = None
) -> AsyncIterator[tuple[Engine, Server]]:
    """Serve a recording, with another stream than recorded if there is one."""

    async def script(peer: Peer) -> None:
        while request := await peer.request():
            key = b" ".join(request.split()[:2]).decode()
            load_key = f"{key} (load)"
            if load_key in recording.answers and b'"messages":[]' in request:
                await peer.send(*recording.answers[load_key])
            elif key != case.stream or stream is None:
                await peer.send(*recording.answers[key])
            else:
                await stream(peer)
                return
            if b"Connection: close" in request:
                return

    async with serving(script) as server:
        engine = case.open(server.url)
        try:
            await engine.describe()
            yield engine, server
        finally:
            await engine.close()


async def failure(engine: Engine) -> EngineError:
    with pytest.raises(EngineError) as caught:
        await ask(engine, a_request(output_tokens=TOKENS))
    return caught.value


async def collect(engine: Engine, texts: list[str]) -> None:
    async for one in engine.stream(a_request(output_tokens=TOKENS)):
        texts.append(one.text)  # noqa: PERF401 - a server waits for each


def test_every_engine_is_under_this_contract() -> None:
    assert {case.engine for case in CASES} == set(ENGINES)


async def test_text_and_counts_are_the_servers(case: Case) -> None:
    recording = Recording.of(case)
    _, body = recording.parts(case)
    async with played(case, recording) as (engine, _):
        answer = await ask(engine, a_request(output_tokens=TOKENS))
    assert [chunk.text for chunk in answer.chunks if chunk.text] == case.texts(body)
    assert answer.usage == case.usage(body)
    assert answer.stamps == sorted(answer.stamps)
    assert answer.stamps[-1] <= answer.chunks[-1].arrived_ns


async def test_the_answer_is_the_same_wherever_the_network_cuts_it(case: Case) -> None:
    recording = Recording.of(case)
    whole = b"".join(recording.answers[case.stream])
    expected = case.texts(recording.parts(case)[1])
    for size in (1, 7, 64, len(whole)):
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]

        async def stream(peer: Peer, pieces: list[bytes] = pieces) -> None:
            for piece in pieces:
                await peer.send(piece)
                await asyncio.sleep(0)

        async with played(case, recording, stream) as (engine, _):
            answer = await ask(engine, a_request(output_tokens=TOKENS))
        assert [chunk.text for chunk in answer.chunks if chunk.text] == expected


async def test_the_request_says_what_was_asked(case: Case) -> None:
    request = a_request(7, output_tokens=TOKENS)
    async with played(case, Recording.of(case)) as (engine, server):
        await ask(engine, request)
        sent = next(
            one
            for one in server.requests
            if one.startswith(case.stream.encode()) and b'"messages":[]' not in one
        )
    head, _, body = sent.partition(b"\r\n\r\n")
    assert case.options(json.loads(body)) == (TOKENS, 1, 0.0)
    assert f"X-Request-Id: {request.request_id}".encode() in head
    assert f"traceparent: {request.traceparent}".encode() in head
    # Ours goes as prompt, or as its parts where the service builds the prompt.
    whole = json.dumps(request.prompt, ensure_ascii=False)[1:-1].encode()
    parts = (request.nonce, request.title, request.text.strip())
    assert whole in body or all(part.encode() in body for part in parts)


async def test_the_facts_name_the_engine_its_address_and_the_model(case: Case) -> None:
    async with played(case, Recording.of(case)) as (engine, server):
        facts = await engine.describe()
    assert facts.name == ("llamacpp" if case.engine == "summarizer" else case.engine)
    assert facts.url is not None
    assert facts.url.removesuffix("/v1") == server.url
    assert facts.context_tokens == 1024
    assert facts.model.name in ("tiny.gguf", "mistral:7b-instruct-q4_0", "mistral-7b")


async def test_a_stream_cut_after_any_event_is_no_answer(case: Case) -> None:
    recording = Recording.of(case)
    head, body = recording.parts(case)
    ends = [found.end() for found in re.finditer(rb"\n\n" if b"data: " in body else rb"\n", body)]
    last_words = 1 + (b"[DONE]" in body) + (b'"choices":[]' in body)
    for end in (0, ends[0], ends[len(ends) // 2], ends[-1 - last_words]):
        whole = (chunk(body[:end]) if end else b"") + b"0\r\n\r\n"

        async def stream(peer: Peer, data: bytes = head + whole) -> None:
            await peer.send(data)

        async with played(case, recording, stream) as (engine, _):
            error = await failure(engine)
        assert (error.error_class, error.http_status) == ("truncated", 200)


async def test_a_stream_cut_in_mid_event_is_no_answer(case: Case) -> None:
    recording = Recording.of(case)
    head, body = recording.parts(case)

    async def stream(peer: Peer) -> None:
        await peer.send(head, chunk(body[: len(body) // 2]))
        peer.writer.close()

    async with played(case, recording, stream) as (engine, _):
        assert (await failure(engine)).error_class == "reset"


async def test_a_reset_in_mid_stream_keeps_what_arrived(case: Case) -> None:
    recording = Recording.of(case)
    head, body = recording.parts(case)
    separator = b"\n\n" if b"data: " in body else b"\n"
    two = separator.join(body.split(separator)[:3]) + separator
    got: list[str] = []

    async def stream(peer: Peer) -> None:
        await peer.send(head, chunk(two))
        while not got:  # noqa: ASYNC110 - until the client has read it
            await asyncio.sleep(0.001)
        peer.reset()

    async with played(case, recording, stream) as (engine, _):
        with pytest.raises(EngineError) as caught:
            await collect(engine, got)
    assert got == case.texts(two)
    assert caught.value.error_class == "reset"


@pytest.mark.parametrize(
    "garbage", [b"<html>502 Bad Gateway</html>", b"\xff\xfe{}", b"[]", b'{"a":1}']
)
async def test_what_is_not_of_the_protocol_is_told(case: Case, garbage: bytes) -> None:
    recording = Recording.of(case)
    head, body = recording.parts(case)
    is_sse = b"data: " in body
    line = b"data: " + garbage + b"\n\n" if is_sse else garbage + b"\n"

    async def stream(peer: Peer) -> None:
        await peer.send(head, chunk(line), b"0\r\n\r\n")

    async with played(case, recording, stream) as (engine, _):
        error = await failure(engine)
    # An object without any known field: OpenAI's events may have none of theirs.
    is_lenient = case.engine == "openai" and garbage == b'{"a":1}'
    assert error.error_class == ("truncated" if is_lenient else "protocol")


async def test_an_error_inside_a_stream_is_the_engines(case: Case) -> None:
    recording = Recording.of(case)
    head, _ = recording.parts(case)

    async def stream(peer: Peer) -> None:
        await peer.send(head, chunk(case.error), b"0\r\n\r\n")

    async with played(case, recording, stream) as (engine, _):
        error = await failure(engine)
    assert error.error_class == "engine_error"
    assert "out of slots" in str(error)


@pytest.mark.parametrize(
    ("status", "error_class"),
    [("500 Oops", "http_5xx"), ("503 Busy", "http_5xx"), ("404 No", "http_4xx")],
)
async def test_an_error_status_is_told_with_what_it_says(
    case: Case, status: str, error_class: str
) -> None:
    async def stream(peer: Peer) -> None:
        await peer.send(plain(status, b'{"error": "nothing doing"}'))

    async with played(case, Recording.of(case), stream) as (engine, _):
        error = await failure(engine)
    assert (error.error_class, error.http_status) == (error_class, int(status[:3]))
    assert "nothing doing" in str(error)


async def test_a_server_that_falls_silent_is_a_timeout(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording.of(case)
    head, _ = recording.parts(case)
    monkeypatch.setattr("tests.integration.engines.test_contract.TIMEOUT_S", 0.3)

    async def stream(peer: Peer) -> None:
        await peer.send(head)
        await peer.gone()

    async with played(case, recording, stream) as (engine, _):
        assert (await failure(engine)).error_class == "timeout"


async def test_leaving_early_tells_the_server(case: Case) -> None:
    recording = Recording.of(case)
    has_gone = asyncio.Event()

    async def stream(peer: Peer) -> None:
        await peer.send(*recording.answers[case.stream][:4])
        await peer.gone()
        has_gone.set()

    async with played(case, recording, stream) as (engine, _):
        chunks: Any = engine.stream(a_request(output_tokens=TOKENS))
        async with aclosing(chunks):
            assert (await anext(chunks)).text
        async with asyncio.timeout(TIMEOUT_S):
            await has_gone.wait()


async def test_an_answer_leaves_nothing_for_the_garbage_collector(case: Case) -> None:
    # It is off in the measured part of a run: what only it could free would add up.
    async with played(case, Recording.of(case)) as (engine, _):
        await ask(engine, a_request(0, output_tokens=TOKENS))
        gc.collect()
        gc.disable()
        try:
            for index in range(1, 6):
                await ask(engine, a_request(index, output_tokens=TOKENS))
            await asyncio.sleep(0)
            assert gc.collect() == 0
        finally:
            gc.enable()


async def test_requests_one_after_another_are_apart(case: Case) -> None:
    recording = Recording.of(case)
    expected = "".join(case.texts(recording.parts(case)[1]))
    async with played(case, recording) as (engine, _):
        answers: list[Answer] = [
            await ask(engine, a_request(index, output_tokens=TOKENS)) for index in range(3)
        ]
        together = await asyncio.gather(
            *(ask(engine, a_request(index, output_tokens=TOKENS)) for index in range(3, 6))
        )
    assert [answer.text for answer in (*answers, *together)] == [expected] * 6


async def test_an_engine_that_is_not_there_is_said_to_be_so(case: Case) -> None:
    engine = case.open("http://127.0.0.1:9")  # the discard service, which nobody runs
    with pytest.raises(HostError, match=r"no connection to http://127\.0\.0\.1:9"):
        await engine.describe()
    error = await failure(engine)
    assert error.error_class == "connect"
    await engine.close()
