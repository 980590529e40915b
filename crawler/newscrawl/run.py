"""One crawl from its options to its dataset."""

import fcntl
import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from newscrawl.assembly import assemble
from newscrawl.closing import Closing
from newscrawl.environment import budget_file, naver_keys, traces
from newscrawl.findings import LAYOUT_CHANGED, Place, findings
from newscrawl.guard import ALLOWED_HOSTS_SETTING
from newscrawl.items import ArticleItem
from newscrawl.journal import JOURNAL, lines
from newscrawl.ledger import Ledger
from newscrawl.letters import DELIVERED, REFUSED, UNDELIVERED
from newscrawl.metrics import METRICS_ADDRESS_SETTING, METRICS_TEXTFILE_SETTING
from newscrawl.naver.budget import DailyBudget
from newscrawl.options import CrawlOptions
from newscrawl.outcomes import SKIPPED
from newscrawl.pipelines.quality import EMPTY_STAT, MIN_CHARS_SETTING, READ_STAT
from newscrawl.pipelines.relevance import KEYWORDS_SETTING, MIN_RELEVANCE_SETTING
from newscrawl.progress import PROGRESS_SETTING
from newscrawl.settings import user_agent
from newscrawl.spiders.base import NewsSpider
from newscrawl.spiders.naver import NaverSpider
from newscrawl.spiders.site import SiteSpider
from newscrawl.tracing import TRACES_SETTING
from yoyak.errors import HostError, InterruptedRun, MeasuredFailure, UsageError, YoyakError

LOG = "crawl.log"
EXPORTED = ("id", "url", "title", "text", "published_at", "press", "author", "section", "keywords",
            "language", "extraction", "relevance")  # fmt: skip
DEAD_LETTERS = "dead-letter.jsonl"
EXPORT_FAILED_STAT = "feedexport/failed_count/FileFeedStorage"
TEXTFILE = "newscrawl.prom"
MAX_UNDER_WAY = 16
NAVER_SOURCE = "Naver news search API"
ENVIRONMENT_REASONS = frozenset({"dns", "connection", "timeout"})
REFUSED_REASONS = frozenset({"private_address", "robots"})  # an option or another address mends it


def crawl(options: CrawlOptions) -> tuple[Closing, YoyakError | None]:
    """Crawl, write the dataset, and return what was done and what went wrong, if anything.

    Whatever ends the crawl, the articles that were finished are in the dataset.

    Raises:
        HostError: the folder cannot be written.
        UsageError: another crawl is at work in the folder.
    """
    more = _naver_parts(options) if options.searches else {}
    logging.raiseExceptions = False  # a log that cannot be written is told by the journal's error
    with _alone(options):
        _check_keywords(options)
        _check_export(options)
        ledger = Ledger(options.state / JOURNAL, max_articles=options.max_articles)
        process = AsyncCrawlerProcess(settings(options))
        crawler = process.create_crawler(NaverSpider if options.searches else SiteSpider)
        exported: list[int] = []
        count = _count_exported(exported)  # signals keep no receiver alive
        crawler.signals.connect(count, signal=signals.feed_slot_closed)
        task = process.crawl(crawler, options=options, ledger=ledger, **more)
        process.start()
        ledger.close()
        if task.done() and isinstance(error := task.exception(), YoyakError):
            raise error  # a part that could not be built, such as a port that is taken
        assembled = assemble(
            options.state / JOURNAL,
            options.out,
            source=" ".join(options.sources) or (NAVER_SOURCE if options.searches else None),
            query=", ".join(options.keywords) or None,
        )
    spider = crawler.spider
    if not isinstance(spider, NewsSpider):
        raise HostError(f"the crawl did not start; see {options.state / LOG}")
    manifest = assembled.manifest if assembled else None
    stats = crawler.stats
    closing = Closing(
        pages=stats.get_value("response_received_count", 0),
        new_articles=ledger.new_articles,
        known_articles=ledger.known_articles,
        known_others=ledger.known_others,
        skipped=dict(ledger.skipped),
        received_bytes=stats.get_value("downloader/response_bytes", 0),
        elapsed_s=stats.get_value("elapsed_time_seconds", 0.0),
        dataset=str(options.out) if manifest else None,
        dataset_sha256=manifest.dataset_sha256 if manifest else None,
        dataset_articles=manifest.articles if manifest else 0,
        dataset_chars=manifest.chars if manifest else 0,
        near_duplicates=assembled.near_duplicates if assembled else 0,
        fed={
            outcome: stats.get_value(f"newscrawl/feed/{outcome}", 0)
            for outcome in (DELIVERED, REFUSED, UNDELIVERED)
            if options.feed
        },
        findings=findings(
            read=_by_place(stats.get_stats(), READ_STAT),
            empty=_by_place(stats.get_stats(), EMPTY_STAT),
            asked_hosts=options.hosts,
            skipped=ledger.skipped,
            lists_lost=spider.lists_lost,
            articles=ledger.new_articles,
        ),
    )
    unexported = stats.get_value("item_scraped_count", 0) - sum(exported)
    if options.export and (unexported or stats.get_value(EXPORT_FAILED_STAT)):
        spider.fatal = spider.fatal or HostError(
            f"{options.export} could not be written to its end; the dataset holds every article: "
            "free some space"
        )
    return closing, _error(options, spider, stats.get_value("finish_reason"), closing)


