"""Scores each article against the keywords, and drops what is not about them."""

from typing import TYPE_CHECKING

from newscrawl.items import ArticleItem
from newscrawl.pipelines.drop import drop
from newscrawl.relevance import Keyword, keyword, relevance

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

KEYWORDS_SETTING = "NEWSCRAWL_KEYWORDS"
MIN_RELEVANCE_SETTING = "NEWSCRAWL_MIN_RELEVANCE"


class RelevancePipeline:
    """Keeps score and reason with the article; without a keyword everything is relevant."""

    def __init__(self, crawler: "Crawler") -> None:
        """Read keywords and threshold from the settings."""
        self._crawler = crawler
        words = crawler.settings.getlist(KEYWORDS_SETTING)
        self._keywords: list[Keyword] = [keyword(word) for word in words]
        self._threshold = crawler.settings.getfloat(MIN_RELEVANCE_SETTING)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "RelevancePipeline":
        """Build for a crawler."""
        return cls(crawler)

    def process_item(self, item: ArticleItem) -> ArticleItem:
        """Return the item with its relevance.

        Raises:
            DropItem: it is below the threshold.
        """
        if not self._keywords:
            return item
        found = relevance(item.title, item.text, self._keywords)
        if found.score < self._threshold:
            drop(self._crawler, item, "not_relevant", found.reason)
        item.relevance = found.as_dict()
        item.keywords = [found.keyword] if found.keyword else []
        return item
