"""What the service takes and gives, as it stands in /openapi.json."""

import secrets
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from yoyak import prompts
from yoyak.config import RunConfig
from yoyak.engines.base import Usage

_DEFAULTS = RunConfig()
_MOST_SEED = 2**32 - 2  # llama.cpp takes 2^32 - 1 for "draw one"
_MOST_ID = 256


def _nonce(value: str) -> str:
    if not prompts.is_nonce(value):
        raise ValueError(f"a nonce is {prompts.NONCE_DIGITS} decimal digits")
    return value


Nonce = Annotated[
    str,
    AfterValidator(_nonce),
    Field(description=f"{prompts.NONCE_DIGITS} decimal digits, used once; begins the prompt"),
]


class _Strict(BaseModel):
    """A number is no text, and a misspelt option is an error, never a default."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ArticleIn(_Strict):
    """The article to summarize."""

    id: str = Field(min_length=1, max_length=_MOST_ID)
    title: str = Field(min_length=1)
    text: str = Field(min_length=1)


class OptionsIn(_Strict):
    """How to generate; each has a default."""

    output_tokens: int = Field(default=_DEFAULTS.output_tokens, ge=1)
    seed: int = Field(default=_DEFAULTS.seed, ge=0, le=_MOST_SEED)
    temperature: float = Field(default=_DEFAULTS.temperature, ge=0, le=10, allow_inf_nan=False)
    nonce: Nonce | None = Field(default=None, description="drawn by the service if absent")
    ignore_eos: bool = Field(
        default=True, description="write exactly output_tokens, where the engine can"
    )


class SummaryRequest(_Strict):
    """The body of POST /v1/summaries."""

    article: ArticleIn
    options: OptionsIn = OptionsIn()
    stream: bool = False


class TokensRequest(_Strict):
    """The body of POST /v1/tokens."""

    article: ArticleIn
    nonce: Nonce | None = None


class EngineUsage(BaseModel):
    """The engine's own counts and durations; what it did not say is null."""

    prompt_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    load_s: float | None
    prompt_eval_s: float | None
    decode_s: float | None
    total_s: float | None


class SummaryOut(BaseModel):
    """The answer to POST /v1/summaries without streaming."""

    summary: str
    finish_reason: str | None
    engine: EngineUsage


class LoadOut(BaseModel):
    """The answer to POST /v1/engine/load."""

    load_s: float = Field(description="seconds, by the service's clock")
    state: str | None = Field(description="where the weights were: resident, page_cache or disk")
    cached_ratio: float | None = Field(description="of the file in the page cache before, 0 to 1")


class TokensOut(BaseModel):
    """The answer to POST /v1/tokens."""

    prompt_tokens: int | None = Field(description="null if the engine cannot count")


class ProblemOut(BaseModel):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    error_class: str
    request_id: str | None = None


def draw_nonce() -> str:
    """Return a nonce that nobody chose."""
    return f"{secrets.randbelow(10**prompts.NONCE_DIGITS):0{prompts.NONCE_DIGITS}d}"


def usage_members(usage: Usage) -> dict[str, Any]:
    """Return the members of `EngineUsage` as JSON's own types."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
        "load_s": usage.engine_load_s,
        "prompt_eval_s": usage.prompt_eval_s,
        "decode_s": usage.decode_s,
        "total_s": usage.engine_total_s,
    }
