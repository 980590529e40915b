"""Why a page became no article: a closed set of reasons."""

BEYOND_LIMIT = "beyond_limit"
SKIPPED = {
    "bad_address": "what the list names is no address of an article",
    "robots": "robots.txt of the site forbids it, or its server fails to give it",
    "offsite": "another site than the ones asked for (--allow-domain DOMAIN)",
    "private_address": "the host has a private, loopback or link-local address (--allow-host HOST)",
    "unsupported_site": "a layout that cannot be read, such as sports and entertainment portals",
    "http_error": "the server answered with an error status",
    "timeout": "the server did not answer in time",
    "connection": "the connection could not be made or broke",
    "dns": "the host name is unknown",
    "redirects": "too many redirects, or in a circle",
    "too_large": "the response is larger than --max-page-bytes",
    "not_html": "the response is no HTML page",
    "empty_body": "the response has no content",
    "undecodable": "no character set fits the page's bytes",
    "no_text": "the page holds no article text",
    "too_short": "the text is shorter than --min-chars",
    "photo": "a picture with its caption",
    "paywall": "the text is for subscribers",
    "not_relevant": "it is not about the keyword (--min-relevance)",
    "duplicate": "the same article under another address",
    "extraction": "extraction failed or took too long",
    BEYOND_LIMIT: "--max-articles was reached",
    "not_cached": "the cache has no response (--http-cache offline)",
    "internal": "an error of newscrawl's own; OUT/.crawl/crawl.log has it",
}

# Reasons that lie in what a page holds; the others are about getting it.
CONTENT = (
    "undecodable", "empty_body", "no_text", "too_short", "photo", "paywall", "not_relevant",
    "duplicate", "extraction", "unsupported_site",
)  # fmt: skip
# A later crawl asks again for what may have changed, on the site (two lines of flash news become an
# article) or in what is asked for (--min-chars); the other reasons hold for good.
PASSING = frozenset(
    {
        "robots", "offsite", "private_address", "http_error", "timeout", "connection", "dns",
        "extraction", "beyond_limit", "not_relevant", "paywall", "redirects", "too_large",
        "empty_body", "no_text", "too_short", "not_cached", "internal",
    }
)  # fmt: skip

EMPTY = frozenset({"no_text", "too_short"})


class Skipped(Exception):
    """A page that becomes no article, with its reason, a key of SKIPPED."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """Store the reason, and what was found beside it."""
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
