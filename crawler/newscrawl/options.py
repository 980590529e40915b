"""What one crawl is asked to do."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlOptions:
    """Options of a crawl; the defaults are polite."""

    out: Path
    sources: tuple[str, ...] = ()  # addresses of pages, sitemaps, feeds
    listed: tuple[str, ...] = ()  # addresses of articles, from a file
    searches: tuple[str, ...] = ()  # keywords for Naver's search
    sort: str = "date"  # of Naver's results: date, or sim for the most similar
    api: str | None = None  # home of Naver's API: hub or developers; None takes what has keys
    api_url: str | None = None  # another address of it
    daily_calls: int = 25_000
    budget_file: Path | None = None
    http_cache: str = "off"  # off, revalidate, replay, offline
    http_cache_dir: Path | None = None
    permitted_hosts: tuple[str, ...] = ()  # in lower case; read whatever their robots.txt says
    query: str | None = None
    aliases: tuple[str, ...] = ()  # other names of what the query names
    min_relevance: float = 0.1  # one clear mention in the text
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
    contact: str | None = None  # address that the user agent names
    export: Path | None = None  # new articles once more, in the form of its suffix
    log_level: str = "INFO"
    feed: str | None = None  # address of a summarizer that gets each article as it arrives
    feed_concurrency: int = 2
    feed_timeout_s: float = 1_200.0  # of one summary
    feed_patience_s: float = 600.0  # with a service that is busy or away
    metrics: str = ""  # host:port where the series are served; "" for nowhere
    metrics_textfile: Path | None = None
    settings: tuple[tuple[str, str], ...] = ()  # any of Scrapy's own, by name

    def is_permitted(self, url: str) -> bool:
        """Return whether the operator has the site's permission, whatever its robots.txt says."""
        return (urlsplit(url).hostname or "") in self.permitted_hosts

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of the addresses that the user named."""
        found = (urlsplit(url).hostname for url in (*self.sources, *self.listed))
        return frozenset(host for host in found if host)

    @property
    def keywords(self) -> tuple[str, ...]:
        """What the articles are about, in all its names."""
        return (*self.searches, *((self.query,) if self.query else ()), *self.aliases)

    @property
    def state(self) -> Path:
        """The folder beside the dataset that holds journal, log and what a later crawl needs."""
        return self.out / ".crawl"
