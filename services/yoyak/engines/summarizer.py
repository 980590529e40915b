"""Our own service as an engine: it builds the prompt and speaks to the engine behind it."""

import dataclasses
from collections.abc import AsyncIterator
from typing import get_args

from yoyak import prompts
from yoyak.engines.base import Chunk, GenerationRequest, LoadResult, Usage
from yoyak.engines.events import completed, ended_early
from yoyak.engines.http_errors import http_error
from yoyak.engines.http_stream import HttpClient
from yoyak.engines.json_fields import Fields, parse_object, wrong_form
from yoyak.engines.lines import NdjsonSplitter
from yoyak.errors import ERROR_CLASSES, EngineError
from yoyak.records import EngineFacts, FinishReason, LoadState, ModelFacts, PidUnknown

SUMMARIES = "/v1/summaries"
DEFAULT_URL = "http://127.0.0.1:8080"
CHANGE_TIMEOUT_S = 1800.0  # of an unload or a load: 70 GB from a slow disk
_OK = 200
# What the template puts between the parts of a prompt.
_AFTER_NONCE, _BEFORE_TEXT, _AFTER_TEXT = (
    prompts.TEMPLATE.replace("{title}", "{nonce}").replace("{text}", "{nonce}").split("{nonce}")[1:]
)


