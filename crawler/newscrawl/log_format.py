"""One line in the log for each page, whatever became of it."""

import logging
from typing import TYPE_CHECKING, Any

from scrapy.logformatter import LogFormatter, LogFormatterResult

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.http import Response
    from twisted.python.failure import Failure


class ShortLogFormatter(LogFormatter):
    """Scrapy's messages without the articles' texts in them."""

    def scraped(
        self,
        item: Any,  # noqa: ANN401 - Scrapy's interface
        response: "Response | Failure | None",  # noqa: ARG002 - Scrapy's interface
        spider: "Spider",  # noqa: ARG002 - Scrapy's interface
    ) -> LogFormatterResult:
        """Tell an article."""
        return _line(logging.INFO, "Article %s", item.url)

    def dropped(
        self,
        item: Any,  # noqa: ANN401 - Scrapy's interface
        exception: BaseException,
        response: "Response | Failure | None",  # noqa: ARG002 - Scrapy's interface
        spider: "Spider",  # noqa: ARG002 - Scrapy's interface
    ) -> LogFormatterResult:
        """Tell a dropped page, and why."""
        return _line(logging.INFO, "Dropped %s: %s", item.url, exception)

    def item_error(
        self,
        item: Any,  # noqa: ANN401 - Scrapy's interface
        exception: BaseException,
        response: "Response | Failure | None",  # noqa: ARG002 - Scrapy's interface
        spider: "Spider",  # noqa: ARG002 - Scrapy's interface
    ) -> LogFormatterResult:
        """Tell an article that a pipeline failed on."""
        return _line(logging.ERROR, "Error processing %s: %s", item.url, exception)


def _line(level: int, message: str, *values: object) -> LogFormatterResult:
    return {"level": level, "msg": message, "args": values}
