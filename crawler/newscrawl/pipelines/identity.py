"""One article is one item, under however many addresses it is met."""

from typing import TYPE_CHECKING

from newscrawl.items import ArticleItem
from newscrawl.pipelines.drop import drop

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class IdentityPipeline:
    """Drops an article that is there already: same address form, or same canonical address."""

    def __init__(self, crawler: "Crawler") -> None:
        """Keep the crawler, whose spider has the ledger."""
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "IdentityPipeline":
        """Build for a crawler."""
        return cls(crawler)

    def process_item(self, item: ArticleItem) -> ArticleItem:
        """Return the item.

        Raises:
            DropItem: the article is there already.
        """
        ledger = self._crawler.spider.ledger  # type: ignore[union-attr]  # a NewsSpider
        if any(ledger.is_article(key) for key in item.keys):
            drop(self._crawler, item, "duplicate")
        return item
