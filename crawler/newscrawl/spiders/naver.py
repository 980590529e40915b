"""Naver News by keyword: results of the official search API, read at the publisher."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request

from newscrawl.addresses import article_key
from newscrawl.candidates import Candidate
from newscrawl.failures import DOWNLOAD_ERRORS, reason_of
from newscrawl.ledger import Ledger
from newscrawl.middlewares import backoff_s
from newscrawl.naver.api import (
    Answer,
    Hit,
    Keys,
    failure,
    is_rate_limited,
    parse_answer,
    search_url,
    starts,
)
from newscrawl.naver.budget import DailyBudget
from newscrawl.options import CrawlOptions
from newscrawl.outcomes import SKIPPED
from newscrawl.spiders.base import NewsSpider
from yoyak.errors import HostError, YoyakError

API_SLOT = "naver-api"
TRIES = 3  # of a call, where the API is busy or broken
FIRST_PAUSE_S = 1.0
PASSING_REASONS = frozenset({"timeout", "connection"})


class NaverSpider(NewsSpider):
    """Asks the API page by page, keyword by keyword, and reads each article where it may.

    That is the publisher's page, `originallink`, under the publisher's robots.txt; or Naver's own
    page where the operator says that he has the permission (`permitted_hosts`).
    """

    name = "naver"

    def __init__(
        self,
        options: CrawlOptions,
        ledger: Ledger,
        keys: Keys,
        budget: DailyBudget,
        **kwargs: Any,  # noqa: ANN401 - Scrapy's own
    ) -> None:
        """Take what to search for, and the keys and calls to do it with."""
        super().__init__(options, ledger, **kwargs)
        self.keys = keys
        self.budget = budget

    async def candidates(self) -> AsyncIterator[Candidate]:
        """Yield the results of each keyword in the API's order."""
        for number, query in enumerate(self.options.keywords):
            met: set[str] = set()
            for page, start in enumerate(starts(None)):
                if page >= self.options.max_pages or self.ledger.is_beyond((number, page, 0)):
                    break
                try:
                    answer = await self._ask(query, start)
                except YoyakError as error:
                    # What was found so far is still fetched; the error ends the command.
                    self.fatal = error
                    return
                found = [self._candidate(h, (number, page, n)) for n, h in enumerate(answer.hits)]
                new = [c for c in found if c is not None and article_key(c.url) not in met]
                met.update(article_key(c.url) for c in new)
                for candidate in new:
                    yield candidate
                if not new or start + len(answer.hits) > answer.total:
                    break  # the last page, or one that repeats what was there

    async def _ask(self, query: str, start: int) -> Answer:
        """Return a page of results.

        Raises:
            YoyakError: the API refuses, is out of calls, or cannot be reached.
        """
        base = self.options.api_url or self.keys.home.url
        url = search_url(base, query, start=start, sort=self.options.sort)
        for attempt in range(TRIES):
            request = Request(
                url,
                headers=self.keys.headers(),
                priority=1,
                meta={
                    "naver_api": True,
                    "dont_obey_robotstxt": True,  # an API with a contract of its own
                    "dont_retry": True,  # each try costs a call, so they are counted here
                    "dont_redirect": True,  # keys go to no other address
                    "download_slot": API_SLOT,
                },
            )
            retry_after = None
            try:
                response = await self.crawler.engine.download_async(request)
            except DOWNLOAD_ERRORS as error:
                reason = reason_of(error, url)
                problem: YoyakError = HostError(
                    f"Naver's search API at {urlsplit(url).netloc} cannot be reached: {reason} "
                    f"({SKIPPED[reason]})"
                )
                is_passing = reason in PASSING_REASONS
            else:
                status, body = response.status, response.body
                if status == 200:
                    return parse_answer(body)
                problem = failure(status, body, self.keys.home)
                is_passing = status >= 500 or is_rate_limited(status, body)
                retry_after = response.headers.get("Retry-After")
            if not is_passing or attempt == TRIES - 1:
                break
            await asyncio.sleep(backoff_s(attempt, retry_after, first_s=FIRST_PAUSE_S))
        raise problem

    def _candidate(self, hit: Hit, rank: tuple[int, int, int]) -> Candidate | None:
        urls = [url for url in (hit.original_url, hit.naver_url) if url]
        if hit.naver_url and self.options.is_permitted(hit.naver_url):
            urls.reverse()
        if not urls:
            self.skip_unread(hit.title)
            return None
        return Candidate(
            url=urls[0], rank=rank, other_urls=tuple(urls[1:]), published_at=hit.published_at
        )
