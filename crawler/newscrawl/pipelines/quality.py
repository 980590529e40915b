"""What is no article: no text, a caption under a picture, a paywall's teaser."""

from typing import TYPE_CHECKING

from newscrawl.items import ArticleItem
from newscrawl.pipelines.drop import drop

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

MIN_CHARS_SETTING = "NEWSCRAWL_MIN_CHARS"
REPLACEMENT = "\ufffd"


class QualityPipeline:
    """Drops what holds too little text to be summarized."""

    def __init__(self, crawler: "Crawler") -> None:
        """Read the limit from the settings."""
        self._crawler = crawler
        self._min_chars = crawler.settings.getint(MIN_CHARS_SETTING, 1)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "QualityPipeline":
        """Build for a crawler."""
        return cls(crawler)

    def process_item(self, item: ArticleItem) -> ArticleItem:
        """Return the item.

        Raises:
            DropItem: it is no article.
        """
        if item.is_photo:
            drop(self._crawler, item, "photo")
        chars = len(item.text)
        if not chars or not item.title:
            drop(self._crawler, item, "no_text")
        if REPLACEMENT in item.text or REPLACEMENT in item.title:
            drop(self._crawler, item, "undecodable")
        if item.is_paywalled and chars < 2 * self._min_chars:
            drop(self._crawler, item, "paywall")
        if chars < self._min_chars:
            drop(self._crawler, item, "too_short", f"{chars} characters")
        return item
