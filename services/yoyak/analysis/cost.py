"""Money: from a price an hour and a measured pace to the price of the work."""

from yoyak.analysis.prices import Price
from yoyak.records import Cost

_SECONDS_PER_HOUR = 3600
_ARTICLES = 1000
_TOKENS = 1_000_000
UNKNOWN = Cost(
    usd_per_hour=None,
    price_source=None,
    usd_per_1000_articles=None,
    usd_per_million_output_tokens=None,
)


def cost(
    price: Price | None, *, requests_per_s: float | None, output_tokens_per_request: float | None
) -> Cost:
    """Return what the work costs on a host that is kept as busy as it was when measured.

    usd_per_1000_articles = usd_per_hour / 3600 * 1000 / requests_per_s
    usd_per_million_output_tokens =
        usd_per_hour / 3600 * 1e6 / (requests_per_s * output_tokens_per_request)

    Loading, idle time, storage and traffic are not in it.

    Args:
        price: None leaves all of it unknown.
        requests_per_s: at the concurrency of the run; more of it may be cheaper.
        output_tokens_per_request: mean over the measured requests.
    """
    if price is None:
        return UNKNOWN
    a_second = price.usd_per_hour / _SECONDS_PER_HOUR
    tokens_per_s = (
        requests_per_s * output_tokens_per_request
        if requests_per_s and output_tokens_per_request
        else None
    )
    return Cost(
        usd_per_hour=price.usd_per_hour,
        price_source=price.source,
        usd_per_1000_articles=a_second * _ARTICLES / requests_per_s if requests_per_s else None,
        usd_per_million_output_tokens=a_second * _TOKENS / tokens_per_s if tokens_per_s else None,
    )
