"""What is no article: no text, a caption under a picture, a paywall's teaser."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from newscrawl.addresses import is_naver_sports
from newscrawl.items import ArticleItem
from newscrawl.pipelines.drop import drop

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

MIN_CHARS_SETTING = "NEWSCRAWL_MIN_CHARS"
READ_STAT = "newscrawl/read"  # pages that extraction saw, by way and host
EMPTY_STAT = "newscrawl/empty"  # those without an article's text
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
        chars = len(item.text)
        if not chars and is_naver_sports(item.url):
            drop(self._crawler, item, "unsupported_site")
        way = "rule" if item.extraction.startswith("naver") else "library"
        is_empty = chars < self._min_chars and not (item.is_photo or item.is_paywalled)
        ledger = self._crawler.spider.ledger  # type: ignore[union-attr]  # a NewsSpider
        if not (is_empty and ledger.was_empty(item.asked_key)):  # again: no sign of a change
            place = f"{way}/{urlsplit(item.url).hostname}"
            self._crawler.stats.inc_value(f"{READ_STAT}/{place}")
            if is_empty:
                self._crawler.stats.inc_value(f"{EMPTY_STAT}/{place}")
        if item.is_photo:
            drop(self._crawler, item, "photo")
        if not chars or not item.title:
            drop(self._crawler, item, "no_text")
        if REPLACEMENT in item.text or REPLACEMENT in item.title:
            drop(self._crawler, item, "undecodable")
        if item.is_paywalled and chars < 2 * self._min_chars:
            drop(self._crawler, item, "paywall")
        if chars < self._min_chars:
            drop(self._crawler, item, "too_short", f"{chars} characters")
        return item