def settings(options: CrawlOptions) -> Settings:
    """Return the project's settings with what the options say."""
    found = Settings()
    found.setmodule("newscrawl.settings", priority="project")
    given: dict[str, Any] = {
        "DOWNLOAD_DELAY": options.delay_s,
        "AUTOTHROTTLE_ENABLED": options.delay_s > 0,
        "AUTOTHROTTLE_START_DELAY": options.delay_s,
        "CONCURRENT_REQUESTS": requests_under_way(options),
        "CONCURRENT_REQUESTS_PER_DOMAIN": options.concurrency,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(options.concurrency),
        "DOWNLOAD_TIMEOUT": options.timeout_s,
        "DOWNLOAD_MAXSIZE": options.max_page_bytes,
        **_cache_settings(options),
        **_export_settings(options),
        "USER_AGENT": user_agent(options.contact),
        TRACES_SETTING: traces(os.environ),
        METRICS_ADDRESS_SETTING: options.metrics,
        METRICS_TEXTFILE_SETTING: str(
            (options.metrics_textfile or options.state / TEXTFILE).absolute()
        ),
        "LOG_FILE": str(options.state / LOG),
        "LOG_LEVEL": options.log_level,
        ALLOWED_HOSTS_SETTING: list(options.allow_hosts),
        KEYWORDS_SETTING: list(options.keywords),
        MIN_RELEVANCE_SETTING: options.min_relevance,
        MIN_CHARS_SETTING: options.min_chars,
        PROGRESS_SETTING: options.progress,
    }
    found.update(given, priority="cmdline")
    found.update(dict(options.settings), priority="cmdline")
    return found


def requests_under_way(options: CrawlOptions) -> int:
    """Return how many requests the downloader is given: as many as its hosts take at once.

    More would wait inside it for their host's turn, and Ctrl-C waits for what is inside.
    """
    if options.searches or options.allow_domains:
        return MAX_UNDER_WAY  # any number of hosts
    return min(MAX_UNDER_WAY, options.concurrency * len(options.hosts))


def _by_place(stats: Mapping[str, Any], name: str) -> dict[Place, int]:
    """Return a count that is kept by way and host."""
    prefix = f"{name}/"
    found = {}
    for key, count in stats.items():
        if key.startswith(prefix):
            way, _, host = key.removeprefix(prefix).partition("/")
            found[way, host] = count
    return found


def _check_export(options: CrawlOptions) -> None:
    """Look before the crawl whether the export can be written: Scrapy would only log it.

    Raises:
        HostError: it cannot.
    """
    if options.export is None:
        return
    try:
        options.export.parent.mkdir(parents=True, exist_ok=True)
        options.export.open("ab").close()
    except OSError as error:
        raise HostError(
            f"{options.export} cannot be written ({error.strerror}); name another file: "
            "--export FILE"
        ) from error


def _count_exported(counts: list[int]) -> Callable[..., None]:
    def count(slot: Any) -> None:  # noqa: ANN401 - Scrapy's FeedSlot
        counts.append(slot.itemcount)

    return count


def _export_settings(options: CrawlOptions) -> dict[str, Any]:
    if options.export is None:
        return {}
    feed = {
        "format": options.export.suffix.removeprefix("."),
        "overwrite": True,
        "item_classes": [ArticleItem],
        "fields": list(EXPORTED),
    }
    return {"FEEDS": {options.export.absolute().as_uri(): feed}}


def _cache_settings(options: CrawlOptions) -> dict[str, Any]:
    if options.http_cache == "off":
        return {"HTTPCACHE_ENABLED": False}
    policy = "RFC2616Policy" if options.http_cache == "revalidate" else "DummyPolicy"
    folder = options.http_cache_dir or options.state / "responses"
    return {
        "HTTPCACHE_ENABLED": True,
        "HTTPCACHE_POLICY": f"scrapy.extensions.httpcache.{policy}",
        "HTTPCACHE_STORAGE": "newscrawl.response_cache.ResponseCache",
        "HTTPCACHE_IGNORE_MISSING": options.http_cache == "offline",
        "HTTPCACHE_DIR": str(folder.absolute()),
        "HTTPCACHE_GZIP": True,
        # An answer that says "later" is not one to keep.
        "HTTPCACHE_IGNORE_HTTP_CODES": [408, 429, 500, 502, 503, 504, 522, 524],
    }


