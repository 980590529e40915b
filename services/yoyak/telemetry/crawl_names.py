"""The crawler's metrics as dashboards know them.

newscrawl exports them and may not import this; a test holds the two lists together.
"""

from yoyak.telemetry.names import OUTCOME, TIME_BUCKETS_S, Metric

PAGES = Metric(
    name="newscrawl_pages_total",
    kind="counter",
    help="Pages that were asked for, by what became of them",
    labels=(OUTCOME,),
)
ARTICLES = Metric(
    name="newscrawl_articles_total",
    kind="counter",
    help="Article pages, by whether an article was kept or why not",
    labels=(OUTCOME,),
)
EXTRACT = Metric(
    name="newscrawl_extract_seconds",
    kind="histogram",
    help="Taking the article out of a page",
    buckets=TIME_BUCKETS_S,
)
FEED = Metric(
    name="newscrawl_feed_seconds",
    kind="histogram",
    help="Handing an article to the summarizer, until its answer",
    buckets=TIME_BUCKETS_S,
)
SPANS_DROPPED = Metric(
    name="newscrawl_spans_dropped_total",
    kind="counter",
    help="Spans that the trace store did not take: queue full, export failed, or no time left",
)

CRAWL_METRICS: dict[str, Metric] = {
    metric.name: metric for metric in (PAGES, ARTICLES, EXTRACT, FEED, SPANS_DROPPED)
}
