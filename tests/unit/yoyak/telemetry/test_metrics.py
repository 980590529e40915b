"""What one finished request adds to the exported series."""

from dataclasses import replace

import pytest
from prometheus_client.registry import CollectorRegistry

from yoyak.engines.base import Usage
from yoyak.telemetry import names
from yoyak.telemetry.metrics import FinishedRequest, RequestMetrics

GENAI = {
    "gen_ai_operation_name": "chat",
    "gen_ai_provider_name": "llamacpp",
    "gen_ai_request_model": "tiny",
}
MEASURED = {"phase": "measured"}
S = 1_000_000_000
REQUEST = FinishedRequest(
    outcome="ok",
    phase="measured",
    arrived_ns=10 * S,
    queue_s=2.0,
    chunk_ns=(15 * S, 16 * S, 18 * S),
    done_ns=20 * S,
    prompt_chars=1000,
    output_chars=30,
    usage=Usage(
        prompt_tokens=800, cached_tokens=0, output_tokens=3, prompt_eval_s=2.0, decode_s=4.0
    ),
    trace_id=None,
)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> RequestMetrics:
    made = RequestMetrics(registry)
    made.identify(provider="llamacpp", model="tiny")
    return made


def test_counters_are_there_before_the_first_request(
    registry: CollectorRegistry, metrics: RequestMetrics
) -> None:
    assert metrics is not None
    for outcome in names.OUTCOMES:
        labels = {"outcome": outcome, "phase": "warmup"}
        assert registry.get_sample_value("yoyak_requests_total", labels) == 0


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("yoyak_requests_total", {"outcome": "ok", **MEASURED}, 1),
        ("yoyak_prompt_chars_total", MEASURED, 1000),
        ("yoyak_output_chars_total", MEASURED, 30),
        ("yoyak_queue_seconds_sum", MEASURED, 2),
        (
            "gen_ai_client_operation_duration_seconds_sum",
            {**GENAI, "error_type": "", **MEASURED},
            10,  # 20 - 10
        ),
        (
            "gen_ai_client_operation_time_to_first_chunk_seconds_sum",
            {**GENAI, **MEASURED},
            5,  # 15 - 10
        ),
        (
            "gen_ai_client_operation_time_per_output_chunk_seconds_count",
            {**GENAI, **MEASURED},
            2,
        ),
        (
            "gen_ai_client_operation_time_per_output_chunk_seconds_sum",
            {**GENAI, **MEASURED},
            3,  # (16 - 15) + (18 - 16)
        ),
        (
            "gen_ai_client_token_usage_sum",
            {**GENAI, "gen_ai_token_type": "input", **MEASURED},
            800,
        ),
        (
            "gen_ai_client_token_usage_sum",
            {**GENAI, "gen_ai_token_type": "output", **MEASURED},
            3,
        ),
        ("yoyak_prompt_eval_seconds_sum", MEASURED, 2),
        ("yoyak_decode_seconds_sum", MEASURED, 4),
        ("yoyak_prompt_chars_per_second_sum", MEASURED, 500),  # 1000 / 2
        ("yoyak_output_chars_per_second_sum", MEASURED, 5),  # 30 * 2/3 / 4
    ],
)
def test_a_request_that_succeeded_is_counted_once_everywhere(
    registry: CollectorRegistry,
    metrics: RequestMetrics,
    name: str,
    labels: dict[str, str],
    expected: float,
) -> None:
    metrics.record(REQUEST)
    assert registry.get_sample_value(name, labels) == pytest.approx(expected)


def test_a_warm_up_request_leaves_the_measured_series_alone(
    registry: CollectorRegistry, metrics: RequestMetrics
) -> None:
    metrics.record(replace(REQUEST, phase="warmup"))
    assert registry.get_sample_value("yoyak_prompt_chars_total", MEASURED) == 0
    assert registry.get_sample_value("yoyak_prompt_chars_total", {"phase": "warmup"}) == 1000


