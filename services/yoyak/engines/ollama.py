"""Ollama through its native API: `/api/chat`, streamed, and what a run needs to know beside it.

Source:
    Ollama v0.33: api/types.go, server/routes.go, llm/llama_server.go; ENGINES.md has the facts.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

from yoyak.engines.base import Chunk, GenerationRequest, LoadResult
from yoyak.engines.events import completed, ended_early
from yoyak.engines.http_errors import http_error
from yoyak.engines.http_stream import HttpClient
from yoyak.engines.json_fields import Fields, wrong_form
from yoyak.engines.lines import NdjsonSplitter
from yoyak.engines.local_process import LocalProcess
from yoyak.engines.ollama_lines import Version, chunk_of, version_of
from yoyak.errors import EngineError, HostError
from yoyak.host.page_cache import cached_ratio, state_of_ratio
from yoyak.records import EngineFacts, ModelFacts
from yoyak.units import seconds

DEFAULT_URL = "http://127.0.0.1:11434"
CHAT = "/api/chat"
# Longer than any pause between two requests of a run, so that the model stays; the timer starts
# anew with each.
KEEP_ALIVE = "30m"
LOAD_TIMEOUT_S = 1800.0  # 70 GB from a slow disk
UNLOAD_TIMEOUT_S = 120.0  # a discrete GPU takes some seconds
_UNLOAD_POLL_S = 0.02
_OK = 200
_TOO_LONG = re.compile(r"context (length|size|window)", re.IGNORECASE)
_BLOB = re.compile(r"^FROM (\S*sha256-([0-9a-f]{64}))\s*$", re.MULTILINE)


class Ollama:
    """An Ollama server and one of its models, with the options that stay the same for a run."""

    def __init__(
        self,
        url: str,
        *,
        model: str,
        threads: int,
        context: int,
        batch: int,
        timeout_s: float,
        ready_connections: int = 1,
        api_key: str | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: where it listens.
            model: a name as `ollama list` has it.
            threads: sent as num_thread; by itself Ollama overlooks a cgroup's quota.
            context: sent as num_ctx; by itself it depends on the GPU's memory.
            batch: sent as num_batch; by itself it depends on context and free memory.
            timeout_s: of a request.
            ready_connections: kept open ahead of need.
            api_key: for a server behind a proxy that wants one.
        """
        headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        self._http = HttpClient(url, headers=headers)
        self._url = self._http.address.url
        self._where = f"{self._url}{CHAT}"
        self._model = model
        # A change of one of these between two requests reloads the model, so each request and the
        # load send the same.
        self._load_options = {"num_ctx": context, "num_batch": batch, "num_thread": threads}
        self._threads, self._context, self._batch = threads, context, batch
        self._timeout_s = timeout_s
        self._ready_connections = ready_connections
        self._version: Version | None = None
        self._is_loaded_by_us = False
        self._shown: tuple[str | None, Fields] | None = None
        self._process = LocalProcess(self._http.address, "ollama")

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Chunk]:
        """Yield chunks as they arrive; the last one carries Ollama's own counts and durations."""
        options = request.options
        payload = {
            **self._request([{"role": "user", "content": request.prompt}]),
            "stream": True,
            "options": {
                **self._load_options,
                "num_predict": options.output_tokens,
                "seed": options.seed,
                "temperature": options.temperature,
            },
        }
        async with self._http.generate(
            CHAT, payload, request, timeout_s=self._timeout_s
        ) as response:
            if response.status != _OK:
                raise self._refused(response.status, await response.read_whole())
            lines = NdjsonSplitter()
            while pieces := await response.read():
                for stamp, data in completed(lines, pieces, self._where):
                    chunk = chunk_of(stamp, data, self._version, self._where)
                    if chunk is None:
                        continue
                    if chunk.usage is not None:
                        self._check_fits(chunk.usage.prompt_tokens, options.output_tokens)
                    yield chunk
                    if chunk.usage is not None:
                        await self._http.drain(response)
                        return
            raise ended_early(self._where)

    async def describe(self) -> EngineFacts:
        """Return what it says of itself and the model, having loaded it with our options once.

        Only a loaded model tells its context and how much of it is on a GPU.

        Raises:
            HostError: it cannot be reached, or has no such model.
        """
        version, tags = await asyncio.gather(self._get("/api/version"), self._get("/api/tags"))
        tag = self._entry(tags)
        if tag is None:
            raise HostError(
                f'model "{self._model}" is not on {self._url}; fetch it: ollama pull {self._model}'
            )
        self._version = version_of(version.text("version"))
        if not self._is_loaded_by_us:
            await self._load()
        entry = self._entry(await self._get("/api/ps"))
        shown = await self._show(tag.text("digest"))
        await self._http.warm(self._ready_connections)
        pid = await asyncio.to_thread(self._process.pid)
        return EngineFacts(
            name="ollama",
            url=self._url,
            version=version.text("version"),
            backend=None if entry is None else backend_of(entry),
            threads=self._threads,  # as sent: Ollama repeats neither this nor the batch
            context_tokens=None if entry is None else entry.count("context_length"),
            batch_tokens=self._batch,
            cache_prompt=True,
            forces_output_length=False,  # it has no option to ignore end-of-text
            can_reload=True,
            pid=pid,
            pid_namespace=self._process.pid_namespace if pid is not None else None,
            boot_id=self._process.boot_id if pid is not None else None,
            pid_unknown=self._process.why_not if pid is None else None,
            model=model_facts(self._model, tag, shown),
        )

    async def count_tokens(self, prompt: str) -> int | None:  # noqa: ARG002 - Engine's signature
        """Return None: Ollama has no such question."""
        return None

    async def unload(self) -> None:
        """Have it unload the model, and return when /api/ps has it no more.

        Its answer comes before the unload ends, and a discrete GPU's memory comes back later still.

        Raises:
            HostError: it cannot be reached, or the model does not go.
        """
        self._is_loaded_by_us = False
        await self._http.request_json(
            "POST",
            CHAT,
            {"model": self._model, "messages": [], "keep_alive": 0, "stream": False},
            timeout_s=UNLOAD_TIMEOUT_S,
        )
        try:
            async with asyncio.timeout(UNLOAD_TIMEOUT_S):
                while self._entry(await self._get("/api/ps")) is not None:  # noqa: ASYNC110 - theirs
                    await asyncio.sleep(_UNLOAD_POLL_S)
        except TimeoutError as error:
            raise HostError(
                f'model "{self._model}" does not leave {self._url}; somebody else uses it: '
                "stop other clients"
            ) from error

    async def load(self) -> LoadResult:
        """Have it load the model with our options; the time is the client's.

        Ollama's answer to it has no durations, and its load_duration holds more than the load.
        """
        entry = self._entry(await self._get("/api/ps"))
        ratio = None
        if entry is None and self._process.is_local:
            tag = self._entry(await self._get("/api/tags"))
            blob = weights_blob(await self._show(None if tag is None else tag.text("digest")))
            if blob is not None:  # in a container it lies at another place, and there is no ratio
                ratio = await asyncio.to_thread(cached_ratio, Path(blob[0]))
        started_ns = time.monotonic_ns()
        await self._load()
        load_s = seconds(time.monotonic_ns() - started_ns)
        state = "resident" if entry is not None else state_of_ratio(ratio)
        await self._http.warm(self._ready_connections)
        return LoadResult(load_s=load_s, state=state, cached_ratio=ratio)

    async def close(self) -> None:
        """Close all connections; the model stays as long as its keep-alive says."""
        await self._http.close()

    def _request(self, messages: list[dict[str, str]]) -> dict[str, object]:
        """Return what a request and a load have in common."""
        return {
            "model": self._model,
            "messages": messages,
            "keep_alive": KEEP_ALIVE,
            "think": False,
            # Without these a prompt over the context is cut to about its half, silently. A change
            # of `shift` would reload the model.
            "truncate": False,
            "shift": False,
        }

    async def _load(self) -> None:
        payload = {**self._request([]), "stream": False, "options": self._load_options}
        answer = await self._http.request_json("POST", CHAT, payload, timeout_s=LOAD_TIMEOUT_S)
        if Fields(answer, self._where).text("done_reason") not in (None, "load"):
            raise wrong_form(self._where, "a load that was no load")
        self._is_loaded_by_us = True

    async def _get(self, path: str) -> Fields:
        return Fields(await self._http.request_json("GET", path), f"{self._url}{path}")

    async def _show(self, digest: str | None) -> Fields:
        """Return what /api/show says; it stays the same as long as the manifest does."""
        if self._shown is None or self._shown[0] != digest:
            path = "/api/show"
            answer = await self._http.request_json("POST", path, {"model": self._model})
            self._shown = (digest, Fields(answer, f"{self._url}{path}"))
        return self._shown[1]

    def _entry(self, listed: Fields) -> Fields | None:
        """Return our model's entry in /api/tags or /api/ps."""
        name = full_name(self._model)
        return next((e for e in listed.objects("models") if e.text("name") == name), None)

    def _check_fits(self, prompt_tokens: int | None, output_tokens: int) -> None:
        """Raise EngineError for a prompt that a server too old for `truncate` has cut.

        Ollama's runners before v0.30 cut a prompt to the whole context, so that it has no room for
        the answer.
        """
        if prompt_tokens is not None and prompt_tokens + output_tokens > self._context:
            raise EngineError(
                f"{prompt_tokens} prompt tokens and {output_tokens} output tokens are over the "
                f"context of {self._context}: Ollama has cut the prompt silently; raise --context "
                "or lower --article-chars",
                error_class="prompt_too_long",
                http_status=_OK,
            )

    def _refused(self, status: int, body: bytes) -> EngineError:
        error = http_error(self._where, status, body)
        if _TOO_LONG.search(str(error)):
            return EngineError(
                f"{error}; raise --context (now {self._context}) or lower --article-chars",
                error_class="prompt_too_long",
                http_status=status,
            )
        return error


