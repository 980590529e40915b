"""llama-server's native protocol: one client for the embedded llama.cpp, a native and a CUDA build.

Source:
    llama.cpp, tools/server/README.md; what build b11549 does was tried out (ENGINES.md).
"""

import asyncio
import json
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import PurePath

from yoyak.engines.base import Chunk, GenerationOptions, GenerationRequest, LoadResult, Usage
from yoyak.engines.events import completed, ended_early
from yoyak.engines.http_errors import error_text, http_error
from yoyak.engines.http_stream import HttpClient
from yoyak.engines.json_fields import Fields, parse_object, wrong_form
from yoyak.engines.lines import SseSplitter
from yoyak.engines.local_process import LocalProcess
from yoyak.engines.model_file import KnownModel
from yoyak.errors import EngineError, HostError
from yoyak.records import EngineFacts, FinishReason, ModelFacts
from yoyak.units import MS_PER_S

COMPLETION = "/completion"
_MARKER = "yoyak-prompt-goes-here"
_OK = 200
_FINISH_REASONS: dict[str, FinishReason] = {"limit": "length", "eos": "stop", "word": "stop"}
# What the last event is to hold; without a list it repeats the whole prompt and every default.
_LAST_FIELDS = (
    "content",
    "stop",
    "stop_type",
    "truncated",
    "timings",
    "generation_settings/seed",
    "generation_settings/temperature",
    "generation_settings/n_predict",
    "generation_settings/ignore_eos",
)


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What the model's chat template puts around a user's text."""

    prefix: str
    suffix: str

    def around(self, prompt: str) -> str:
        """Return the text that the model gets, but for the beginning-of-text token."""
        return f"{self.prefix}{prompt}{self.suffix}"


class LlamaServer:
    """A llama-server that runs already; it cannot unload its model."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        timeout_s: float,
        ready_connections: int = 1,
        find_model: Callable[[], KnownModel] | None = None,
        explain: Callable[[EngineError], Awaitable[EngineError]] | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: where it listens.
            api_key: if it wants one.
            timeout_s: of a request.
            ready_connections: kept open ahead of need. Each holds one of the server's HTTP threads,
                of which it has its slots + 2 by default.
            find_model: reads the file that it runs, where we know it; called once, in a thread.
            explain: returns the error to raise for one of a stream, where its owner knows more.
        """
        headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        # It closes the connection after each streamed answer, though its headers say otherwise.
        self._http = HttpClient(url, headers=headers, is_one_shot=True)
        self._where = f"{self._http.address.url}{COMPLETION}"
        self._timeout_s = timeout_s
        self._ready_connections = ready_connections
        self._find_model = find_model
        self._explain = explain
        self._model: KnownModel | None = None
        self._wrapping: Wrapping | None = None
        self._described: EngineFacts | None = None
        self._process = LocalProcess(self._http.address)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Yield chunks as they arrive; the last one carries llama.cpp's own timings."""
        try:
            wrapping = self._wrapping or await self._learn_wrapping()
            options = request.options
            payload = {
                "prompt": wrapping.around(request.prompt),
                "n_predict": options.output_tokens,
                "seed": options.seed,
                "temperature": options.temperature,
                "ignore_eos": options.ignore_eos,
                "cache_prompt": False,
                "stream": True,
                "response_fields": _LAST_FIELDS,
            }
            async with self._http.generate(
                COMPLETION, payload, request, timeout_s=self._timeout_s
            ) as response:
                if response.status != _OK:
                    raise _refused(self._where, response.status, await response.read_whole())
                events = SseSplitter()
                while pieces := await response.read():
                    for stamp, data in completed(events, pieces, self._where):
                        chunk = chunk_of(stamp, data, options, self._where)
                        if chunk is not None:
                            yield chunk
                            if chunk.usage is not None:
                                return
                raise ended_early(self._where)
        except EngineError as error:
            if self._explain is None:
                raise
            raise await self._explain(error) from error

    async def describe(self) -> EngineFacts:
        """Return what /props and /v1/models say, and open connections for what is to come.

        Raises:
            HostError: it cannot be reached, or runs another model than we were told.
            UsageError: the model file cannot be read.
        """
        await self._know_model()
        props, listed = await asyncio.gather(
            self._http.request_json("GET", "/props"), self._http.request_json("GET", "/v1/models")
        )
        pid = await asyncio.to_thread(self._process.pid)
        facts = self._facts(Fields(props, "/props"), Fields(listed, "/v1/models"), pid)
        if facts != self._described:  # another model may have another template
            await self._learn_wrapping()
            self._described = facts
        await self._http.warm(self._ready_connections)
        return facts

    async def count_tokens(self, prompt: str) -> int | None:
        """Return the tokens of the prompt in its chat wrapping, beginning-of-text included."""
        wrapping = self._wrapping or await self._learn_wrapping()
        return len(await self._tokens(wrapping.around(prompt), add_special=True))

    async def busy_slots(self) -> int | None:
        """Return how many slots work now; None where the server does not show them."""
        status, body = await self._http.request("GET", "/slots")
        if status != _OK:
            return None
        slots = Fields({"slots": json.loads(body)}, "/slots").objects("slots")
        return sum(slot.flag("is_processing") is True for slot in slots)

    async def unload(self) -> None:
        """Refuse: a server that others started is theirs to stop."""
        raise HostError(_cannot_reload(self._http.address.url))

    async def load(self) -> LoadResult:
        """Refuse, as `unload`."""
        raise HostError(_cannot_reload(self._http.address.url))

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    def _facts(self, props: Fields, listed: Fields, pid: int | None) -> EngineFacts:
        build = known_build(props.text("build_info"))
        settings = props.fields("default_generation_settings")
        entry = next(listed.objects("data"), None)
        meta = entry.fields("meta") if entry is not None else None
        path = props.text("model_path")
        model = ModelFacts(
            name=PurePath(path).name if path else props.text("model_alias") or "unknown",
            quantization=quantization_name(props.text("model_ftype")),
            parameters=meta.count("n_params") if meta is not None else None,
            size_bytes=meta.count("size") if meta is not None else None,
        )
        if self._model is not None:
            model = self._model.checked_against(model, self._http.address.url)
        return EngineFacts(
            name="llamacpp",
            url=self._http.address.url,
            version=build,
            build=None if build is None else f"llama-server {build}",
            context_tokens=settings.count("n_ctx") if settings is not None else None,
            parallel=props.count("total_slots"),
            cache_prompt=False,
            forces_output_length=True,
            pid=pid,
            pid_namespace=self._process.pid_namespace if pid is not None else None,
            boot_id=self._process.boot_id if pid is not None else None,
            pid_unknown=self._process.why_not if pid is None else None,
            model=model,
        )

    async def _learn_wrapping(self) -> Wrapping:
        """Ask for the chat template's text before and after a prompt, and keep it.

        Raises:
            HostError: the template changes the text, or begins it twice.
        """
        await self._know_model()
        wrapping = await self._template()
        doubled = await self._begins_twice(wrapping)
        if doubled is not None:
            # The template writes the beginning-of-text token, and the tokenizer adds it too.
            wrapping = replace(wrapping, prefix=wrapping.prefix.removeprefix(doubled))
            if await self._begins_twice(wrapping) is not None:
                raise HostError(
                    f"the chat template at {self._http.address.url} begins a text twice with "
                    f'"{doubled}"; start the server with a --chat-template that does not'
                )
        self._wrapping = wrapping
        return wrapping

    async def _know_model(self) -> None:
        if self._model is None and self._find_model is not None:
            self._model = await asyncio.to_thread(self._find_model)

    async def _template(self) -> Wrapping:
        if self._model is not None and not self._model.file.has_chat_template:
            return Wrapping("", "")  # the server would take one that the model never saw
        messages = [{"role": "user", "content": _MARKER}]
        answer = await self._http.request_json("POST", "/apply-template", {"messages": messages})
        text = Fields(answer, "/apply-template").text("prompt") or ""
        prefix, found, suffix = text.partition(_MARKER)
        if not found or _MARKER in suffix:
            raise HostError(
                f"the chat template at {self._http.address.url} does not keep the user's text as "
                "it is; start the server with another --chat-template"
            )
        return Wrapping(prefix, suffix)

    async def _begins_twice(self, wrapping: Wrapping) -> str | None:
        """Return the beginning-of-text token's text if a wrapped prompt would have it twice."""
        begin = await self._tokens("", add_special=True)
        tokens = await self._tokens(wrapping.around(_MARKER), add_special=True)
        if not begin or tokens[:2] != [begin[0]] * 2:
            return None
        props = Fields(await self._http.request_json("GET", "/props"), "/props")
        return props.text("bos_token") or ""

    async def _tokens(self, text: str, *, add_special: bool) -> list[int]:
        payload = {"content": text, "add_special": add_special, "parse_special": True}
        answer = await self._http.request_json("POST", "/tokenize", payload)
        return Fields(answer, "/tokenize").counts("tokens")