def _naver_parts(options: CrawlOptions) -> dict[str, Any]:
    keys = naver_keys(os.environ, home=options.api)
    budget = DailyBudget(
        options.budget_file or budget_file(os.environ),
        keys.id,
        limit=options.daily_calls,
        now=lambda: datetime.now(UTC),
    )
    return {"keys": keys, "budget": budget}


@contextmanager
def _alone(options: CrawlOptions) -> Iterator[None]:
    try:
        options.state.mkdir(parents=True, exist_ok=True)
        file = os.open(options.state / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise HostError(
            f"{options.out} cannot be written ({error.strerror}); name a folder that can: --out DIR"
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(file)
        raise UsageError(
            f"another crawl is writing to {options.out}; wait for it or name another: --out DIR"
        ) from error
    try:
        yield
    finally:
        os.close(file)  # and with it the lock


def _check_keywords(options: CrawlOptions) -> None:
    """Hold a folder to its keywords: articles about others would not be told apart in it.

    Raises:
        UsageError: an earlier crawl into the folder asked for others.
    """
    file = options.state / "keywords.json"
    asked = sorted(options.keywords)
    earlier = json.loads(file.read_text(encoding="utf-8")) if file.exists() else asked
    articles = (e for _, e in lines(options.state / JOURNAL) if e["kind"] == "article")
    if earlier != asked and any(articles):
        raise UsageError(
            f"{options.out} holds articles about {', '.join(earlier) or 'anything'}; "
            "crawl with the same keywords or into another folder: --out DIR"
        )
    file.write_text(json.dumps(asked, ensure_ascii=False), encoding="utf-8")


def _error(
    options: CrawlOptions, spider: NewsSpider, finish_reason: str | None, closing: Closing
) -> YoyakError | None:
    if spider.fatal is not None and finish_reason != "shutdown":
        return spider.fatal
    if finish_reason == "shutdown" or spider.is_interrupted:
        return InterruptedRun(
            f"interrupted; {closing.dataset_articles} articles are kept in {options.out}, "
            "the same command goes on"
        )
    if finish_reason != "finished":
        return HostError(f"the crawl broke off; see {options.state / LOG}")
    failed = next((f for f in closing.findings if f.code in (LAYOUT_CHANGED, "internal")), None)
    if failed is not None:
        return MeasuredFailure(str(failed))
    if spider.failures:
        return _unread(options, spider.failures)
    if not closing.new_articles and not closing.known_articles:
        return _nothing(options, closing)
    if left := closing.fed.get(UNDELIVERED):
        return HostError(
            f"{left} articles were not delivered to {options.feed}: it stayed busy or away; "
            "they are kept, and the same command delivers them"
        )
    if dead := closing.fed.get(REFUSED):
        return MeasuredFailure(
            f"{dead} articles were refused by {options.feed}; see {options.state / DEAD_LETTERS}"
        )
    return None


def _unread(options: CrawlOptions, failures: Mapping[str, str]) -> YoyakError:
    """Return the error of the first start address that could not be read."""
    url, reason = next(iter(failures.items()))
    kind: type[YoyakError] = MeasuredFailure
    if reason in ENVIRONMENT_REASONS:
        kind = HostError
    elif reason in REFUSED_REASONS:
        kind = UsageError
    others = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    return kind(
        f"{url}{others} cannot be crawled: {reason} ({SKIPPED[reason]}); see {options.state / LOG}"
    )


def _nothing(options: CrawlOptions, closing: Closing) -> YoyakError:
    """Return the error of a crawl that met no article, be it that the folder holds older ones."""
    reasons = [f"{n} {reason}" for reason, n in Counter(closing.skipped).most_common(3)]
    if closing.known_others:
        reasons.append(f"{closing.known_others} known to be none")
    if reasons:
        return MeasuredFailure(f"no article found: {', '.join(reasons)}; see {options.state / LOG}")
    if options.searches:
        return MeasuredFailure(
            f"no article found: Naver has no result for {', '.join(options.keywords)}"
        )
    where = " ".join(options.sources) or "the list"
    return MeasuredFailure(
        f"no article found: {where} leads to none; name a list page, sitemap or feed of it"
    )


def closing_text(closing: Closing, style: str) -> str:
    """Return the closing table as text or JSON."""
    if style == "json":
        return json.dumps(closing.as_dict(), ensure_ascii=False)
    return closing.as_text()
