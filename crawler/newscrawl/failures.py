"""The named reason for a request that brought no page."""

from urllib.parse import urlsplit

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost
from twisted.web.error import Error as TwistedWebError

from newscrawl.guard import is_refused
from newscrawl.outcomes import Skipped

# What a download may raise; anything else is a mistake of ours and ends the crawl.
DOWNLOAD_ERRORS = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
    ConnectError,
    ConnectionDone,
    ConnectionLost,
    TwistedWebError,
    OSError,
)

_IGNORED = (
    ("robots.txt", "robots"),
    ("offsite", "offsite"),
    ("redirection", "redirects"),
    ("exceeded download_maxsize", "too_large"),
    ("not in cache", "not_cached"),
)


def reason_of(error: BaseException, url: str) -> str:
    """Return the reason, a key of SKIPPED, for what Scrapy raised about a request."""
    if isinstance(error, Skipped):
        return error.reason
    if isinstance(error, IgnoreRequest):
        said = str(error).lower()
        if isinstance(error.__cause__, Skipped):
            return error.__cause__.reason
        return next((reason for word, reason in _IGNORED if word in said), "http_error")
    if isinstance(error, CannotResolveHostError):
        return "private_address" if is_refused(urlsplit(url).hostname or "") else "dns"
    if isinstance(error, DownloadTimeoutError):
        return "timeout"
    if isinstance(error, DownloadCancelledError):
        return "too_large"
    return "connection"