def quantization_name(file_type: str | None) -> str | None:
    """Return llama.cpp's name of a file type as GGUF files are commonly labelled.

    "Q4_K - Medium" is Q4_K_M, "all F32" is F32, "IQ2_XXS - 2.0625 bpw" is IQ2_XXS; a type that
    llama.cpp only guessed from the tensors is none.

    Source:
        llama.cpp, src/llama-model-loader.cpp, llama_model_ftype_name.
    """
    if file_type is None or file_type.startswith("("):
        return None
    name, _, size = file_type.removeprefix("all ").partition(" - ")
    suffix = {"Small": "_S", "Medium": "_M", "Large": "_L"}.get(size, "")
    return f"{name}{suffix}" if " " not in name and name != "unknown," else None


def known_build(text: str | None) -> str | None:
    """Return a build such as "b6517-69ffd891"; None for one that was compiled without its name."""
    return None if text is None or text.startswith("b0-") else text


def chunk_of(stamp: int, data: bytes, options: GenerationOptions, where: str) -> Chunk | None:
    """Return the chunk that an event is; None while a character's last bytes are awaited.

    Raises:
        EngineError: it is none, or says that the engine failed or did not do what was asked.
    """
    event = parse_object(data, where)
    if "error" in event:
        raise EngineError(
            f"{where} failed in mid-answer: {error_text(data)}",
            error_class="engine_error",
            http_status=_OK,
        )
    text = event.get("content")
    if not isinstance(text, str):
        raise wrong_form(where, 'an event without "content"')
    if event.get("stop") is True:
        return Chunk(stamp, text, _usage(Fields(event, where), options))
    return Chunk(stamp, text) if text else None


