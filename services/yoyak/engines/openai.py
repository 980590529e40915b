"""Any server with OpenAI's chat API: vLLM, SGLang, TGI, llama-server, LM Studio.

Source:
    OpenAI's chat completions reference; what llama-server adds was tried out, the others' additions
    (`ignore_eos`, /version, /tokenize) are from their documentation.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from yoyak.engines.base import Chunk, GenerationRequest, LoadResult, Usage
from yoyak.engines.events import completed, ended_early
from yoyak.engines.http_address import parse_address
from yoyak.engines.http_errors import error_text, http_error
from yoyak.engines.http_stream import HttpClient
from yoyak.engines.json_fields import Fields, parse_object
from yoyak.engines.lines import SseSplitter
from yoyak.engines.llamacpp import known_build
from yoyak.engines.local_process import LocalProcess
from yoyak.errors import EngineError, HostError
from yoyak.records import EngineFacts, FinishReason, ModelFacts
from yoyak.units import MS_PER_S

DEFAULT_URL = "http://127.0.0.1:8000/v1"  # vLLM's
API = "/v1"
CHAT = "/chat/completions"
_DONE = b"[DONE]"
_OK = 200
_PLAIN_MEMBERS = frozenset({"content", "role"})
_UNKNOWN_ADDRESS = (404, 405, 501)
# As `owned_by` in /v1/models has it; these ignore end-of-text where asked.
LLAMA_SERVER, VLLM, SGLANG = "llamacpp", "vllm", "sglang"
_IGNORE_EOS = frozenset({LLAMA_SERVER, VLLM, SGLANG})
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|context (length|size|window)|maximum.*tokens",
    re.IGNORECASE | re.DOTALL,
)
_FINISH_REASONS: dict[str, FinishReason] = {"length": "length", "stop": "stop"}


class OpenAi:
    """A server that others started, and one of its models."""

    def __init__(
        self,
        url: str,
        *,
        model: str | None = None,
        timeout_s: float,
        ready_connections: int = 1,
        api_key: str | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: where it listens, with or without /v1.
            model: as /v1/models has it; None for the only one.
            timeout_s: of a request.
            ready_connections: kept open ahead of need.
            api_key: sent as a bearer token.
        """
        headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        root = parse_address(url).url.removesuffix(API)
        self._http = HttpClient(root + API, headers=headers)
        self._root = HttpClient(root, headers=headers)
        self._where = f"{root}{API}{CHAT}"
        self._model = model
        self._timeout_s = timeout_s
        self._ready_connections = ready_connections
        self._kind: str | None = None  # which server it is, as far as it tells
        self._is_described = False
        self._process = LocalProcess(self._http.address)

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Chunk]:
        """Yield chunks as they arrive; the last one carries counts, and timings where it has them.

        Most servers give no durations: then rates are the client's own.
        """
        if not self._is_described:
            await self.describe()
        payload = self._payload(request)
        answer = Answer(self._where)
        async with self._http.generate(
            CHAT, payload, request, timeout_s=self._timeout_s
        ) as response:
            if response.status != _OK:
                raise _refused(self._where, response.status, await response.read_whole())
            events = SseSplitter()
            while pieces := await response.read():
                for stamp, data in completed(events, pieces, self._where):
                    if data == _DONE and answer.is_finished:
                        yield Chunk(stamp, "", answer.usage())
                        await self._http.drain(response)
                        return
                    text = answer.take(stamp, data)
                    if text:
                        yield Chunk(stamp, text)
            if not answer.is_finished:
                raise ended_early(self._where)
            yield Chunk(answer.last_ns, "", answer.usage())  # some servers end without [DONE]

    async def describe(self) -> EngineFacts:
        """Return what it says of itself and the model, and open connections for what is to come.

        Raises:
            HostError: it cannot be reached, or has no such model, or several and none was named.
        """
        listed = Fields(await self._http.request_json("GET", "/models"), f"{self._where}/models")
        entry = self._entry(list(listed.objects("data")))
        self._model = entry.text("id")
        self._kind = entry.text("owned_by")
        meta = entry.fields("meta")
        context = entry.count("max_model_len")  # vLLM, SGLang
        if context is None and meta is not None:
            context = meta.count("n_ctx")  # llama-server
        version = await self._version()
        if self._kind == LLAMA_SERVER:
            # It closes each connection after its stream, though its headers say otherwise; and one
            # that waits ready holds one of its few HTTP threads.
            self._http.use_each_connection_once()
        await self._http.warm(1 if self._kind == LLAMA_SERVER else self._ready_connections)
        self._is_described = True
        pid = await asyncio.to_thread(self._process.pid)
        return EngineFacts(
            name="openai",
            url=self._http.address.url,
            version=version,
            build=None if self._kind is None or version is None else f"{self._kind} {version}",
            context_tokens=context,
            forces_output_length=True if self._kind in _IGNORE_EOS else None,
            cache_prompt=False if self._kind == LLAMA_SERVER else None,
            pid=pid,
            pid_namespace=self._process.pid_namespace if pid is not None else None,
            boot_id=self._process.boot_id if pid is not None else None,
            pid_unknown=self._process.why_not if pid is None else None,
            model=ModelFacts(
                name=self._model or "unknown",
                parameters=None if meta is None else meta.count("n_params"),
            ),
        )

    async def count_tokens(self, prompt: str) -> int | None:
        """Return the tokens of the prompt in its chat wrapping; None where it cannot be asked."""
        if self._kind != VLLM:
            return None
        payload = {"model": self._model, "messages": [{"role": "user", "content": prompt}]}
        answer = await self._root.request_json("POST", "/tokenize", payload)
        return Fields(answer, "/tokenize").count("count")

    async def unload(self) -> None:
        """Refuse: a server that others started is theirs to stop."""
        raise HostError(self._cannot_reload())

    async def load(self) -> LoadResult:
        """Refuse, as `unload`."""
        raise HostError(self._cannot_reload())

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()
        await self._root.close()

    def _payload(self, request: GenerationRequest) -> dict[str, object]:
        options = request.options
        payload: dict[str, object] = {
            "model": self._model or "",
            "messages": [{"role": "user", "content": request.prompt}],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": options.output_tokens,
            "seed": options.seed,
            "temperature": options.temperature,
        }
        # Not for all: a strict server refuses what OpenAI's reference does not have.
        if options.ignore_eos and self._kind in _IGNORE_EOS:
            payload["ignore_eos"] = True
        if self._kind == LLAMA_SERVER:
            payload["cache_prompt"] = False
        return payload

    def _entry(self, entries: list[Fields]) -> Fields:
        names = [entry.text("id") or "" for entry in entries]
        wanted = self._model
        if wanted is None and len(entries) == 1:
            return entries[0]
        for name, entry in zip(names, entries, strict=True):
            if name == wanted:
                return entry
        has = f"it has {', '.join(names[:5])}" if names else "it has none"
        if wanted is None:
            raise HostError(f"{self._http.address.url} needs --model; {has}")
        raise HostError(f'model "{wanted}" is not on {self._http.address.url}; {has}')

    async def _version(self) -> str | None:
        """Return the version, from where each server keeps it; None if it tells none."""
        is_llama = self._kind == LLAMA_SERVER
        path, key = ("/props", "build_info") if is_llama else ("/version", "version")
        try:
            told = Fields(await self._root.request_json("GET", path), path).text(key)
            return known_build(told) if is_llama else told
        except EngineError as error:
            if error.http_status in _UNKNOWN_ADDRESS or error.error_class == "protocol":
                return None
            raise

    def _cannot_reload(self) -> str:
        url = self._http.address.url
        return f"the server at {url} was not started by yoyak, so its model stays loaded"


