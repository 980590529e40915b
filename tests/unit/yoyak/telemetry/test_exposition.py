"""What a scraper reads, judged by prometheus_client's own parsers."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client import exposition as text_format
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics_format
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.registry import CollectorRegistry

from yoyak.engines.base import Usage
from yoyak.records import EngineFacts, ModelFacts
from yoyak.telemetry import names
from yoyak.telemetry.exposition import Exposition
from yoyak.telemetry.live_metrics import LiveMetrics, LiveState
from yoyak.telemetry.metrics import FinishedRequest, RequestMetrics

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OPENMETRICS = "application/openmetrics-text; version=1.0.0, text/plain;version=0.0.4;q=0.3"
S = 1_000_000_000
REQUEST = FinishedRequest(
    outcome="ok",
    phase="measured",
    arrived_ns=0,
    queue_s=0.0,
    chunk_ns=(S, 2 * S),
    done_ns=3 * S,
    prompt_chars=10,
    output_chars=4,
    usage=Usage(prompt_tokens=10, output_tokens=2, prompt_eval_s=1.0, decode_s=1.0),
    trace_id=TRACE,
)


def parse_openmetrics(text: str) -> list[Metric]:
    return list(openmetrics_parser.text_string_to_metric_families(text))  # type: ignore[no-untyped-call] # the library left it untyped


LIVE = LiveState(in_flight=1, queue_depth=2, is_engine_up=True, engine=None, host=None)


@pytest.fixture
def registry() -> CollectorRegistry:
    made = CollectorRegistry()
    metrics = RequestMetrics(made)
    metrics.record(REQUEST)
    metrics.identify(provider="llamacpp", model='a "quoted" \\ model\nof two lines')
    metrics.record(replace(REQUEST, output_chars=7_000_000, trace_id="0" * 32))
    metrics.record(replace(REQUEST, outcome="timeout", usage=None, phase="warmup"))
    LiveMetrics(made, lambda: LIVE)
    return made


def test_text_and_openmetrics_hold_the_same_series(registry: CollectorRegistry) -> None:
    text = {
        sample.name
        for family in parse_text(Exposition(registry).render("")[0].decode())
        for sample in family.samples
    }
    openmetrics = {
        sample.name
        for family in parse_openmetrics(Exposition(registry).render(OPENMETRICS)[0].decode())
        for sample in family.samples
    }
    assert text == openmetrics
    assert {name for name in text if name.startswith("yoyak_requests")} == {
        "yoyak_requests_total",
        "yoyak_requests_in_flight",
    }


def test_only_openmetrics_carries_exemplars_and_they_name_the_trace(
    registry: CollectorRegistry,
) -> None:
    assert TRACE not in Exposition(registry).render("text/plain")[0].decode()
    found = {
        (sample.name, sample.labels["le"], sample.exemplar.value)
        for family in parse_openmetrics(Exposition(registry).render(OPENMETRICS)[0].decode())
        for sample in family.samples
        if sample.exemplar is not None and sample.exemplar.labels == {"trace_id": TRACE}
    }
    assert found == {
        ("gen_ai_client_operation_duration_seconds_bucket", "5.0", 3.0),
        ("gen_ai_client_operation_time_to_first_chunk_seconds_bucket", "1.0", 1.0),
    }


def test_the_content_type_is_what_was_asked_for(registry: CollectorRegistry) -> None:
    assert Exposition(registry).render(OPENMETRICS)[1].startswith("application/openmetrics-text")
    assert Exposition(registry).render("")[1].startswith("text/plain")


def test_every_exported_label_is_one_that_the_names_define(registry: CollectorRegistry) -> None:
    for family in registry.collect():
        counter = family.type == "counter"
        defined = names.METRICS[family.name + "_total" if counter else family.name]
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(defined.labels), sample.name


def test_the_number_of_series_does_not_grow_with_the_requests() -> None:
    registry = CollectorRegistry()
    metrics = RequestMetrics(registry)
    sizes = []
    for count in (100, 900):
        for number in range(count):
            trace_id = f"{number:032x}"
            metrics.record(replace(REQUEST, trace_id=trace_id, done_ns=(number % 700 + 3) * S))
        sizes.append(sum(len(family.samples) for family in registry.collect()))
    assert sizes[0] == sizes[1]


def test_a_model_of_which_little_is_known_leaves_labels_empty() -> None:
    registry = CollectorRegistry()
    facts = EngineFacts(name="llamacpp", model=ModelFacts(name="tiny", synthetic=True))
    LiveMetrics(registry, lambda: replace(LIVE, engine=facts))
    labels = {
        "engine": "llamacpp",
        "engine_version": "",
        "model": "tiny",
        "quantization": "",
        "synthetic": "true",
        "weights_sha256": "",
    }
    assert registry.get_sample_value("yoyak_model_info", labels) == 1


def test_a_second_scrape_says_what_has_changed_since() -> None:
    registry = CollectorRegistry()
    metrics, exposition = RequestMetrics(registry), Exposition(registry)
    before = exposition.render("")[0]
    metrics.record(REQUEST)
    after = exposition.render("")[0]
    assert b'outcome="ok",phase="measured"} 0.0' in before
    assert b'outcome="ok",phase="measured"} 1.0' in after
    assert exposition.render("")[0] == after


@pytest.mark.parametrize(
    ("accept", "whole"),
    [("", text_format.generate_latest), (OPENMETRICS, openmetrics_format.generate_latest)],
    ids=["text", "OpenMetrics"],
)
def test_it_is_byte_for_byte_what_prometheus_client_writes(
    registry: CollectorRegistry, accept: str, whole: Callable[[CollectorRegistry], bytes]
) -> None:
    exposition = Exposition(registry)
    for _ in range(2):
        assert exposition.render(accept)[0] == whole(registry)
