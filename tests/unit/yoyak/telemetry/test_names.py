"""Every name that dashboards and alerts may use."""

import re

import pytest

from yoyak.errors import ERROR_CLASSES
from yoyak.telemetry import names
from yoyak.telemetry.names import METRICS, Metric

IDENTITIES = {"instance", "instance_id", "instance_type", "request_id", "article_id", "trace_id"}
CONTENTS = {"prompt", "url", "title", "error", "error_message", "summary"}


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
def test_a_name_is_prometheus_snake_case_under_our_prefix_or_genais(metric: Metric) -> None:
    assert re.fullmatch(r"(yoyak|gen_ai)(_[a-z0-9]+)+", metric.name)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
def test_counters_and_only_they_end_in_total(metric: Metric) -> None:
    assert metric.name.endswith("_total") == (metric.kind == "counter")


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
def test_no_label_names_a_host_a_request_or_its_content(metric: Metric) -> None:
    assert not set(metric.labels) & (IDENTITIES | CONTENTS)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
def test_histograms_and_only_they_have_buckets_in_ascending_order(metric: Metric) -> None:
    assert bool(metric.buckets) == (metric.kind == "histogram")
    assert sorted(set(metric.buckets)) == list(metric.buckets)


def test_time_buckets_reach_from_a_millisecond_to_twenty_minutes() -> None:
    assert names.TIME_BUCKETS_S[0] == 0.001
    assert names.TIME_BUCKETS_S[-1] == 20 * 60


def test_every_error_class_is_an_outcome() -> None:
    assert set(names.OUTCOMES) >= ERROR_CLASSES