@dataclass(slots=True)
class Answer:
    """What the events of one answer add up to."""

    where: str
    last_ns: int = 0
    finish_reason: str | None = None
    counts: Fields | None = None
    timings: Fields | None = None
    is_finished: bool = False

    def take(self, stamp: int, data: bytes) -> str:
        """Take one event and return its text, which may be "".

        What a model thinks before its answer counts as text: it is written at the same cost.

        Raises:
            EngineError: it is none, or says that the engine failed.
        """
        event = parse_object(data, self.where)
        if "error" in event:
            raise EngineError(
                f"{self.where} failed in mid-answer: {error_text(data)}",
                error_class="engine_error",
                http_status=_OK,
            )
        self.last_ns = stamp
        text = plain_text(event)
        return self._take_apart(Fields(event, self.where)) if text is None else text

    def _take_apart(self, fields: Fields) -> str:
        self.counts = fields.fields("usage") or self.counts
        self.timings = fields.fields("timings") or self.timings
        text = ""
        for choice in fields.objects("choices"):
            reason = choice.text("finish_reason")
            if reason is not None:
                self.finish_reason, self.is_finished = reason, True
            delta = choice.fields("delta")
            if delta is not None:
                thought = delta.text("reasoning_content") or delta.text("reasoning")
                text += (thought or "") + (delta.text("content") or "")
        return text

    def usage(self) -> Usage:
        """Return counts, and llama.cpp's timings where it is the server.

        Raises:
            EngineError: a count is not of its type (class protocol).
        """
        counts, timings = self.counts, self.timings
        details = None if counts is None else counts.fields("prompt_tokens_details")
        prompt_tokens = None if counts is None else counts.count("prompt_tokens")
        output_tokens = None if counts is None else counts.count("completion_tokens")
        cached_tokens = None if details is None else details.count("cached_tokens")
        prompt_ms = decode_ms = None
        if timings is not None:
            cached_tokens = timings.count("cache_n") if cached_tokens is None else cached_tokens
            prompt_ms, decode_ms = timings.number("prompt_ms"), timings.number("predicted_ms")
        return Usage(
            prompt_tokens=prompt_tokens,
            cached_tokens=cached_tokens,
            output_tokens=output_tokens,
            prompt_eval_s=None if prompt_ms is None else prompt_ms / MS_PER_S,
            decode_s=None if decode_ms is None else decode_ms / MS_PER_S,
            finish_reason=_FINISH_REASONS.get(self.finish_reason or ""),
            http_status=_OK,
        )


def plain_text(event: dict[str, object]) -> str | None:
    """Return the text of an event that tells nothing else, as nearly all; None for another.

    A stream has one a token, and to look at every member takes several times as long.
    """
    choices = event.get("choices")
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        return None
    choice = choices[0]
    delta = choice.get("delta")
    if not isinstance(delta, dict) or not _PLAIN_MEMBERS.issuperset(delta):
        return None
    more = (choice.get("finish_reason"), event.get("usage"), event.get("timings"))
    text = delta.get("content")
    return text if more == (None, None, None) and isinstance(text, str) else None


def _refused(where: str, status: int, body: bytes) -> EngineError:
    error = http_error(where, status, body)
    if not _TOO_LONG.search(body.decode("utf-8", "replace")):
        return error
    return EngineError(
        f"{error}; raise the server's context or lower --article-chars",
        error_class="prompt_too_long",
        http_status=status,
    )
