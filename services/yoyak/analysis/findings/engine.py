"""Findings about what the engine told of its own work: caches, and times that cannot be."""

from yoyak.analysis.cached_prompts import VOID_ABOVE, largest_cached_share
from yoyak.analysis.durations import LEAST_TOKENS
from yoyak.analysis.findings.evidence import Check, Evidence
from yoyak.analysis.findings.wording import finding
from yoyak.records import Finding, RequestRecord
from yoyak.units import PERCENT, seconds

# Two clocks of one kernel tick alike, and those of two hosts to 0.01 %; an engine rounds its times
# to a millisecond. What lies beyond both is no time of this request.
CLOCK_TOLERANCE = 0.02
CLOCK_SLACK_S = 0.05


def cached_tokens(evidence: Evidence) -> Finding | None:
    """Prompt tokens came from a cache, so their time belongs to other work."""
    share = largest_cached_share(evidence.ok)
    if not share:
        return None
    if share > VOID_ABOVE:
        return finding("cached-tokens/void", "invalid", percent=f"{PERCENT * share:.0f}")
    return finding("cached-tokens", "info", percent=f"{PERCENT * share:.1f}")


def cached_unknown(evidence: Evidence) -> Finding | None:
    """The engine may cache and does not say how much it took from there."""
    silent = [r for r in evidence.ok if r.cached_tokens is None and r.prompt_eval_s is not None]
    if not silent or evidence.manifest.engine.cache_prompt is False:
        return None
    return finding("cached-unknown", "warning")


def clocks_disagree(evidence: Evidence) -> Finding | None:
    """The engine claims more time within a request than the request took."""
    longer = [record for record in evidence.ok if _claims_more_time(record)]
    if not longer:
        return None
    return finding("clocks-disagree", "invalid", longer=len(longer), requests=len(evidence.ok))


def partly_told(evidence: Evidence) -> Finding | None:
    """The engine told a count or a time of some requests and not of others."""
    timed = [record for record in evidence.ok if (record.output_tokens or 0) >= LEAST_TOKENS]
    told = (
        ("prompt_tokens", [bool(record.prompt_tokens) for record in evidence.ok]),
        ("output_tokens", [record.output_tokens is not None for record in evidence.ok]),
        ("prompt_eval_s", [bool(record.prompt_eval_s) for record in evidence.ok]),
        ("decode_s", [bool(record.decode_s) for record in timed]),
    )
    parts = [
        f"{name} {sum(said)}/{len(said)}" for name, said in told if any(said) and not all(said)
    ]
    return finding("partly-told", "warning", told=", ".join(parts)) if parts else None


def _claims_more_time(record: RequestRecord) -> bool:
    wall_s = seconds(record.done_ns - record.sent_ns)
    claimed_s = (record.prompt_eval_s or 0.0) + (record.decode_s or 0.0)
    return claimed_s > (1 + CLOCK_TOLERANCE) * wall_s + CLOCK_SLACK_S


ENGINE_CHECKS: tuple[Check, ...] = (cached_tokens, cached_unknown, partly_told, clocks_disagree)
