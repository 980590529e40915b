"""How much of a prompt came from a cache, and when that voids a prompt rate."""

from collections.abc import Sequence

from yoyak.records import RequestRecord

# A server may cache the few tokens of its own chat wrapping, which stand before our nonce; they
# are left out of both rates. Above this share it is the article itself that was cached: the time
# then belongs to other work, and no correction saves the rate.
VOID_ABOVE = 0.05


def uncached_share(record: RequestRecord) -> float | None:
    """Return the share of prompt tokens that were evaluated, 0-1; None if the engine gave no count.

    An unstated cached count is taken as 0 here, and a finding says that it is unknown.
    """
    if not record.prompt_tokens:
        return None
    return 1 - (record.cached_tokens or 0) / record.prompt_tokens


def largest_cached_share(requests: Sequence[RequestRecord]) -> float | None:
    """Return the largest cached share among requests that state both counts; None if none does."""
    shares = [
        r.cached_tokens / r.prompt_tokens
        for r in requests
        if r.cached_tokens is not None and r.prompt_tokens
    ]
    return max(shares, default=None)


def voids_rates(requests: Sequence[RequestRecord]) -> bool:
    """Say whether prompt rates over these requests are void."""
    share = largest_cached_share(requests)
    return share is not None and share > VOID_ABOVE
