"""The crawl as Prometheus series: live over HTTP while it runs, left as a textfile when it ends."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client import write_to_textfile as write_textfile
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from scrapy import signals

from newscrawl.outcomes import CONTENT, SKIPPED
from newscrawl.own_signals import article_fed, page_extracted, page_skipped
from newscrawl.tracing import TracingExtension
from yoyak.errors import HostError

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

METRICS_ADDRESS_SETTING = "NEWSCRAWL_METRICS_ADDRESS"
METRICS_TEXTFILE_SETTING = "NEWSCRAWL_METRICS_TEXTFILE"

READ = "ok"  # a page that was read, whatever it held
KEPT = "kept"  # an article that is in the dataset
# Three buckets a decade, 1 ms to 20 minutes: an extraction takes 1 to 100 ms, a summary minutes.
TIME_BUCKETS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1200.0),
)


class CrawlMetrics:
    """The crawler's series in a registry of their own; outcomes are a closed set."""

    def __init__(self) -> None:
        """Make the series, each outcome at zero, so that a rate has a beginning."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each
        self.registry = CollectorRegistry()
        self.pages = Counter(
            "newscrawl_pages",
            "Pages that were asked for, by what became of them",
            ["outcome"],
            registry=self.registry,
        )
        self.articles = Counter(
            "newscrawl_articles",
            "Article pages, by whether an article was kept or why not",
            ["outcome"],
            registry=self.registry,
        )
        self.extract_seconds = Histogram(
            "newscrawl_extract_seconds",
            "Taking the article out of a page",
            buckets=TIME_BUCKETS_S,
            registry=self.registry,
        )
        self.feed_seconds = Histogram(
            "newscrawl_feed_seconds",
            "Handing an article to the summarizer, until its answer",
            buckets=TIME_BUCKETS_S,
            registry=self.registry,
        )
        for outcome in (READ, *(reason for reason in SKIPPED if reason not in CONTENT)):
            self.pages.labels(outcome)
        for outcome in (KEPT, *CONTENT):
            self.articles.labels(outcome)

    def extracted(self, seconds: float) -> None:
        """Count a page that was read."""
        self.pages.labels(READ).inc()
        self.extract_seconds.observe(seconds)

    def skipped(self, reason: str) -> None:
        """Count a page that became no article."""
        (self.articles if reason in CONTENT else self.pages).labels(reason).inc()

    def kept(self) -> None:
        """Count an article."""
        self.articles.labels(KEPT).inc()

    def fed(self, seconds: float) -> None:
        """Count an article that the summarizer answered."""
        self.feed_seconds.observe(seconds)

    def track_spans(self, dropped: Callable[[], int]) -> None:
        """Export how many spans were lost; where none are sent there is no such series."""
        self.registry.register(_SpansDropped(dropped))


class _SpansDropped(Collector):
    def __init__(self, dropped: Callable[[], int]) -> None:
        self._dropped = dropped

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "newscrawl_spans_dropped",
            "Spans that the trace store did not take: queue full, export failed, or no time left",
        )
        family.add_metric((), self._dropped())
        yield family


class MetricsExtension:
    """Serves the series while the spider is open, and writes the textfile when it closes."""

    def __init__(self, address: str, textfile: Path | None) -> None:
        """Serve on `address` (host:port, "" for nowhere).

        Raises:
            HostError: the address is taken.
        """
        self.metrics = CrawlMetrics()
        self._textfile = textfile
        self._server = None
        if address:
            host, _, port = address.rpartition(":")
            try:
                self._server, _ = start_http_server(
                    int(port), addr=host.strip("[]"), registry=self.metrics.registry
                )
            except OSError as error:
                raise HostError(
                    f"metrics cannot be served on {address} ({error.strerror}); "
                    "name another address: --metrics HOST:PORT"
                ) from error

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "MetricsExtension":
        """Build for a crawler and listen to its signals."""
        textfile = crawler.settings.get(METRICS_TEXTFILE_SETTING)
        extension = cls(
            crawler.settings.get(METRICS_ADDRESS_SETTING) or "",
            Path(textfile) if textfile else None,
        )
        metrics = extension.metrics
        for receiver, signal in (
            (metrics.extracted, page_extracted),
            (metrics.skipped, page_skipped),
            (metrics.kept, signals.item_scraped),
            (metrics.fed, article_fed),
            (extension.opened, signals.spider_opened),
            (extension.closed, signals.spider_closed),
        ):
            crawler.signals.connect(receiver, signal=signal)
        return extension

    def opened(self, spider: "Spider") -> None:
        """Count lost spans too, where spans are sent."""
        tracing = spider.crawler.get_extension(TracingExtension)
        if tracing is not None:
            self.metrics.track_spans(lambda: tracing.sender.dropped)

    def closed(self, spider: "Spider") -> None:
        """Stop serving and leave the textfile, whole or not at all."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        if self._textfile is not None:
            try:
                self._textfile.parent.mkdir(parents=True, exist_ok=True)
                write_textfile(str(self._textfile), self.metrics.registry)
            except OSError as error:
                spider.fatal = spider.fatal or HostError(  # type: ignore[attr-defined]  # ours
                    f"{self._textfile} cannot be written ({error.strerror}); name another file: "
                    "--metrics-textfile FILE"
                )
