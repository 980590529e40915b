"""The crawler exports what dashboards know it by."""

from prometheus_client.core import Metric

from newscrawl.metrics import CrawlMetrics
from yoyak.telemetry.crawl_names import CRAWL_METRICS


def exported() -> dict[str, Metric]:
    metrics = CrawlMetrics()
    metrics.track_spans(lambda: 0)
    families = metrics.registry.collect()
    return {
        family.name + "_total" if family.type == "counter" else family.name: family
        for family in families
    }


def test_the_names_are_the_same() -> None:
    assert set(exported()) == set(CRAWL_METRICS)


def test_kind_help_labels_and_buckets_are_the_same() -> None:
    for name, family in exported().items():
        known = CRAWL_METRICS[name]
        assert (family.type, family.documentation) == (known.kind, known.help)
        assert {label for s in family.samples for label in s.labels} - {"le"} == set(known.labels)
        edges = [s.labels["le"] for s in family.samples if s.name.endswith("_bucket")]
        assert tuple(float(edge) for edge in edges[:-1]) == known.buckets
