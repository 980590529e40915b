"""Responses kept on disk, by Scrapy's own cache."""

from typing import TYPE_CHECKING

from scrapy.extensions.httpcache import FilesystemCacheStorage

from newscrawl.naver.api import HOMES
from yoyak.errors import HostError

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.http import Response

_SECRET = tuple(name for home in HOMES.values() for name in (home.id_header, home.key_header))


class ResponseCache(FilesystemCacheStorage):
    """Scrapy's cache, which keeps a request's headers, without the operator's keys among them."""

    def store_response(self, spider: "Spider", request: "Request", response: "Response") -> None:
        """Keep a response; a disk that refuses ends the crawl."""
        headers = request.headers.copy()
        for name in _SECRET:
            headers.pop(name, None)
        try:
            super().store_response(spider, request.replace(headers=headers), response)
        except OSError as error:
            spider.stop(  # type: ignore[attr-defined]  # a NewsSpider
                HostError(
                    f"{self.cachedir} cannot be written ({error.strerror}); free some space or "
                    "name another folder: --http-cache-dir DIR"
                )
            )
