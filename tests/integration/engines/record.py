"""Records what real servers answer our adapters, for the contract tests.

    .venv/bin/python -m tests.integration.engines.record

Runs the embedded llama.cpp and the summarizer with a tiny synthetic model behind a proxy that keeps
each answer as it came, read by read, and writes tests/data/engines/*.json.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import uvloop
import xllamacpp  # type: ignore[import-untyped] # ships no types
from tests.integration.engines.requests import a_request, ask

from yoyak.engines import open_engine
from yoyak.engines.base import Engine
from yoyak.engines.embedded import EmbeddedLlama, Settings
from yoyak.models import cached

DATA = Path(__file__).parents[2] / "data" / "engines"
OUTPUT_TOKENS = 12
MODEL = "tiny.gguf"
READ_BYTES = 65536


@dataclass
class Tape:
    """The answers that went through a proxy: request line to reads."""

    url: str = ""
    answers: dict[str, list[str]] = field(default_factory=dict)


@asynccontextmanager
async def taped(url: str) -> AsyncIterator[Tape]:
    """Stand before a server and keep its answers."""
    tape = Tape()
    parts = urlsplit(url)

    async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(parts.hostname, parts.port)
        asked = await reader.read(READ_BYTES)
        if not asked:  # a connection that was only kept ready
            there_writer.close()
            writer.close()
            return
        there_writer.write(asked)
        key = b" ".join(asked.split(b" ", 2)[:2]).decode()
        reads: list[str] = []
        while not is_whole(reads) and (data := await there_reader.read(READ_BYTES)):
            reads.append(data.decode())
            writer.write(data)
            await writer.drain()
        tape.answers[key] = reads
        there_writer.close()
        writer.close()

    proxy = await asyncio.start_server(through, "127.0.0.1", 0)
    tape.url = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    try:
        yield tape
    finally:
        proxy.close()


def is_whole(reads: list[str]) -> bool:
    """Say whether these reads are a whole answer, in HTTP chunks or of a stated length."""
    head, found, body = "".join(reads).partition("\r\n\r\n")
    if not found:
        return False
    if "transfer-encoding: chunked" in head.lower():
        return body.endswith("\r\n0\r\n\r\n")
    length = head.lower().partition("content-length:")[2].split("\r\n")[0]
    return len(body.encode()) >= int(length or 0)


async def exercise(engine: Engine) -> None:
    """Have an adapter say everything once."""
    try:
        await engine.describe()
        await ask(engine, a_request(output_tokens=OUTPUT_TOKENS))
    finally:
        await engine.close()


def write(name: str, source: str, tape: Tape) -> None:
    """Write one recording."""
    text = json.dumps({"source": source, "answers": tape.answers}, ensure_ascii=False, indent=1)
    (DATA / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


async def record_llama() -> None:
    """Record llama-server's own protocol, and its OpenAI-compatible one."""
    embedded = EmbeddedLlama(
        Settings(model=Path(MODEL), threads=1, context=1024, batch=512, parallel=1, timeout_s=60.0)
    )
    facts = await embedded.describe()
    key = embedded.api_key()
    source = f"xllamacpp {xllamacpp.__version__}, recorded"
    try:
        for name, engine in (("llamacpp", "llamacpp"), ("openai-llama-server", "openai")):
            async with taped(facts.url or "") as tape:
                adapter = open_engine(
                    engine,
                    url=tape.url,
                    threads=1,
                    context=1024,
                    batch=512,
                    timeout_s=60.0,
                    api_key=key,
                )
                await exercise(adapter)
                write(name, source, tape)
    finally:
        await embedded.close()


async def record_summarizer() -> None:
    """Record our own service."""
    command = [sys.executable, "-m", "summarizer", "--model", MODEL, "--port", "0"]
    sizes = ["--threads", "1", "--context", "1024", "--batch", "512"]
    with subprocess.Popen([*command, *sizes], stdout=subprocess.PIPE) as service:  # noqa: ASYNC220
        try:
            line = await asyncio.to_thread(service.stdout.readline) if service.stdout else b""
            async with taped(json.loads(line)["url"]) as tape:
                adapter = open_engine(
                    "summarizer", url=tape.url, threads=1, context=1024, batch=512, timeout_s=60.0
                )
                await exercise(adapter)
                write("summarizer", "the service itself, recorded", tape)
        finally:
            service.terminate()


async def main() -> None:
    """Record all."""
    DATA.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # answers name the model's path: a bare file name
        cached("tiny", cache_dir=Path("cache")).rename(MODEL)
        await record_llama()
        await record_summarizer()
        os.chdir("/")


if __name__ == "__main__":
    uvloop.run(main())
