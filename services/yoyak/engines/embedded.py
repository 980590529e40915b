"""The embedded engine: llama.cpp as a child process that we start and stop.

From the wheel, or as it was built natively on this host.
"""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from yoyak.config import Build
from yoyak.engines.base import Chunk, GenerationRequest, LoadResult
from yoyak.engines.child_process import ChildProcess
from yoyak.engines.llamacpp import LlamaServer
from yoyak.engines.llamacpp_server import API_KEY_VARIABLE, UBATCH, Ready
from yoyak.engines.local_process import boot_id
from yoyak.engines.model_file import KnownModel, known_model
from yoyak.engines.native.builds import NativeBuild, choose_build
from yoyak.engines.placement import asks_huge_pages, with_huge_pages
from yoyak.errors import EngineError, HostError, UsageError
from yoyak.host.page_cache import settle, state_of_ratio
from yoyak.host.proc import pid_namespace
from yoyak.models import check_ram
from yoyak.records import EngineFacts
from yoyak.units import seconds

NAME = "the embedded llama.cpp"
CONTEXT_STEP = 256  # llama.cpp rounds a slot's context up to it
LOAD_TIMEOUT_S = 1800.0  # 70 GB from a disk of 40 MB/s
_CRASH_S = 0.5  # from a broken connection to the kernel's word that the process has ended
# Settings in our environment that would change the child's speed unseen and unrecorded.
_LEFT_OUT = ("OMP_", "GOMP_", "KMP_", "GGML_", "LLAMA_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to start it; checked against what it then says of itself."""

    model: Path
    threads: int
    context: int  # tokens of one slot
    batch: int
    parallel: int  # slots
    timeout_s: float  # of a request
    cache_dir: Path | None = None  # where digests of model files and native builds are kept
    build: Build | NativeBuild = "auto"  # which llama.cpp; auto without a cache_dir: the wheel


@dataclass(frozen=True, slots=True)
class _Running:
    child: ChildProcess
    client: LlamaServer
    ready: Ready
    api_key: str


class EmbeddedLlama:
    """Owns the child process and speaks to it; the child starts with the first `describe`."""

    def __init__(self, settings: Settings) -> None:
        """Start nothing yet."""
        self._settings = settings
        self._model: KnownModel | None = None
        self._running: _Running | None = None
        self._is_unloaded = False
        self._changing = asyncio.Lock()
        self._boot_id = boot_id()
        self._pid_namespace = pid_namespace()

    def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Yield chunks as they arrive; the last one carries llama.cpp's own timings."""
        return self._at_work().client.stream(request)

    async def describe(self) -> EngineFacts:
        """Return what it says of itself, having started it if it never was.

        Raises:
            UsageError: the model file or a setting cannot be used.
            HostError: it cannot be started, does not do what was asked, or was unloaded.
        """
        if self._running is None and not self._is_unloaded:
            await self.load()
        running = self._at_work()
        try:
            told = await running.client.describe()
        except EngineError as error:
            raise await _explained(running.child, error) from error
        facts = replace(
            told,
            version=running.ready.version or told.version,
            build=running.ready.build,
            isa=running.ready.isa,
            backend=running.ready.backend,
            threads=running.ready.threads,
            batch_tokens=running.ready.batch_tokens,
            ubatch_tokens=running.ready.ubatch_tokens,
            can_reload=True,
            loads_with_mmap=running.ready.loads_with_mmap,
            asks_huge_pages=asks_huge_pages(),
            binds_threads=running.ready.binds_threads,
            pid=running.ready.pid,
            pid_namespace=self._pid_namespace,
            boot_id=self._boot_id,
        )
        self._check(facts)
        return facts

    async def count_tokens(self, prompt: str) -> int | None:
        """Return the tokens of the prompt in its chat wrapping, beginning-of-text included."""
        running = self._at_work()
        try:
            return await running.client.count_tokens(prompt)
        except EngineError as error:
            raise await _explained(running.child, error) from error

    async def unload(self) -> None:
        """End the child and return when it is gone, and its memory with it."""
        async with self._changing:
            self._is_unloaded = True
            await self._stop()

    async def load(self) -> LoadResult:
        """Start the child and return when its model is ready.

        The time runs from the start of the process, as an Ollama user waits for it too: about
        0.15 s of it are the interpreter's. Hashing the file, once in its life, comes before.

        Raises:
            UsageError: the model file or a setting cannot be used.
            HostError: it cannot be started.
        """
        async with self._changing:
            if self._running is not None and self._running.child.is_running:
                return await self._resident()
            await self._stop()  # what a crash has left
            model = await self._known_model()
            ratio = await asyncio.to_thread(settle, model.file.path)
            started_ns = time.monotonic_ns()
            self._running = await self._start(model)
            load_s = seconds(time.monotonic_ns() - started_ns)
            self._is_unloaded = False
            await self._running.client.describe()  # learns the template, opens connections
            return LoadResult(load_s=load_s, state=state_of_ratio(ratio), cached_ratio=ratio)

    async def busy_slots(self) -> int | None:
        """Return how many slots work now."""
        return await self._at_work().client.busy_slots()

    def api_key(self) -> str:
        """Return the key of the child that runs, for another client of it on this host."""
        return self._at_work().api_key

    async def close(self) -> None:
        """End the child."""
        await self.unload()

    def _at_work(self) -> _Running:
        running = self._running
        if running is None:
            what = "is unloaded" if self._is_unloaded else "was not loaded yet"
            raise EngineError(f"the model {what}; load it first", error_class="connect")
        if not running.child.is_running:
            raise EngineError(
                f"{running.child.end_text()}; load the model again", error_class="connect"
            )
        return running

    async def _known_model(self) -> KnownModel:
        """Return the model file, checked and hashed when it is first asked for."""
        if self._model is None:
            settings = self._settings
            self._model = await asyncio.to_thread(
                known_model, settings.model, cache_dir=settings.cache_dir
            )
            _check_settings(settings, self._model)
        file, settings = self._model.file, self._settings
        tokens = settings.context * settings.parallel
        await asyncio.to_thread(
            check_ram,
            file.path.name,
            file.size_bytes,
            context_bytes=(file.context_bytes_per_token or 0) * tokens,
        )
        return self._model

    async def _start(self, model: KnownModel) -> _Running:
        settings = self._settings
        key = secrets.token_urlsafe(32)
        command = [sys.executable, "-P", *_server_of(await asyncio.to_thread(self._build))]
        for option, value in (
            ("model", model.file.path),
            ("threads", settings.threads),
            ("context", settings.context),
            ("batch", settings.batch),
            ("ubatch", min(settings.batch, UBATCH)),
            ("parallel", settings.parallel),
        ):
            command += [f"--{option}", str(value)]
        child = await ChildProcess.start(command, name=NAME, environment=_environment(key))
        try:
            line = await child.ready_line(LOAD_TIMEOUT_S)
            try:
                ready = Ready(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise HostError(f"{NAME} said what it should not: {line.strip()}") from error
        except BaseException:  # whatever ends the wait, the child goes with it
            await child.stop()
            raise
        client = LlamaServer(
            ready.url,
            api_key=key,
            timeout_s=settings.timeout_s,
            ready_connections=settings.parallel,
            find_model=lambda: model,
            explain=partial(_explained, child),
        )
        return _Running(child, client, ready, key)

    def _build(self) -> NativeBuild | None:
        """Return the native build to run, or None for the wheel."""
        build = self._settings.build
        if isinstance(build, NativeBuild):
            return build
        return choose_build(build, self._settings.cache_dir)

    async def _stop(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            await running.client.close()
            await running.child.stop()

    async def _resident(self) -> LoadResult:
        """Return what a load is worth when the model is in memory already: the time to say so."""
        started_ns = time.monotonic_ns()
        await self._at_work().client.describe()
        return LoadResult(load_s=seconds(time.monotonic_ns() - started_ns), state="resident")

    def _check(self, facts: EngineFacts) -> None:
        settings = self._settings
        for what, asked, found in (
            ("threads", settings.threads, facts.threads),
            ("context tokens a slot", settings.context, facts.context_tokens),
            ("batch tokens", settings.batch, facts.batch_tokens),
            ("slots", settings.parallel, facts.parallel),
        ):
            if found is not None and asked != found:
                raise HostError(
                    f"{NAME} was asked for {asked} {what} and runs with {found}; "
                    "give a value that it can take"
                )


async def _explained(child: ChildProcess, error: EngineError) -> EngineError:
    """Return the error, with the child's last words if it broke because the child ended."""
    broken = error.error_class in ("connect", "reset", "truncated")
    if not broken or not await child.has_ended_within(_CRASH_S):
        return error
    return EngineError(
        f"{child.end_text()}; load the model again",
        error_class=error.error_class,
        http_status=error.http_status,
    )


def _check_settings(settings: Settings, model: KnownModel) -> None:
    """Raise UsageError for what llama.cpp would silently change."""
    trained, context = model.file.context_length, settings.context
    if trained is not None and context > trained:
        raise UsageError(
            f'--context {context} is over the {trained} tokens that "{model.file.path.name}" was '
            f"trained for; give --context {trained} or another model"
        )
    if context % CONTEXT_STEP:
        nearest = -(-context // CONTEXT_STEP) * CONTEXT_STEP
        raise UsageError(
            f"--context {context} is no multiple of {CONTEXT_STEP}, to which llama.cpp rounds it; "
            f"give --context {nearest}"
        )
    if settings.batch > context * settings.parallel:
        raise UsageError(
            f"--batch {settings.batch} is over the whole context of {context * settings.parallel} "
            f"tokens; give --batch {context * settings.parallel}"
        )


def _server_of(build: NativeBuild | None) -> list[str]:
    """Return the part of the command that says which server."""
    if build is None:
        return ["-m", "yoyak.engines.llamacpp_server"]
    return [
        *("-m", "yoyak.engines.native.server", "--program", str(build.server)),
        *("--backend", build.backend, "--build", build.name),
    ]


def _environment(api_key: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return with_huge_pages({**kept, API_KEY_VARIABLE: api_key})
