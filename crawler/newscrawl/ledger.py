"""What the crawl has finished, and how many articles are still wanted."""

import heapq
from collections import Counter
from pathlib import Path

from newscrawl.candidates import Rank
from newscrawl.items import ArticleItem
from newscrawl.journal import Journal, lines
from newscrawl.outcomes import BEYOND_LIMIT, EMPTY, PASSING


class Ledger:
    """Finished pages of this crawl and of the ones before it in the same folder.

    Attributes:
        skipped: pages of this crawl that became no article, by reason.
        new_articles: articles that this crawl added.
        known_articles: articles of earlier crawls that this one met again and did not fetch.
        known_others: pages that earlier crawls found to be no article, likewise.
    """

    def __init__(self, path: Path, *, max_articles: int | None) -> None:
        """Read the journal at `path` and open it for more.

        Raises:
            HostError: it cannot be written.
        """
        self._journal = Journal(path)
        self._articles: set[str] = set()
        self._gone: set[str] = set()
        self._empty: set[str] = set()
        for _, entry in lines(path):
            if entry["kind"] == "article":
                self._articles.update(entry["keys"])
            elif entry["reason"] == BEYOND_LIMIT:  # an article of before this line, if any
                self._articles.difference_update(entry.get("keys", ()))
            elif entry["reason"] not in PASSING:
                self._gone.add(entry["key"])
            elif entry["reason"] in EMPTY:
                self._empty.add(entry["key"])
        self._max_articles = max_articles
        self._nearest: list[tuple[int, int, int]] = []  # heap of negated ranks: the farthest first
        self._new: list[tuple[Rank, tuple[str, ...], str]] = []  # with a limit only
        self.skipped: Counter[str] = Counter()
        self.new_articles = 0
        self.known_articles = 0
        self.known_others = 0

    def is_article(self, key: str) -> bool:
        """Return whether the address is an article already."""
        return key in self._articles

    def is_gone(self, key: str) -> bool:
        """Return whether the address was found to hold no article, for good."""
        return key in self._gone

    def was_empty(self, key: str) -> bool:
        """Return whether the address held too little text at an earlier crawl."""
        return key in self._empty

    def is_beyond(self, rank: Rank) -> bool:
        """Return whether enough articles stand before this place in the order of discovery."""
        if self._max_articles is None or len(self._nearest) < self._max_articles:
            return False
        far = self._nearest[0]
        return rank > (-far[0], -far[1], -far[2])

    @property
    def wanted(self) -> int | None:
        """How many articles the limit still wants; None without a limit."""
        if self._max_articles is None:
            return None
        return max(0, self._max_articles - len(self._nearest))

    def meet_again(self, rank: Rank) -> None:
        """Count an article of an earlier crawl that discovery found again."""
        self.known_articles += 1
        self._count_near(rank)

    def add(self, item: ArticleItem) -> None:
        """Write an article.

        Raises:
            HostError: the journal cannot be written.
        """
        self._journal.article(item)
        self._articles.update(item.keys)
        self.new_articles += 1
        self._count_near(item.rank)
        if self._max_articles is not None:
            self._new.append((item.rank, item.keys, item.url))

    def skip(self, key: str, url: str, reason: str) -> None:
        """Write a page that became no article.

        Raises:
            HostError: the journal cannot be written.
        """
        self._skip(key, url, reason, ())

    def close(self) -> None:
        """Close the journal; articles beyond the limit, under way when it was reached, go.

        Raises:
            HostError: the journal cannot be written.
        """
        for rank, keys, url in self._new:
            if self.is_beyond(rank):
                self.new_articles -= 1
                self._skip(keys[0], url, BEYOND_LIMIT, keys)
        self._new.clear()
        self._journal.close()

    def _skip(self, key: str, url: str, reason: str, keys: tuple[str, ...]) -> None:
        self.skipped[reason] += 1
        if reason not in PASSING:
            self._gone.add(key)
        self._journal.skipped(key, url, reason, keys=keys)

    def _count_near(self, rank: Rank) -> None:
        if self._max_articles is None:
            return
        heapq.heappush(self._nearest, (-rank[0], -rank[1], -rank[2]))
        if len(self._nearest) > self._max_articles:
            heapq.heappop(self._nearest)
