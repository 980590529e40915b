"""Downloader middlewares: robots.txt, limits, retries that wait, an offsite filter that tells."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest

from newscrawl.guard import is_refused
from newscrawl.outcomes import Skipped

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

FIRST_BACKOFF_S = 1.0  # doubles with each retry of a request
LONGEST_BACKOFF_S = 60.0
BACKOFF_SETTING = "NEWSCRAWL_BACKOFF_S"


class LoudOffsiteMiddleware(OffsiteMiddleware):
    """Scrapy's filter, but only where the request's errback hears of it.

    The standard one also drops a request while it is scheduled, without a word: an article that
    redirects to another site would vanish from the account.
    """

    def request_scheduled(self, request: "Request", spider: "Spider") -> None:
        """Let it pass; `process_request` refuses it."""


class PermissionRobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's obedience to robots.txt, less the hosts whose owner lets the operator crawl.

    By the host of each request and not by a mark on it: a redirect to another site would carry the
    mark along.
    """

    async def process_request(self, request: "Request") -> None:  # type: ignore[override]  # as above
        """Pass requests that robots.txt allows, or the site's owner.

        Raises:
            IgnoreRequest: robots.txt forbids it.
        """
        options = getattr(self.crawler.spider, "options", None)
        if options is None or not options.is_permitted(request.url):
            await super().process_request(request)

    async def _parse_robots(self, response: "Response", netloc: str, request: "Request") -> None:
        # RFC 9309, 2.3.1.4: a server that fails to give its rules allows nothing meanwhile.
        if response.status >= 500:
            response = response.replace(body=b"User-agent: *\nDisallow: /\n")
        await super()._parse_robots(response, netloc, request)


class LimitMiddleware:
    """Refuses articles behind the last one that is wanted, however they were scheduled."""

    def __init__(self, crawler: "Crawler") -> None:
        """Keep the crawler, whose spider has the ledger."""
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "LimitMiddleware":
        """Build for a crawler."""
        return cls(crawler)

    def process_request(self, request: "Request") -> None:
        """Pass requests within the limit.

        Raises:
            IgnoreRequest: it is beyond the limit.
        """
        rank = request.meta.get("rank")
        ledger = getattr(self._crawler.spider, "ledger", None)
        if rank is not None and ledger is not None and ledger.is_beyond(tuple(rank)):
            raise IgnoreRequest("beyond --max-articles") from Skipped("beyond_limit")


class BudgetMiddleware:
    """Counts each call of Naver's API just before it leaves; one from the cache costs nothing."""

    def __init__(self, crawler: "Crawler") -> None:
        """Keep the crawler, whose spider has the budget."""
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "BudgetMiddleware":
        """Build for a crawler."""
        return cls(crawler)

    def process_request(self, request: "Request") -> None:
        """Count a call.

        Raises:
            MeasuredFailure: the day's budget is used up.
            HostError: the count cannot be kept.
        """
        if request.meta.get("naver_api"):
            left = self._crawler.spider.budget.spend()  # type: ignore[union-attr]  # a NaverSpider
            self._crawler.stats.set_value("newscrawl/naver_calls_left", left)


class PatientRetryMiddleware(RetryMiddleware):
    """Scrapy's retries, each after a wait that doubles; `Retry-After` counts up to a minute."""

    async def process_response(  # type: ignore[override]  # a coroutine, as middlewares may be
        self, request: "Request", response: "Response"
    ) -> "Request | Response":
        """Return the response, or after a wait the request again."""
        result = super().process_response(request, response)
        if result is not response:
            await self._wait(request, response.headers.get("Retry-After"))
        return result

    async def process_exception(  # type: ignore[override]  # a coroutine, as middlewares may be
        self, request: "Request", exception: Exception
    ) -> "Request | Response | None":
        """Return None, or after a wait the request again; an address refused once stays refused."""
        host = urlsplit(request.url).hostname or ""
        if isinstance(exception, CannotResolveHostError) and is_refused(host):
            return None
        result = super().process_exception(request, exception)
        if result is not None:
            await self._wait(request, None)
        return result

    async def _wait(self, request: "Request", retry_after: bytes | None) -> None:
        first = self.crawler.settings.getfloat(BACKOFF_SETTING, FIRST_BACKOFF_S)
        await asyncio.sleep(
            backoff_s(request.meta.get("retry_times", 0), retry_after, first_s=first)
        )


def backoff_s(retries: int, retry_after: bytes | None, *, first_s: float) -> float:
    """Return the seconds to wait before the next try: first_s * 2^retries, at most a minute.

    A `Retry-After` in seconds replaces it, within the same bound.
    """
    wait = first_s * 2**retries
    if retry_after is not None and retry_after.isdigit():
        wait = float(retry_after)
    return float(min(wait, LONGEST_BACKOFF_S))