def full_name(model: str) -> str:
    """Return a model's name with its tag, as Ollama lists it: "mistral" is "mistral:latest"."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def backend_of(entry: Fields) -> str | None:
    """Return where /api/ps says that the model is: "cpu", "gpu", or its shares of both.

    Both sizes are of buffers, not of memory in use. CPU share = (size - size_vram) / size.
    """
    size, on_gpu = entry.count("size"), entry.count("size_vram")
    if not size:
        return None
    if not on_gpu:  # zero; the field is always there
        return "cpu"
    if on_gpu >= size:
        return "gpu"
    cpu_percent = round(100 * (size - on_gpu) / size)
    return f"{cpu_percent}%/{100 - cpu_percent}% cpu/gpu"


def model_facts(model: str, tag: Fields, shown: Fields) -> ModelFacts:
    """Return what /api/tags and /api/show say of a model.

    The digest is the manifest's: an edited template or parameter changes it too. That of the
    weights is in the name of the file that the Modelfile builds from.
    """
    info = shown.fields("model_info")
    blob = weights_blob(shown)
    details = tag.fields("details")
    return ModelFacts(
        name=model,
        manifest_digest=tag.text("digest"),
        weights_sha256=None if blob is None else blob[1],
        quantization=None if details is None else details.text("quantization_level"),
        parameters=None if info is None else info.count("general.parameter_count"),
        size_bytes=tag.count("size"),
        synthetic=None if info is None else info.flag("yoyak.synthetic") is True,
    )


def weights_blob(shown: Fields) -> tuple[str, str] | None:
    """Return path and sha256 of the weights' file, if the Modelfile in /api/show names one."""
    found = _BLOB.search(shown.text("modelfile") or "")
    return (found[1], found[2]) if found else None
