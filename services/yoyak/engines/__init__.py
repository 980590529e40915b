"""Engines: adapters from one prompt to a stream of stamped chunks and the engine's own counts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from yoyak.config import Build
from yoyak.engines.base import Engine
from yoyak.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What an adapter may need to know; each takes its part."""

    url: str | None  # None: the engine's usual address, or one that we start
    model: str | None  # a name, or a GGUF file
    threads: int
    context: int  # tokens of one slot
    batch: int
    parallel: int  # requests at once
    timeout_s: float  # of a request
    cache_dir: Path | None  # where digests of model files and native builds are kept
    build: Build
    api_key: str | None


def open_engine(
    name: str,
    *,
    url: str | None = None,
    model: str | None = None,
    threads: int,
    context: int,
    batch: int,
    parallel: int = 1,
    timeout_s: float,
    cache_dir: Path | None = None,
    build: Build = "auto",
    api_key: str | None = None,
) -> Engine:
    """Return an adapter; it connects to, or starts, nothing before it is first asked.

    Args:
        name: one of `ENGINES`.
        url: where the engine runs; None for its usual address. llamacpp without one is started
            by us.
        model: a GGUF file for llamacpp, the engine's own name for others.
        threads: for an engine that we start, or that takes the number with a request.
        context: tokens of one slot, as `threads`.
        batch: tokens of a prompt batch, as `threads`.
        parallel: requests at once; so many connections are kept ready.
        timeout_s: of a request.
        cache_dir: where digests of model files are remembered and native builds are kept; None
            to hash each time and to run the wheel.
        build: which llama.cpp, for one that we start: native.builds.choose_build says more.
        api_key: for an engine that wants one.

    Raises:
        UsageError: there is no such engine, or it needs what was not given.
    """
    try:
        factory = ENGINES[name]
    except KeyError:
        raise UsageError(
            f'there is no engine "{name}"; choose one of: {", ".join(ENGINES)}'
        ) from None
    return factory(
        EngineOptions(
            url=url,
            model=model,
            threads=threads,
            context=context,
            batch=batch,
            parallel=parallel,
            timeout_s=timeout_s,
            cache_dir=cache_dir,
            build=build,
            api_key=api_key,
        )
    )


# Each imports its adapter when it is asked for: a run needs one of them, `yoyak --help` none.


def _llamacpp(options: EngineOptions) -> Engine:
    if options.url is not None:
        from yoyak.engines.llamacpp import LlamaServer
        from yoyak.engines.model_file import known_model

        find_model = None
        if options.model is not None:
            path = Path(options.model).expanduser()
            find_model = partial(known_model, path, cache_dir=options.cache_dir)
        return LlamaServer(
            options.url,
            api_key=options.api_key,
            timeout_s=options.timeout_s,
            find_model=find_model,
        )
    from yoyak.engines.embedded import EmbeddedLlama, Settings

    if options.model is None:
        raise UsageError(
            "the embedded engine needs a model file; make one: yoyak model synth small --out "
            "small.gguf, then give it: --model small.gguf"
        )
    return EmbeddedLlama(
        Settings(
            model=Path(options.model).expanduser(),
            threads=options.threads,
            context=options.context,
            batch=options.batch,
            parallel=options.parallel,
            timeout_s=options.timeout_s,
            cache_dir=options.cache_dir,
            build=options.build,
        )
    )


def _ollama(options: EngineOptions) -> Engine:
    from yoyak.engines.ollama import DEFAULT_URL, Ollama

    return Ollama(
        options.url or DEFAULT_URL,
        model=_named(options, "ollama", example="mistral:7b-instruct-q4_0"),
        threads=options.threads,
        context=options.context,
        batch=options.batch,
        timeout_s=options.timeout_s,
        ready_connections=options.parallel,
        api_key=options.api_key,
    )


def _openai(options: EngineOptions) -> Engine:
    from yoyak.engines.openai import DEFAULT_URL, OpenAi

    return OpenAi(
        options.url or DEFAULT_URL,
        model=options.model,
        timeout_s=options.timeout_s,
        ready_connections=options.parallel,
        api_key=options.api_key,
    )


def _named(options: EngineOptions, engine: str, *, example: str) -> str:
    if options.model is None:
        raise UsageError(f"--engine {engine} needs a model's name, such as --model {example}")
    return options.model


def _summarizer(options: EngineOptions) -> Engine:
    from yoyak.engines.summarizer import CHANGE_TIMEOUT_S, DEFAULT_URL, SummarizerService

    return SummarizerService(
        options.url or DEFAULT_URL,
        timeout_s=options.timeout_s,
        change_timeout_s=max(CHANGE_TIMEOUT_S, options.timeout_s),
        ready_connections=options.parallel,
    )


ENGINES: dict[str, Callable[[EngineOptions], Engine]] = {
    "llamacpp": _llamacpp,
    "ollama": _ollama,
    "openai": _openai,
    "summarizer": _summarizer,
}
