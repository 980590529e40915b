"""What the client saw of one request, of one model load, and what the model wrote."""

from dataclasses import dataclass
from typing import Literal

FinishReason = Literal["length", "stop"]
LoadState = Literal["resident", "page_cache", "disk"]
BlockEnd = Literal["complete", "missed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request as the client saw it; stamps are monotonic ns since the run began.

    A failed request is a record too: `error` holds its class, and what was not reached is None.
    """

    request_id: str  # sent as X-Request-Id
    article_id: str
    repetition: int  # 0-based block that begins with unload and load
    is_warmup: bool
    scheduled_ns: int  # when the pacer meant it to leave
    sent_ns: int  # when it did leave
    chunk_ns: tuple[int, ...]  # arrival of each non-empty chunk, ascending
    done_ns: int  # the last byte, or the moment of failure
    article_chars: int  # code points of the article's NFC text
    prompt_chars: int  # code points of all text that we send, nonce and template included
    output_chars: int  # code points of the joined NFC output
    prompt_tokens: int | None  # the engine's count, cached ones included; None if it gave none
    cached_tokens: int | None  # of these, taken from a prompt cache; None if it did not say
    output_tokens: int | None  # the engine's count of tokens written
    engine_load_s: float | None  # the engine's own load time within this request
    prompt_eval_s: float | None  # the engine's own clock, to its first sampled token
    decode_s: float | None  # the engine's own clock, (output_tokens - 1) steps
    engine_total_s: float | None  # the engine's own clock, whole request
    finish_reason: FinishReason | None
    http_status: int | None
    error: str | None  # one of errors.ERROR_CLASSES; None if the request succeeded
    error_message: str | None = None  # the one line that a human needs
    trace_id: str | None = None
    span_id: str | None = None
    output: str = ""  # what the model wrote, so that a crash leaves it too


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRecord:
    """One explicit unload and load of the model, which begins a repetition."""

    repetition: int
    started_ns: int  # when the load was asked for; the unload had ended
    done_ns: int  # when the engine said that it was ready
    load_s: float  # client clock, done - started, or the service's own where it loads for us
    state: LoadState | None  # where the weights were; None if this host cannot tell
    cached_ratio: float | None  # share of the model file in the page cache before the load, 0-1


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRecord:
    """A repetition, or a step of a rate sweep, that was gone through to its end.

    One that a crash or Ctrl-C cut off has none.
    """

    repetition: int
    started_ns: int  # before its first measured request
    done_ns: int  # after its last one had ended
    rate_per_s: float | None  # of an open loop
    requests: int | None  # that were planned; None where it ran for a time
    ended: BlockEnd  # missed: given up early, as the sweep's target could no longer be met


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One line of summary.json."""

    article_id: str
    title: str
    url: str | None
    summary: str
    prompt_chars: int
    output_chars: int
    finish_reason: FinishReason | None
    repetition: int
