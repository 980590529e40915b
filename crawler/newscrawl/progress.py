"""Where the crawl is: a bar on a terminal, JSON lines for a parent, plain lines elsewhere."""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TextIO

from scrapy import signals

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

PROGRESS_SETTING = "NEWSCRAWL_PROGRESS"
BAR_EVERY_S = 0.25
JSON_EVERY_S = 0.5
LINE_EVERY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlState:
    """The crawl at one moment."""

    pages: int  # responses, those of lists and robots.txt among them
    articles: int  # new ones
    known: int  # of an earlier crawl, met again
    skipped: int
    queued: int  # candidates found and not yet finished
    elapsed_s: float
    eta_s: float | None  # None until the first candidate is finished

    @property
    def done(self) -> int:
        """Candidates that are finished."""
        return self.articles + self.known + self.skipped

    @property
    def total(self) -> int:
        """Candidates found so far."""
        return self.done + self.queued


def crawl_state(crawler: "Crawler", elapsed_s: float) -> CrawlState:
    """Return where a crawl of ours is."""
    spider = crawler.spider
    ledger = spider.ledger  # type: ignore[union-attr]  # a NewsSpider
    skipped = sum(ledger.skipped.values())
    fetched = ledger.new_articles + skipped
    queued = max(0, spider.discovered - fetched)  # type: ignore[union-attr]  # a NewsSpider
    return CrawlState(
        pages=crawler.stats.get_value("response_received_count", 0),
        articles=ledger.new_articles,
        known=ledger.known_articles,
        skipped=skipped,
        queued=queued,
        elapsed_s=elapsed_s,
        eta_s=elapsed_s / fetched * queued if fetched else None,
    )


class ProgressExtension:
    """Tells the state again and again while the spider is open."""

    def __init__(self, crawler: "Crawler", kind: str, stream: TextIO) -> None:
        """Tell on `stream`; `kind` is bar, json, lines or none."""
        self._crawler = crawler
        self._teller: _Teller = _teller(kind, stream)
        self._began_s = 0.0
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "ProgressExtension":
        """Build for a crawler."""
        kind = crawler.settings.get(PROGRESS_SETTING, "none")
        extension = cls(crawler, kind, sys.stderr)
        crawler.signals.connect(extension.opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.closed, signal=signals.spider_closed)
        return extension

    def opened(self) -> None:
        """Begin."""
        self._began_s = time.monotonic()
        self._task = asyncio.ensure_future(self._tell())

    def closed(self) -> None:
        """Tell the last state and end."""
        if self._task is not None:
            self._task.cancel()
        self._teller.tell(self._state())
        self._teller.close()

    async def _tell(self) -> None:
        while True:
            self._teller.tell(self._state())
            await asyncio.sleep(self._teller.every_s)

    def _state(self) -> CrawlState:
        return crawl_state(self._crawler, time.monotonic() - self._began_s)


class _Teller:
    """Tells nothing."""

    every_s = LINE_EVERY_S

    def tell(self, state: CrawlState) -> None:
        """Tell a state."""

    def close(self) -> None:
        """End."""


class _JsonLines(_Teller):
    every_s = JSON_EVERY_S

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def tell(self, state: CrawlState) -> None:
        fields = {"event": "progress", "done": state.done, "total": state.total, **asdict(state)}
        print(json.dumps(fields), file=self._stream, flush=True)


class _Lines(_Teller):
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def tell(self, state: CrawlState) -> None:
        left = "" if state.eta_s is None or not state.queued else f", ETA {state.eta_s:.0f} s"
        print(
            f"crawl: {state.pages} pages, {state.articles} articles, {state.skipped} skipped, "
            f"{state.queued} queued{left}",
            file=self._stream,
            flush=True,
        )


class _Bar(_Teller):
    every_s = BAR_EVERY_S

    def __init__(self, stream: TextIO) -> None:
        # Lazy: rich costs 5 MB and 50 ms, and a crawl under a parent process draws no bar.
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("crawl"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            console=Console(file=stream),
            transient=True,
        )
        self._task = self._progress.add_task("", total=None)
        self._progress.start()

    def tell(self, state: CrawlState) -> None:
        self._progress.update(
            self._task,
            completed=state.done,
            total=state.total or None,
            description=f"{state.articles} articles, {state.skipped} skipped, {state.pages} pages",
        )

    def close(self) -> None:
        self._progress.stop()


def _teller(kind: str, stream: TextIO) -> _Teller:
    if kind == "auto":
        kind = "bar" if stream.isatty() else "lines"
    if kind == "json":
        return _JsonLines(stream)
    if kind == "bar":
        return _Bar(stream)
    if kind == "lines":
        return _Lines(stream)
    return _Teller()
