"""Any news site: list pages with paging, sitemaps, feeds, single articles, lists of addresses."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response

from newscrawl.addresses import article_key, web_address
from newscrawl.candidates import Candidate
from newscrawl.discovery.feeds import Entry, Feed, parse_feed
from newscrawl.discovery.links import article_links, is_article_address, next_page
from newscrawl.extract.decoding import decode_page
from newscrawl.extract.fragments import parse_page
from newscrawl.failures import DOWNLOAD_ERRORS, reason_of
from newscrawl.ledger import Ledger
from newscrawl.options import CrawlOptions
from newscrawl.outcomes import Skipped
from newscrawl.spiders.base import NewsSpider, declared_charset, is_html

MAX_FEEDS = 1_000  # of one start address: a sitemap index may name as many


@dataclass(slots=True)
class FoundOnPage:
    """Where a page, a sitemap or a feed leads."""

    articles: list[Entry] = field(default_factory=list)  # addresses whole
    lists: list[str] = field(default_factory=list)  # further pages of it, or further sitemaps
    no_addresses: list[str] = field(default_factory=list)  # what a feed lists and none can read
    is_feed: bool = False


class SiteSpider(NewsSpider):
    """Finds articles from start addresses, one list page after the other.

    Lists are fetched in turn and not at once: so the same site gives the same order, and
    `max_articles` takes the same articles.
    """

    name = "site"

    def __init__(self, options: CrawlOptions, ledger: Ledger, **kwargs: Any) -> None:  # noqa: ANN401 - Scrapy's own
        """Take what to crawl; other sites than the ones named are left alone."""
        super().__init__(options, ledger, **kwargs)
        if "*" not in options.allow_domains:
            self.allowed_domains = allowed_domains(options)

    async def candidates(self) -> AsyncIterator[Candidate]:
        """Yield the articles of each start address, then the listed ones."""
        for number, source in enumerate(self.options.sources):
            async for candidate in self._of_source(number, source):
                yield candidate
        for position, url in enumerate(self.options.listed):
            yield Candidate(url=url, rank=(len(self.options.sources), 0, position))

    async def _of_source(self, number: int, source: str) -> AsyncIterator[Candidate]:
        waiting = deque([source])
        met = {source}
        listed: set[str] = set()
        pages = feeds = 0
        while waiting and pages < self.options.max_pages and feeds < MAX_FEEDS:
            place = pages + feeds
            if self.ledger.is_beyond((number, place, 0)):
                return
            url = waiting.popleft()
            try:
                response = await self._fetch(url)
            except Skipped as skipped:
                self.logger.warning("%s: %s", url, skipped)
                lost = self.failures if url == source else self.lists_lost
                lost[url] = skipped.reason
                continue
            found = self._read(response, is_start=url == source)
            feeds += found.is_feed
            pages += not found.is_feed
            for text in found.no_addresses:
                self.skip_unread(text)
            new = [e for e in found.articles if article_key(e.url) not in listed]
            listed.update(article_key(e.url) for e in new)
            for position, entry in enumerate(new):
                yield Candidate(
                    url=entry.url,
                    rank=(number, place, position),
                    published_at=entry.published_at,
                )
            if not new and not found.is_feed:
                continue  # a page without anything new is where a paging ends or repeats
            waiting.extend(u for u in found.lists if u not in met)
            met.update(found.lists)

    async def _fetch(self, url: str) -> Response:
        """Return the response for a list.

        Raises:
            Skipped: no response, or an error status.
        """
        try:
            response = await self.crawler.engine.download_async(Request(url, priority=1))
        except DOWNLOAD_ERRORS as error:
            raise Skipped(reason_of(error, url), str(error)) from error
        if response.status != 200:
            raise Skipped("http_error", f"status {response.status}")
        return response

    def _read(self, response: Response, *, is_start: bool) -> FoundOnPage:
        feed = parse_feed(response.body)
        if feed is not None:
            return _of_feed(feed, response.url)
        if not is_html(response):
            return FoundOnPage()
        decoded = decode_page(response.body, declared_charset(response))
        tree = parse_page(decoded.text) if decoded else None
        if tree is None:
            return FoundOnPage()
        further = next_page(tree, response.url)
        links = article_links(tree, response.url)
        if is_start and further is None and is_article_address(response.url):
            return FoundOnPage([Entry(response.url)])  # not a list but an article
        return FoundOnPage([Entry(url) for url in links], [further] if further else [])


def _of_feed(feed: Feed, base: str) -> FoundOnPage:
    found = FoundOnPage(is_feed=True)
    for entry in feed.entries:
        if url := web_address(base, entry.url):
            found.articles.append(replace(entry, url=url))
        else:
            found.no_addresses.append(entry.url)
    found.lists = [url for text in feed.feeds if (url := web_address(base, text))]
    return found


def allowed_domains(options: CrawlOptions) -> list[str]:
    """Return the domains of the start addresses, without `www.`, and those that the user allows."""
    hosts = (urlsplit(url).hostname or "" for url in (*options.sources, *options.listed))
    found = [host.removeprefix("www.") for host in hosts if host]
    return list(dict.fromkeys([*found, *options.allow_domains]))
