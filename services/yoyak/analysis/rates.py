"""Rates: in a repetition the work over the time, then the geometric mean over repetitions."""

from collections.abc import Callable, Sequence
from typing import Literal

from yoyak.analysis.cached_prompts import uncached_share, voids_rates
from yoyak.analysis.durations import LEAST_TOKENS, client_decode_s
from yoyak.analysis.intervals import geometric_interval, geometric_mean
from yoyak.analysis.repetitions import Repetition
from yoyak.records import Rate, Rates, RequestRecord

Source = Literal["engine", "client"]
Unit = Literal["tokens", "chars"]
# (work, seconds) of one request, or None if it cannot contribute.
Contribution = Callable[[RequestRecord], tuple[float, float] | None]
UNKNOWN = Rate(value=None, ci95=None, n=0, source=None)


def rates(repetitions: Sequence[Repetition]) -> Rates:
    """Return every rate over complete repetitions."""
    requests = [record for repetition in repetitions for record in repetition.ok]
    prompt_source: Source | None = None if voids_rates(requests) else "engine"
    source = decode_source(requests)
    return Rates(
        prompt_tokens_per_s=rate(repetitions, prompt_contribution("tokens"), prompt_source),
        prompt_chars_per_s=rate(repetitions, prompt_contribution("chars"), prompt_source),
        decode_tokens_per_s=rate(repetitions, decode_contribution("tokens", source), source),
        output_chars_per_s=rate(repetitions, decode_contribution("chars", source), source),
        requests_per_s=of_values(
            [len(rep.ok) / rep.pass_s for rep in repetitions if rep.ok and rep.pass_s > 0],
            "client",
        ),
    )


def decode_source(requests: Sequence[RequestRecord]) -> Source | None:
    """Return whose clock decode rates rest on, one for the whole run.

    The engine's, if it timed every request that succeeded; else the client's, first to last chunk;
    None if neither can be had. Mixing them would compare two clocks.
    """
    if requests and all(r.decode_s is not None and r.output_tokens for r in requests):
        return "engine"
    if requests and all(r.output_tokens for r in requests):
        return "client"
    return None


def rate(
    repetitions: Sequence[Repetition], contribution: Contribution, source: Source | None
) -> Rate:
    """Return the rate whose value in a repetition is sum(work) / sum(seconds) over its requests."""
    if source is None:
        return UNKNOWN
    values = []
    for repetition in repetitions:
        parts = [part for record in repetition.ok if (part := contribution(record)) is not None]
        work, seconds = sum(p[0] for p in parts), sum(p[1] for p in parts)
        if work > 0 and seconds > 0:
            values.append(work / seconds)
    return of_values(values, source)


def of_values(values: Sequence[float], source: Source) -> Rate:
    """Return the rate of repetition values: their geometric mean and its 95 % interval."""
    if not values:
        return UNKNOWN
    return Rate(
        value=geometric_mean(values),
        ci95=geometric_interval(values),
        n=len(values),
        source=source,
        repetition_values=tuple(values),
    )


def decode_contribution(unit: Unit, source: Source | None) -> Contribution:
    """Return what a request adds to a decode rate.

    Work is output_tokens - 1, since the decode clock starts at the first token, or
    output_chars * (n - 1) / n for n tokens; seconds are the engine's decode_s or the span from
    first to last chunk. A request of fewer than two tokens adds nothing.
    """

    def contribution(record: RequestRecord) -> tuple[float, float] | None:
        tokens = record.output_tokens
        seconds = record.decode_s if source == "engine" else client_decode_s(record)
        if tokens is None or tokens < LEAST_TOKENS or not seconds:
            return None
        work = tokens - 1 if unit == "tokens" else record.output_chars * (tokens - 1) / tokens
        return work, seconds

    return contribution


def prompt_contribution(unit: Unit) -> Contribution:
    """Return what a request adds to a prompt rate: uncached tokens or characters, prompt_eval_s.

    The characters of cached tokens are not known; prompt_chars times the uncached share of tokens
    stands for them, which is exact where nothing was cached.
    """

    def contribution(record: RequestRecord) -> tuple[float, float] | None:
        share = uncached_share(record)
        if share is None or not record.prompt_eval_s or record.prompt_tokens is None:
            return None
        whole = record.prompt_tokens if unit == "tokens" else record.prompt_chars
        return whole * share, record.prompt_eval_s

    return contribution
