"""What every engine takes and gives: a request in, stamped chunks out, the last with its counts."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from yoyak.records import EngineFacts, FinishReason, LoadState


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOptions:
    """How to generate; sent with every request and checked against what the engine did."""

    output_tokens: int
    seed: int
    temperature: float
    ignore_eos: bool = True  # write exactly output_tokens, where the engine can


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One article to summarize. Engines send `prompt`; our service gets the article and nonce."""

    request_id: str
    article_id: str
    title: str
    text: str
    nonce: str
    prompt: str  # prompts.build_prompt of the above
    options: GenerationOptions
    traceparent: str | None = None  # W3C
    is_warmup: bool = False  # so that a service between us and the engine can label its metrics
    # Chunks may be handed over late and many together: their stamps are of their arrival all the
    # same, and taking them one by one costs a load generator most of its time.
    may_gather: bool = False
    # Told CLOCK_MONOTONIC just before the first byte leaves, with the bytes made and a connection
    # at hand; where none was, before one was asked for.
    on_sent: Callable[[int], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The engine's own last word on a request; what it did not say is None."""

    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    engine_load_s: float | None = None
    prompt_eval_s: float | None = None
    decode_s: float | None = None
    engine_total_s: float | None = None
    finish_reason: FinishReason | None = None
    http_status: int | None = None


class Chunk(NamedTuple):
    """A piece of the stream.

    Attributes:
        arrived_ns: CLOCK_MONOTONIC when its bytes came in, taken before they were parsed.
        text: what arrived, never empty except in the last chunk.
        usage: set on the last chunk of a stream that ended well, and only there.
    """

    arrived_ns: int
    text: str
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """An explicit load: how long it took, and where the weights came from."""

    load_s: float
    state: LoadState | None
    cached_ratio: float | None = None


class Engine(Protocol):
    """An adapter. A stream that fails raises errors.EngineError with its class."""

    def stream(self, request: GenerationRequest) -> AsyncIterator[Chunk]:
        """Yield chunks as they arrive; the last one carries `usage`.

        Leaving the loop early (`aclose`) cancels the engine's work.
        """
        ...

    async def describe(self) -> EngineFacts:
        """Return what the engine says of itself now; raises HostError if it cannot be reached."""
        ...

    async def count_tokens(self, prompt: str) -> int | None:
        """Return the tokens that `prompt` makes, chat wrapping included; None if unknown."""
        ...

    async def unload(self) -> None:
        """Return when the model is out of memory; only where `describe().can_reload`."""
        ...

    async def load(self) -> LoadResult:
        """Load the model and return when it is ready; only where `describe().can_reload`."""
        ...

    async def close(self) -> None:
        """Close connections, and the engine itself if the adapter started it."""
        ...
