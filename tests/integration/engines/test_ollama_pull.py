"""Fetching a model to a server: `ollama_replay`, and servers that break off."""

from pathlib import Path

import pytest
from tests.integration.engines.replays import replaying
from tests.integration.engines.scripted_server import HEAD, Peer, chunk, serving

from yoyak.engines import ollama_pull
from yoyak.engines.ollama import Ollama
from yoyak.engines.ollama_pull import PullProgress, pull
from yoyak.errors import EngineError

MODEL = {"name": "replay", "is_installed": False, "file_bytes": 1000}


async def test_a_pulled_model_is_there_and_its_bytes_were_told(tmp_path: Path) -> None:
    told: list[PullProgress] = []
    async with replaying(tmp_path, {"models": [MODEL]}) as replay:
        await pull(replay.url, "replay", on_progress=told.append)
        engine = Ollama(
            replay.url, model="replay", threads=1, context=512, batch=512, timeout_s=5.0
        )
        assert (await engine.describe()).model.name == "replay"
        await engine.close()
    assert told[0] == PullProgress(status="pulling manifest", done_bytes=0, total_bytes=0)
    assert told[-1] == PullProgress(status="success", done_bytes=1000, total_bytes=1000)
    done = [one.done_bytes for one in told]
    assert done == sorted(done)


async def test_a_model_that_no_registry_has_is_an_error(tmp_path: Path) -> None:
    async with replaying(tmp_path, {}) as replay:
        with pytest.raises(EngineError, match='cannot pull "nothing": pull model manifest'):
            await pull(replay.url, "nothing")


async def test_a_server_that_is_not_there_is_an_error_of_the_connection() -> None:
    with pytest.raises(EngineError) as caught:
        await pull("http://127.0.0.1:9", "mistral")
    assert caught.value.error_class == "connect"


@pytest.mark.parametrize(
    ("parts", "error_class"),
    [
        ([HEAD, chunk(b'{"status":"pulling manifest"}\n'), b"0\r\n\r\n"], "truncated"),
        ([HEAD, chunk(b'{"status":"pulling manifest"}\n')], "reset"),
        ([HEAD, chunk(b"<html>\n"), b"0\r\n\r\n"], "protocol"),
        ([HEAD, chunk(b'{"status":5}\n'), b"0\r\n\r\n"], "protocol"),
        ([HEAD, chunk(b'{"error":"disk full"}\n'), b"0\r\n\r\n"], "engine_error"),
        ([b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"], "http_5xx"),
    ],
)
async def test_a_pull_that_breaks_off_is_told(parts: list[bytes], error_class: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(*parts)

    async with serving(script) as server:
        with pytest.raises(EngineError) as caught:
            await pull(server.url, "mistral")
    assert caught.value.error_class == error_class


async def test_silence_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ollama_pull, "SILENCE_S", 0.2)

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD)
        await peer.gone()

    async with serving(script) as server:
        with pytest.raises(EngineError) as caught:
            await pull(server.url, "mistral")
    assert caught.value.error_class == "timeout"
