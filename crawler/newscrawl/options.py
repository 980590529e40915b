"""What one crawl is asked to do."""

from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlOptions:
    """Options of a crawl; the defaults are polite."""

    out: Path
    sources: tuple[str, ...] = ()  # addresses of pages, sitemaps, feeds
    listed: tuple[str, ...] = ()  # addresses of articles, from a file
    query: str | None = None
    max_articles: int | None = None
    max_pages: int = 50  # of each list
    allow_hosts: tuple[str, ...] = ()
    allow_domains: tuple[str, ...] = ()
    delay_s: float = 1.0
    concurrency: int = 1  # requests at a time to one host
    timeout_s: float = 30.0
    max_page_bytes: int = 10 * MIB
    min_chars: int = 200
    workers: int = 1  # extraction processes
    progress: str = "auto"  # how it is told on stderr: auto, bar, lines, json, none
    log_level: str = "INFO"

    @property
    def state(self) -> Path:
        """The folder beside the dataset that holds journal, log and what a later crawl needs."""
        return self.out / ".crawl"