class SummarizerService:
    """A summarizer that runs somewhere."""

    def __init__(
        self, url: str, *, timeout_s: float, change_timeout_s: float, ready_connections: int = 1
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: where it listens.
            timeout_s: of a request.
            change_timeout_s: of an unload or a load.
            ready_connections: kept open ahead of need.
        """
        self._http = HttpClient(url)
        self._where = f"{self._http.address.url}{SUMMARIES}"
        self._timeout_s = timeout_s
        self._change_timeout_s = change_timeout_s
        self._ready_connections = ready_connections

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Chunk]:
        """Yield chunks as they arrive; the last one carries what the engine behind it counted."""
        headers = {"X-Yoyak-Phase": "warmup" if request.is_warmup else "measured"}
        options = request.options
        payload = {
            "article": {
                "id": request.article_id,
                "title": request.title,
                "text": request.text,
            },
            "options": {
                "output_tokens": options.output_tokens,
                "seed": options.seed,
                "temperature": options.temperature,
                "ignore_eos": options.ignore_eos,
                "nonce": request.nonce,
            },
            "stream": True,
        }
        async with self._http.generate(
            SUMMARIES, payload, request, headers=headers, timeout_s=self._timeout_s
        ) as response:
            if response.status != _OK:
                raise self._problem(response.status, await response.read_whole())
            lines = NdjsonSplitter()
            while pieces := await response.read():
                for stamp, data in completed(lines, pieces, self._where):
                    chunk = chunk_of(stamp, data, self._where)
                    if chunk is not None:
                        yield chunk
                        if chunk.usage is not None:
                            await self._http.drain(response)
                            return
            raise ended_early(self._where)

    async def describe(self) -> EngineFacts:
        """Return what the service says of its engine, and open connections for what is to come."""
        answer = await self._http.request_json("GET", "/v1/engine")
        facts = engine_facts(answer, f"{self._http.address.url}/v1/engine")
        await self._http.warm(self._ready_connections)
        return dataclasses.replace(facts, via="summarizer", url=self._http.address.url)

    async def count_tokens(self, prompt: str) -> int | None:
        """Return the tokens of a prompt that `prompts.build_prompt` made; None for another."""
        parts = split_prompt(prompt)
        if parts is None:
            return None
        nonce, title, text = parts
        payload = {"article": {"id": "count", "title": title, "text": text}, "nonce": nonce}
        answer = await self._http.request_json("POST", "/v1/tokens", payload)
        return Fields(answer, "/v1/tokens").count("prompt_tokens")

    async def unload(self) -> None:
        """Have the service take its model out of memory."""
        await self._http.request_json("POST", "/v1/engine/unload", timeout_s=self._change_timeout_s)

    async def load(self) -> LoadResult:
        """Have the service load its model; the time is the service's own."""
        answer = await self._http.request_json(
            "POST", "/v1/engine/load", timeout_s=self._change_timeout_s
        )
        fields = Fields(answer, "/v1/engine/load")
        load_s = fields.number("load_s")
        if load_s is None:
            raise wrong_form("/v1/engine/load", 'no "load_s"')
        await self._http.warm(self._ready_connections)
        return LoadResult(
            load_s=load_s,
            state=_load_state(fields.text("state")),
            cached_ratio=fields.number("cached_ratio"),
        )

    async def close(self) -> None:
        """Close all connections; the service goes on."""
        await self._http.close()

    def _problem(self, status: int, body: bytes) -> EngineError:
        general = http_error(self._where, status, body)
        try:
            document = Fields(parse_object(body, self._where), self._where)
            is_ours = document.text("detail") is not None
        except EngineError:  # not from the service, but from what stands before it
            return general
        if not is_ours:
            return general
        return _engine_error(document, fallback_class=general.error_class, status=status)


def chunk_of(stamp: int, data: bytes, where: str) -> Chunk | None:
    """Return the chunk that a line is; None for a piece without text.

    Raises:
        EngineError: it is none, or says that the engine failed.
    """
    line = parse_object(data, where)
    text = line.get("delta")
    if isinstance(text, str):
        return Chunk(stamp, text) if text else None
    if line.get("done") is True:
        return Chunk(stamp, "", _usage(Fields(line, where)))
    if "error" in line:
        problem = Fields(line["error"], where)
        raise _engine_error(problem, fallback_class="engine_error", status=_OK)
    raise wrong_form(where, 'a line without "delta" or "done"')


def split_prompt(prompt: str) -> tuple[str, str, str] | None:
    """Return nonce, title and text that make up this prompt, or None if the template is not ours.

    A title or text that holds the template's own words may be cut at another place than it was
    joined at; the parts make up the same prompt all the same.
    """
    nonce, _, rest = prompt.partition(_AFTER_NONCE)
    title, _, rest = rest.partition(_BEFORE_TEXT)
    text = rest.removesuffix(_AFTER_TEXT)
    is_whole = prompts.build_prompt(nonce=nonce, title=title, text=text) == prompt
    return (nonce, title, text) if is_whole else None


def engine_facts(answer: object, where: str) -> EngineFacts:
    """Return EngineFacts from their JSON; fields that we do not know are left out.

    Raises:
        EngineError: a field is not of its type (class protocol).
    """
    members = Fields(answer, where)
    model = members.fields("model")
    if model is None:
        raise wrong_form(where, 'no "model"')
    return EngineFacts(
        name=members.text("name") or "unknown",
        version=members.text("version"),
        build=members.text("build"),
        isa=members.text("isa"),
        backend=members.text("backend"),
        threads=members.count("threads"),
        context_tokens=members.count("context_tokens"),
        batch_tokens=members.count("batch_tokens"),
        ubatch_tokens=members.count("ubatch_tokens"),
        parallel=members.count("parallel"),
        cache_prompt=members.flag("cache_prompt"),
        forces_output_length=members.flag("forces_output_length"),
        can_reload=members.flag("can_reload") is True,
        loads_with_mmap=members.flag("loads_with_mmap"),
        asks_huge_pages=members.flag("asks_huge_pages"),
        binds_threads=members.flag("binds_threads"),
        pid=members.count("pid"),
        pid_namespace=members.count("pid_namespace"),
        boot_id=members.text("boot_id"),
        pid_unknown=_pid_unknown(members.text("pid_unknown")),
        template_sha256=members.text("template_sha256"),
        model=ModelFacts(
            name=model.text("name") or "unknown",
            manifest_digest=model.text("manifest_digest"),
            weights_sha256=model.text("weights_sha256"),
            quantization=model.text("quantization"),
            parameters=model.count("parameters"),
            size_bytes=model.count("size_bytes"),
            synthetic=model.flag("synthetic"),
        ),
    )


def _pid_unknown(text: str | None) -> PidUnknown | None:
    """Return the reason, where it is one of ours."""
    return next((reason for reason in get_args(PidUnknown) if reason == text), None)


def _usage(last: Fields) -> Usage:
    engine = last.fields("engine")
    if engine is None:
        raise wrong_form(SUMMARIES, 'a last line without "engine"')
    reason = last.text("finish_reason")
    return Usage(
        prompt_tokens=engine.count("prompt_tokens"),
        cached_tokens=engine.count("cached_tokens"),
        output_tokens=engine.count("output_tokens"),
        engine_load_s=engine.number("load_s"),
        prompt_eval_s=engine.number("prompt_eval_s"),
        decode_s=engine.number("decode_s"),
        engine_total_s=engine.number("total_s"),
        finish_reason=next((known for known in get_args(FinishReason) if known == reason), None),
        http_status=_OK,
    )


def _engine_error(problem: Fields, *, fallback_class: str, status: int) -> EngineError:
    error_class = problem.text("error_class")
    return EngineError(
        problem.text("detail") or problem.text("title") or "the service gave no reason",
        error_class=error_class if error_class in ERROR_CLASSES else fallback_class,
        http_status=status,
    )


def _load_state(text: str | None) -> LoadState | None:
    return next((known for known in get_args(LoadState) if known == text), None)