def _usage(last: Fields, options: GenerationOptions) -> Usage:
    """Return the counts of the last event.

    Raises:
        EngineError: it holds no timings (class protocol), the engine did not do what was asked
            (engine_error), or the context was full before the answer was long enough
            (prompt_too_long).
    """
    timings = last.fields("timings")
    if timings is None:
        raise wrong_form(COMPLETION, "a last event without timings")
    _check_settings(last, options)
    new, cached = timings.count("prompt_n"), timings.count("cache_n")
    written = timings.count("predicted_n")
    prompt_tokens = None if new is None or cached is None else new + cached
    if options.ignore_eos and written is not None and written < options.output_tokens:
        is_full = last.flag("truncated") is True
        reason = "the context was full" if is_full else "the engine stopped by itself"
        raise EngineError(
            f"{written} of {options.output_tokens} tokens were written after a prompt of "
            f"{prompt_tokens}: {reason}; raise --context or lower --output-tokens",
            error_class="prompt_too_long" if is_full else "engine_error",
            http_status=_OK,
        )
    return Usage(
        prompt_tokens=prompt_tokens,
        cached_tokens=cached,
        output_tokens=written,
        prompt_eval_s=_seconds(timings.number("prompt_ms")),
        decode_s=_seconds(timings.number("predicted_ms")),
        finish_reason=_FINISH_REASONS.get(last.text("stop_type") or ""),
        http_status=_OK,
    )


def _check_settings(last: Fields, options: GenerationOptions) -> None:
    """Raise EngineError where the engine says that it generated in another way than asked."""
    temperature = last.number("generation_settings/temperature")
    seed = last.count("generation_settings/seed")
    n_predict = last.count("generation_settings/n_predict")
    for name, asked, differs in (
        ("seed", options.seed, seed not in (None, options.seed)),
        ("n_predict", options.output_tokens, n_predict not in (None, options.output_tokens)),
        (
            "temperature",
            options.temperature,  # the engine's is a 32-bit float
            temperature is not None
            and not math.isclose(temperature, options.temperature, rel_tol=1e-6, abs_tol=1e-9),
        ),
        (
            "ignore_eos",
            options.ignore_eos,
            last.flag("generation_settings/ignore_eos") not in (None, options.ignore_eos),
        ),
    ):
        if differs:
            raise EngineError(
                f"the engine did not take {name} {asked}; it is none that speaks llama-server's "
                "protocol",
                error_class="engine_error",
                http_status=_OK,
            )


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / MS_PER_S


def _refused(where: str, status: int, body: bytes) -> EngineError:
    """Return the error for an answer that is no stream; a prompt over the context has its own."""
    error = http_error(where, status, body)
    try:
        document = json.loads(body)
        details = Fields(document, where).fields("error")
    except (ValueError, EngineError):
        return error
    if details is None or details.text("type") != "exceed_context_size_error":
        return error
    prompt, context = details.count("n_prompt_tokens"), details.count("n_ctx")
    return EngineError(
        f"a prompt of {prompt} tokens does not fit the context of {context}; "
        f"raise --context or lower --article-chars",
        error_class="prompt_too_long",
        http_status=status,
    )


def _cannot_reload(url: str) -> str:
    return f"the llama-server at {url} was not started by yoyak, so its model stays loaded"
