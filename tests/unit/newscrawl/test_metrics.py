from newscrawl.metrics import CrawlMetrics
from newscrawl.outcomes import CONTENT, SKIPPED


def value(metrics: CrawlMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_every_outcome_begins_at_zero() -> None:
    metrics = CrawlMetrics()
    for reason in SKIPPED:
        name = "newscrawl_articles_total" if reason in CONTENT else "newscrawl_pages_total"
        assert value(metrics, name, outcome=reason) == 0


def test_a_page_is_counted_by_what_became_of_it() -> None:
    metrics = CrawlMetrics()
    metrics.extracted(0.012)
    metrics.kept()
    metrics.extracted(0.003)
    metrics.skipped("no_text")
    metrics.skipped("robots")
    metrics.fed(42.0)
    assert value(metrics, "newscrawl_pages_total", outcome="ok") == 2
    assert value(metrics, "newscrawl_pages_total", outcome="robots") == 1
    assert value(metrics, "newscrawl_articles_total", outcome="kept") == 1
    assert value(metrics, "newscrawl_articles_total", outcome="no_text") == 1
    assert value(metrics, "newscrawl_extract_seconds_count") == 2
    assert value(metrics, "newscrawl_feed_seconds_bucket", le="50.0") == 1
    assert value(metrics, "newscrawl_feed_seconds_bucket", le="20.0") == 0
