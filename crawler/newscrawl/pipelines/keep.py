"""The moment when an article is safe: its line in the journal is written."""

from typing import TYPE_CHECKING

from newscrawl.items import ArticleItem
from yoyak.errors import HostError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class KeepPipeline:
    """Writes each article to the journal; a disk that refuses ends the crawl."""

    def __init__(self, crawler: "Crawler") -> None:
        """Keep the crawler, whose spider has the ledger."""
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "KeepPipeline":
        """Build for a crawler."""
        return cls(crawler)

    def process_item(self, item: ArticleItem) -> ArticleItem:
        """Return the item when it is on disk.

        Raises:
            HostError: the journal cannot be written; the crawl is being stopped.
        """
        spider = self._crawler.spider
        try:
            spider.ledger.add(item)  # type: ignore[union-attr]  # a NewsSpider
        except HostError as error:
            spider.stop(error)  # type: ignore[union-attr]  # a NewsSpider
            raise
        return item
