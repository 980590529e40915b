"""Crawl: what became of the pages, and whether the summarizer keeps up."""

from yoyak.telemetry import crawl_names, names
from yoyak.telemetry.dashboards import frame, panels
from yoyak.telemetry.dashboards.frame import WINDOW, Row
from yoyak.telemetry.dashboards.panels import Query, Text, bars, lines
from yoyak.telemetry.promql import by, quantile_by, rate, without

UID = "yoyak-crawl"
TITLE = "yoyak / Crawl"
_OUTCOME = (names.OUTCOME,)
# While a crawl runs it is scraped; when it ends the same counters come from node-exporter's
# textfile. The larger of the two is the crawl, their sum would count it twice.
_ONE_OF_BOTH = ("job", frame.INSTANCE)


def crawl() -> str:
    """Return the dashboard's JSON text."""
    return frame.build(
        uid=UID,
        title=TITLE,
        description="The crawl that runs, or the last one: pages, articles, reasons, extraction.",
        variables=[],
        rows=[_outcomes(), _pace()],
    )


def _totals(metric: names.Metric) -> Query:
    once = without(_ONE_OF_BOTH, metric.name, "max")
    return Query(f"sort_desc({by(_OUTCOME, once)} > 0)", "{{outcome}}")


def _quantiles(metric: names.Metric) -> list[Query]:
    return [Query(quantile_by(q, metric, (), WINDOW), f"p{q * 100:.0f}") for q in (0.5, 0.95, 0.99)]


def _outcomes() -> Row:
    return Row(
        "What became of it",
        [
            bars(
                Text(
                    title="Pages",
                    description="Pages of the crawl, by what became of them; a reason is why a "
                    "page became no article.",
                    unit=panels.Count,
                ),
                _totals(crawl_names.PAGES),
                width=12,
            ),
            bars(
                Text(
                    title="Articles",
                    description="Article pages of the crawl, by whether an article was kept, or "
                    "why not.",
                    unit=panels.Count,
                ),
                _totals(crawl_names.ARTICLES),
                width=12,
            ),
        ],
    )


def _pace() -> Row:
    return Row(
        "Pace",
        [
            lines(
                Text(
                    title="Pages per second",
                    description="By what became of them; flat when no crawl runs. The crawler "
                    "waits between requests to one site on purpose.",
                    unit=panels.PagesPerSecond,
                ),
                [Query(by(_OUTCOME, rate(crawl_names.PAGES, WINDOW)), "{{outcome}}")],
                is_stacked=True,
            ),
            lines(
                Text(
                    title="Articles per second",
                    description="By whether an article was kept, or why not.",
                    unit="suffix:articles/s",
                ),
                [Query(by(_OUTCOME, rate(crawl_names.ARTICLES, WINDOW)), "{{outcome}}")],
                is_stacked=True,
            ),
            lines(
                Text(
                    title="Extraction",
                    description="Taking the article out of a page.",
                    unit=panels.Seconds,
                ),
                _quantiles(crawl_names.EXTRACT),
                width=8,
            ),
            lines(
                Text(
                    title="Feeding the summarizer",
                    description="Handing an article over until its answer; no line for a crawl "
                    "that only writes a dataset.",
                    unit=panels.Seconds,
                ),
                _quantiles(crawl_names.FEED),
                width=8,
            ),
            lines(
                Text(
                    title="Summarizer's queue",
                    description="Requests that wait for the engine: the crawl is faster than the "
                    "engine if this grows.",
                    unit=panels.Count,
                ),
                [Query(by([names.INSTANCE_TYPE], names.QUEUE_DEPTH.name), "{{instance_type}}")],
                width=8,
            ),
        ],
    )
