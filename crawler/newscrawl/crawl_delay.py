"""Crawl-delay of robots.txt, which Scrapy reads and does not keep."""

import logging
from typing import TYPE_CHECKING

from scrapy import signals

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser

LONGEST_DELAY_S = 60.0  # a site that asks for more asks not to be crawled; say so by disallowing

logger = logging.getLogger(__name__)


class CrawlDelayExtension:
    """Slows a host down to the delay that its robots.txt asks for."""

    def __init__(self, crawler: "Crawler") -> None:
        """Keep the crawler, whose downloader has a slot for each host."""
        self._crawler = crawler
        self._delays_s: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "CrawlDelayExtension":
        """Build for a crawler and listen to its signals."""
        extension = cls(crawler)
        crawler.signals.connect(extension.robots_parsed, signal=signals.robots_parsed)
        crawler.signals.connect(extension.left, signal=signals.request_left_downloader)
        return extension

    def robots_parsed(self, robotparser: "RobotParser", request: "Request") -> None:
        """Note what a site asks for."""
        asked_s = robotparser.crawl_delay(self._crawler.settings["ROBOTSTXT_USER_AGENT"])
        if not asked_s:
            return
        slot = self._crawler.engine.downloader.get_slot_key(request)
        self._delays_s[slot] = min(asked_s, LONGEST_DELAY_S)
        logger.info("robots.txt of %s asks for %g s between requests", slot, asked_s)
        self._apply(slot)

    def left(self, request: "Request") -> None:
        """Hold to it, whatever AutoThrottle has made of the slot since."""
        self._apply(self._crawler.engine.downloader.get_slot_key(request))

    def _apply(self, key: str) -> None:
        delay_s = self._delays_s.get(key)
        if delay_s is None:
            return
        downloader = self._crawler.engine.downloader
        downloader.per_slot_settings.setdefault(key, {})["delay"] = delay_s  # of a later slot
        if (slot := downloader.slots.get(key)) is not None:
            slot.delay = max(slot.delay, delay_s)
