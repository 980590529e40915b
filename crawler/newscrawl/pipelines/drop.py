"""How a pipeline drops an article: named, counted and written down."""

from typing import TYPE_CHECKING, NoReturn

from scrapy.exceptions import DropItem

from newscrawl.items import ArticleItem

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


def drop(crawler: "Crawler", item: ArticleItem, reason: str, detail: str = "") -> NoReturn:
    """Write the page down as skipped.

    Raises:
        DropItem: always.
    """
    spider = crawler.spider
    spider.skip(item.asked_key, item.url, reason)  # type: ignore[union-attr]  # a NewsSpider
    raise DropItem(f"{reason}: {detail or item.url}")
