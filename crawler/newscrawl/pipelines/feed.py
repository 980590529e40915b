"""Sends each kept article to the summarizer as it arrives."""

import asyncio
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import CloseSpider

from newscrawl.items import ArticleItem
from newscrawl.journal import JOURNAL, lines
from newscrawl.letters import DELIVERED, FeedLog, Letter, Outcome
from newscrawl.own_signals import article_fed, article_settled
from newscrawl.tracing import TRACES_SETTING
from otlp_spans.settings import OtlpSettings
from otlp_spans.span import new_span_id
from yoyak.errors import HostError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from newscrawl.feeding import Feeder

INTERRUPT_EVERY_S = 0.2  # how soon a wait for a busy summarizer notices Ctrl-C


class FeedPipeline:
    """Feeds the summarizer; waits with it where it is busy, so the crawl slows down to its pace."""

    def __init__(self, crawler: "Crawler") -> None:
        """Keep the crawler, whose spider has the options."""
        self._crawler = crawler
        self._feeder: Feeder | None = None
        self._log: FeedLog | None = None
        self._earlier: asyncio.Task[None] | None = None
        self._traces: OtlpSettings | None = crawler.settings.get(TRACES_SETTING)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "FeedPipeline":
        """Build for a crawler."""
        return cls(crawler)

    async def open_spider(self) -> None:
        """Begin, with the articles that earlier crawls kept and could not deliver.

        Raises:
            CloseSpider: the summarizer is not there.
        """
        options = self._crawler.spider.options  # type: ignore[union-attr]  # a NewsSpider
        if not options.feed:
            return
        from newscrawl.feeding import Feeder  # lazy: aiohttp, 0.1 s that most crawls do without

        self._log = FeedLog(options.state)
        feeder = Feeder(
            options.feed,
            concurrency=options.feed_concurrency,
            timeout_s=options.feed_timeout_s,
            patience_s=options.feed_patience_s,
            on_outcome=self._settled,
        )
        try:
            await feeder.open()
        except HostError as error:
            self._crawler.spider.fatal = error  # type: ignore[union-attr]  # a NewsSpider
            raise CloseSpider("fatal") from error
        self._feeder = feeder
        self._earlier = asyncio.create_task(self._send_earlier())

    async def process_item(self, item: ArticleItem) -> ArticleItem:
        """Return the item when it waits for its delivery, or when the crawl is interrupted."""
        if self._feeder is not None:
            letter = self._letter(vars_of(item))
            while self._crawler.engine.running:
                try:
                    await asyncio.wait_for(self._feeder.send(letter), INTERRUPT_EVERY_S)
                except TimeoutError:
                    continue
                break
        return item

    async def close_spider(self) -> None:
        """Deliver what waits, unless the crawl was interrupted."""
        if self._feeder is None:
            return
        engine = self._crawler.engine
        if self._earlier is not None:
            while not self._earlier.done() and engine.running:
                await asyncio.wait([self._earlier], timeout=INTERRUPT_EVERY_S)
            self._earlier.cancel()
            await asyncio.gather(self._earlier, return_exceptions=True)
        await self._feeder.close(is_wanted=lambda: engine.running)
        if not engine.running:
            self._crawler.spider.is_interrupted = True  # type: ignore[union-attr]  # a NewsSpider
        for outcome, count in self._feeder.counts.items():
            self._crawler.stats.set_value(f"newscrawl/feed/{outcome}", count)

    async def _send_earlier(self) -> None:
        if self._feeder is None or self._log is None:
            return
        options = self._crawler.spider.options  # type: ignore[union-attr]  # a NewsSpider
        end = (options.state / JOURNAL).stat().st_size  # what comes after is this crawl's own
        for offset, entry in lines(options.state / JOURNAL):
            if offset >= end:
                return
            if entry["kind"] == "article" and entry["key"] not in self._log.settled:
                await self._feeder.send(self._letter(entry))

    def _letter(self, entry: dict[str, Any]) -> Letter:
        trace_id = entry["trace_id"]
        return Letter(
            key=entry["key"],
            id=entry["id"],
            title=entry["title"],
            text=entry["text"],
            trace_id=trace_id,
            span_id=new_span_id(),
            parent_span_id=entry.get("span_id") or None,  # older journals have none
            is_sampled=self._traces is None or self._traces.is_root_sampled(trace_id),
        )

    def _settled(self, letter: Letter, outcome: Outcome) -> None:
        if self._log is None:
            return
        try:
            self._log.add(letter, outcome)
        except OSError as error:
            path = self._log.path
            self._crawler.spider.stop(  # type: ignore[union-attr]  # a NewsSpider
                HostError(f"{path} cannot be written ({error.strerror}); free some space")
            )
        self._crawler.signals.send_catch_log(article_settled, letter=letter, outcome=outcome)
        if outcome.outcome == DELIVERED:
            self._crawler.signals.send_catch_log(article_fed, seconds=outcome.seconds)


def vars_of(item: ArticleItem) -> dict[str, Any]:
    """Return what a letter needs of an item."""
    names = ("key", "id", "title", "text", "trace_id", "span_id")
    return {name: getattr(item, name) for name in names}
