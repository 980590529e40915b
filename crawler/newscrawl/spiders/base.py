"""What both spiders share: from a candidate address to an article item, or to a named reason."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider, signals
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError

from newscrawl.addresses import article_key
from newscrawl.candidates import Candidate
from newscrawl.extract.pool import ExtractPool
from newscrawl.failures import reason_of
from newscrawl.items import ArticleItem, article_item
from newscrawl.ledger import Ledger
from newscrawl.options import CrawlOptions
from newscrawl.outcomes import Skipped
from newscrawl.own_signals import page_done, page_extracted, page_skipped
from newscrawl.page_trail import META, PageTrail
from yoyak.errors import HostError, YoyakError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

LOST_AFTER_S = 1.0  # without a finished page, whether any is still under way is looked at
QUEUED_MAX = 64  # requests waiting in the scheduler; more candidates wait in their list


class NewsSpider(Spider):
    """A spider whose candidates become articles.

    Attributes:
        ledger: what is finished.
        fatal: what ended the crawl early, or None.
        is_interrupted: whether it was stopped while it handed over its last articles.
        failures: start addresses that could not be read, with the reason.
        lists_lost: further lists that could not be read, with the reason.
        discovered: candidates so far, for the progress.
    """

    def __init__(self, options: CrawlOptions, ledger: Ledger, **kwargs: Any) -> None:  # noqa: ANN401 - Scrapy's own
        """Take what to crawl and what is known."""
        super().__init__(**kwargs)
        self.options = options
        self.ledger = ledger
        self.pool = ExtractPool(options.workers, on_extracted=self._extracted)
        self.fatal: YoyakError | None = None
        self.is_interrupted = False
        self.failures: dict[str, str] = {}
        self.lists_lost: dict[str, str] = {}
        self.discovered = 0
        self._met: set[str] = set()
        self._finished = asyncio.Event()
        self._stopping: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: "Crawler", *args: Any, **kwargs: Any) -> "NewsSpider":  # noqa: ANN401 - passed on
        """Build for a crawler, and close the extraction processes with it."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.pool.close, signal=signals.spider_closed)
        crawler.signals.connect(spider.page_finished, signal=signals.item_scraped)
        crawler.signals.connect(spider.page_finished, signal=page_skipped)
        crawler.signals.connect(spider.lost, signal=signals.spider_error)
        crawler.signals.connect(spider.lost, signal=signals.item_error)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Yield the requests for the candidates, as many as the scheduler has room for."""
        async for candidate in self.candidates():
            request = self.article_request(candidate)
            if request is None:
                continue
            while len(self.crawler.engine.scheduler or ()) >= QUEUED_MAX:  # type: ignore[arg-type]
                await self.crawler.signals.wait_for(signals.scheduler_empty)
            yield request
            while self._has_enough_under_way():
                self._finished.clear()
                with suppress(TimeoutError):  # a page that an error of ours lost tells nothing
                    await asyncio.wait_for(self._finished.wait(), LOST_AFTER_S)

    def _has_enough_under_way(self) -> bool:
        """Return whether the pages under way could fill the limit, so that no more are fetched."""
        wanted = self.ledger.wanted
        finished = self.ledger.new_articles + sum(self.ledger.skipped.values())
        under_way = self.discovered - finished
        engine = self.crawler.engine
        scheduler, scraper = engine.scheduler, engine.scraper.slot
        is_idle = (
            not engine.downloader.active
            and (scheduler is None or not scheduler.has_pending_requests())
            and (scraper is None or scraper.is_idle())
        )
        return wanted is not None and under_way >= max(1, wanted) and not is_idle

    async def candidates(self) -> AsyncIterator[Candidate]:
        """Yield addresses of articles, in an order that the same site gives again."""
        raise NotImplementedError
        yield

    def article_request(self, candidate: Candidate) -> Request | None:
        """Return the request for a candidate, or None if it is known, met before or beyond."""
        keys = [article_key(url) for url in (candidate.url, *candidate.other_urls)]
        is_met = not self._met.isdisjoint(keys)
        self._met.update(keys)
        if is_met:
            return None
        if any(self.ledger.is_article(key) for key in keys):
            self.ledger.meet_again(candidate.rank)
            return None
        if self.ledger.is_gone(keys[0]):
            self.ledger.known_others += 1
            return None
        if self.ledger.is_beyond(candidate.rank):
            return None
        self.discovered += 1
        return Request(
            candidate.url,
            callback=self.parse_article,
            errback=self.failed,
            priority=-candidate.rank[0],
            cb_kwargs={"candidate": candidate},
            meta={
                "rank": candidate.rank,
                "key": keys[0],
                META: PageTrail(url=candidate.url),
            },
        )

    async def parse_article(
        self, response: Response, candidate: Candidate
    ) -> AsyncIterator[ArticleItem]:
        """Yield the article of a page."""
        trail: PageTrail = response.meta[META]
        trail.url, trail.status = response.url, response.status
        trail.is_cached = "cached" in response.flags
        try:
            item = await self.article_of(response, candidate)
        except Skipped as skipped:
            self.skip(article_key(candidate.url), response.url, skipped.reason)
            self._done(trail, skipped.reason)
            return
        yield item

    async def article_of(self, response: Response, candidate: Candidate) -> ArticleItem:
        """Return the article of a page.

        Raises:
            Skipped: it is none, or none that can be read.
        """
        if not response.body.strip():
            raise Skipped("empty_body")
        if not is_html(response):
            raise Skipped("not_html")
        trail: PageTrail = response.meta[META]
        trail.extract_began_ns = time.monotonic_ns()
        try:
            found = await self.pool.extract(response.body, response.url, declared_charset(response))
        finally:
            trail.extracted_ns = time.monotonic_ns()
        return article_item(
            found,
            url=response.url,
            fetched_at=fetched_at(response),
            candidate=candidate,
            trail=trail,
        )

    def _extracted(self, seconds: float) -> None:
        self.crawler.signals.send_catch_log(page_extracted, seconds=seconds)

    def failed(self, failure: "Failure") -> Iterator[ArticleItem]:
        """Write down why a request brought no page."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
        error = failure.value
        if isinstance(error, HttpError):
            reason = "paywall" if error.response.status == 402 else "http_error"
        else:
            reason = reason_of(error, request.url) if error else "connection"
        self.skip(request.meta["key"], request.url, reason)
        self._done(request.meta[META], reason)
        yield from ()

    def lost(self, response: "Response | Failure | None") -> None:
        """Write down a page that an error of our own lost, so that the account adds up."""
        request = getattr(response, "request", None)
        if request is None or "key" not in request.meta or self.fatal is not None:
            return
        self.skip(request.meta["key"], request.url, "internal")
        self._done(request.meta[META], "internal")

    def _done(self, trail: PageTrail, reason: str) -> None:
        trail.outcome = reason
        self.crawler.signals.send_catch_log(page_done, trail=trail)

    def page_finished(self) -> None:
        """Let the next candidate go where pages under way held it back."""
        self._finished.set()

    def skip_unread(self, text: str) -> None:
        """Write down what discovery found that is no address."""
        self.discovered += 1
        self.skip(text, text, "bad_address")

    def skip(self, key: str, url: str, reason: str) -> None:
        """Write down a page that becomes no article."""
        self.crawler.stats.inc_value(f"newscrawl/skipped/{reason}")
        self.crawler.signals.send_catch_log(page_skipped, reason=reason)
        try:
            self.ledger.skip(key, url, reason)
        except HostError as error:
            self.stop(error)

    def stop(self, error: YoyakError) -> None:
        """End the crawl because of an error; what is finished stays."""
        if self.fatal is None:
            self.fatal = error
            self._stopping = asyncio.ensure_future(
                self.crawler.engine.close_spider_async(reason="fatal")
            )


def is_html(response: Response) -> bool:
    """Return whether a response is an HTML page, by its type or, where it has none, its content."""
    if isinstance(response, HtmlResponse):
        return True
    if isinstance(response, TextResponse) or not response.headers.get("Content-Type"):
        head = response.body[:1024].lower()
        return b"<html" in head or b"<!doctype html" in head
    return False


def fetched_at(response: Response) -> str:
    """Return when the server answered, by its own Date header unless that lies ahead of us.

    A response from the HTTP cache keeps its date, so a crawl of the same responses gives the same
    dataset, times included.
    """
    now = datetime.now(UTC)
    stated = (response.headers.get("Date") or b"").decode("latin-1")
    try:
        at = min(parsedate_to_datetime(stated).astimezone(UTC), now)
    except (TypeError, ValueError):  # none, or none that is a date
        at = now
    return at.replace(microsecond=0).isoformat()


def declared_charset(response: Response) -> str | None:
    """Return the charset that the Content-Type header names."""
    header = (response.headers.get("Content-Type") or b"").decode("latin-1").lower()
    _, found, charset = header.partition("charset=")
    return charset.split(";")[0].strip(" \"'") or None if found else None