def test_a_cached_token_voids_the_prompt_rate(
    registry: CollectorRegistry, metrics: RequestMetrics
) -> None:
    metrics.record(replace(REQUEST, usage=Usage(cached_tokens=1, prompt_eval_s=2.0)))
    assert registry.get_sample_value("yoyak_prompt_chars_per_second_count", MEASURED) == 0


def test_what_the_engine_did_not_say_is_not_counted(
    registry: CollectorRegistry, metrics: RequestMetrics
) -> None:
    metrics.record(replace(REQUEST, usage=Usage()))
    for name in ("yoyak_prompt_eval_seconds", "yoyak_decode_seconds"):
        assert registry.get_sample_value(f"{name}_count", MEASURED) == 0


def test_one_output_token_has_no_decode_rate(
    registry: CollectorRegistry, metrics: RequestMetrics
) -> None:
    metrics.record(replace(REQUEST, usage=Usage(output_tokens=1, decode_s=4.0)))
    assert registry.get_sample_value("yoyak_output_chars_per_second_count", MEASURED) == 0


def test_a_failure_has_a_duration_by_its_class_but_no_characters(
    registry: CollectorRegistry, metrics: RequestMetrics
) -> None:
    metrics.record(replace(REQUEST, outcome="timeout"))
    labels = {**GENAI, "error_type": "timeout", **MEASURED}
    name = "gen_ai_client_operation_duration_seconds"
    assert registry.get_sample_value(f"{name}_count", labels) == 1
    assert registry.get_sample_value("yoyak_prompt_chars_total", MEASURED) == 0


def test_a_request_refused_before_the_engine_has_no_duration(
    registry: CollectorRegistry, metrics: RequestMetrics
) -> None:
    metrics.record(replace(REQUEST, outcome="queue_full"))
    labels = {"outcome": "queue_full", **MEASURED}
    assert registry.get_sample_value("yoyak_requests_total", labels) == 1
    durations = {**GENAI, "error_type": "queue_full", **MEASURED}
    name = "gen_ai_client_operation_duration_seconds_count"
    assert registry.get_sample_value(name, durations) is None


def test_an_outcome_that_nobody_defined_is_refused(metrics: RequestMetrics) -> None:
    with pytest.raises(KeyError):
        metrics.record(replace(REQUEST, outcome="the prompt was: hello"))


def test_series_are_as_many_however_many_requests_there_were(
    registry: CollectorRegistry, metrics: RequestMetrics
) -> None:
    def series() -> set[tuple[str, frozenset[tuple[str, str]]]]:
        return {
            (sample.name, frozenset(sample.labels.items()))
            for family in registry.collect()
            for sample in family.samples
        }

    def finish(count: int) -> None:
        for number in range(count):
            for outcome in names.OUTCOMES:
                for phase in names.PHASES:
                    one = replace(REQUEST, outcome=outcome, phase=phase)
                    done_ns = one.done_ns + number * S
                    metrics.record(replace(one, done_ns=done_ns, trace_id=f"{number + 1:032x}"))

    finish(2)
    few = series()
    finish(100)
    assert series() == few


def test_a_load_of_unknown_origin_says_so(
    registry: CollectorRegistry, metrics: RequestMetrics
) -> None:
    metrics.record_load(1.5, None)
    metrics.record_load(0.5, "page_cache")
    for state, expected in (("unknown", 1.5), ("page_cache", 0.5)):
        assert registry.get_sample_value("yoyak_model_load_seconds_sum", {"state": state}) == (
            expected
        )


def test_the_histograms_of_a_named_model_begin_at_zero_in_both_phases() -> None:
    registry = CollectorRegistry()
    RequestMetrics(registry).identify(provider="llamacpp", model="tiny")
    counts = {
        (family.name, sample.labels["phase"]): sample.value
        for family in registry.collect()
        if family.type == "histogram"
        for sample in family.samples
        if sample.name.endswith("_count")
    }
    histograms = {
        name
        for name, metric in names.METRICS.items()
        if metric.kind == "histogram" and names.PHASE in metric.labels
    }
    assert counts == {(name, phase): 0 for name in histograms for phase in names.PHASES}
