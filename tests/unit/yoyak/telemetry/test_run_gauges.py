"""Finished runs as series."""

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.core import Metric
from prometheus_client.registry import CollectorRegistry

from yoyak.records import Distribution, Finding, GpuResources, ModelLoad, Perf, Rate
from yoyak.store.run_folder import read_perf
from yoyak.telemetry import names
from yoyak.telemetry.run_gauges import RUN_GAUGES, RUN_LABELS, RUN_METRICS, RunGauges

ROOT = Path(__file__).parents[4]
M5 = {
    "run_id": "historical-m5.16xlarge",
    "instance_type": "m5.16xlarge",
    "model": "mistral:7b-instruct-q4_0",
    "engine": "ollama",
}
GPU = GpuResources(
    name="NVIDIA A10G",
    uuid="GPU-1",
    utilization_mean_ratio=0.9,
    memory_peak_bytes=5_000_000_000,
    power_mean_w=200.0,
    energy_j=None,
    temperature_max_c=60.0,
)


@pytest.fixture
def historical() -> Perf:
    return read_perf(ROOT / "examples/ec2/m5.16xlarge/perf.json")


def registry_of(*runs: Perf) -> CollectorRegistry:
    registry = CollectorRegistry()
    RunGauges(registry, lambda: runs)
    return registry


def test_the_old_studys_numbers_are_series_of_their_own_definition(historical: Perf) -> None:
    registry = registry_of(historical)
    found = {
        name: registry.get_sample_value(f"yoyak_run_{name}", M5)
        for name in (
            "total_with_load_seconds",
            "prompt_chars_per_total_second",
            "output_chars_per_total_second",
            "client_resident_memory_bytes",
        )
    }
    assert found == {
        "total_with_load_seconds": 37.753,
        "prompt_chars_per_total_second": 28.13,
        "output_chars_per_total_second": 5.54,
        "client_resident_memory_bytes": 12 * 1024 * 1024,
    }


def test_what_was_not_recorded_has_no_series(historical: Perf) -> None:
    exported = {family.name for family in registry_of(historical).collect()}
    assert exported == {
        "yoyak_run_info",
        "yoyak_run_findings",
        "yoyak_run_total_with_load_seconds",
        "yoyak_run_prompt_chars_per_total_second",
        "yoyak_run_output_chars_per_total_second",
        "yoyak_run_client_resident_memory_bytes",
    }


def test_a_rate_has_its_mean_and_both_ends_of_its_interval(historical: Perf) -> None:
    rate = Rate(value=12.0, ci95=(11.0, 13.5), n=5, source="engine")
    run = replace(historical, rates=replace(historical.rates, output_chars_per_s=rate))
    registry = registry_of(run)
    values = [
        registry.get_sample_value(
            "yoyak_run_output_chars_per_second", {**M5, "statistic": statistic}
        )
        for statistic in ("ci95_low", "mean", "ci95_high")
    ]
    assert values == [11.0, 12.0, 13.5]


def test_a_percentile_below_its_floor_has_no_series(historical: Perf) -> None:
    latency = replace(
        historical.latency, time_to_first_token_s=Distribution(n=20, mean=0.5, p50=0.4, max=0.9)
    )
    registry = registry_of(replace(historical, latency=latency))
    statistics = {
        sample.labels["statistic"]: sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "yoyak_run_time_to_first_token_seconds"
    }
    assert statistics == {"mean": 0.5, "p50": 0.4, "max": 0.9}


def test_percents_become_ratios_and_cores(historical: Perf) -> None:
    resources = replace(historical.resources, engine_cpu_percent=750.0, host_steal_percent=2.0)
    registry = registry_of(replace(historical, resources=resources))
    assert registry.get_sample_value("yoyak_run_engine_cpu_cores", M5) == 7.5
    assert registry.get_sample_value("yoyak_run_host_steal_ratio", M5) == 0.02


def test_each_gpu_is_a_series_by_its_number(historical: Perf) -> None:
    second = replace(GPU, power_mean_w=150.0)
    resources = replace(historical.resources, gpus=(GPU, second))
    registry = registry_of(replace(historical, resources=resources))
    power = [
        registry.get_sample_value("yoyak_run_gpu_power_watts", {**M5, "gpu": gpu}) for gpu in "01"
    ]
    assert power == [200.0, 150.0]
    assert "yoyak_run_gpu_energy_joules" not in {family.name for family in registry.collect()}


def test_loads_are_averaged_under_the_state_they_began_from(historical: Perf) -> None:
    loads = ModelLoad(state="disk", n=2, values_s=(4.0, 6.0))
    registry = registry_of(replace(historical, model_load=loads))
    labels = {**M5, "state": "disk"}
    assert registry.get_sample_value("yoyak_run_model_load_seconds", labels) == 5.0


def test_doubts_are_counted_by_how_grave_they_are(historical: Perf) -> None:
    doubts = (
        Finding(code="few-samples", severity="warning", message="."),
        Finding(code="drift", severity="warning", message="."),
        Finding(code="unlike-lengths", severity="invalid", message="."),
    )
    registry = registry_of(replace(historical, findings=doubts))
    counts = [
        registry.get_sample_value("yoyak_run_findings", {**M5, "severity": severity})
        for severity in ("info", "warning", "invalid")
    ]
    assert counts == [0, 2, 1]


@pytest.mark.parametrize(
    ("started_at", "expected"),
    [("2026-01-01T00:00:00.000Z", 1767225600.0), (None, None), ("last week", None)],
)
def test_a_start_is_unix_time_and_an_odd_one_is_unknown(
    started_at: str | None, expected: float | None, historical: Perf
) -> None:
    registry = registry_of(replace(historical, started_at=started_at))
    assert registry.get_sample_value("yoyak_run_started_timestamp_seconds", M5) == expected


def test_a_host_of_no_known_type_has_an_empty_label(historical: Perf) -> None:
    registry = registry_of(replace(historical, host={"instance_type": None}))
    labels = {**M5, "instance_type": ""}
    assert registry.get_sample_value("yoyak_run_total_with_load_seconds", labels) == 37.753


def test_families_are_rebuilt_only_when_the_runs_change(historical: Perf) -> None:
    registry = CollectorRegistry()
    now = [(historical,)]
    gauges = RunGauges(registry, lambda: now[0])

    def families() -> list[Metric]:
        return list(gauges.collect())

    first = families()
    assert families()[0] is first[0]
    now[0] = (replace(historical, run_id="another"),)
    assert {sample.labels["run_id"] for sample in families()[0].samples} == {"another"}


def test_every_metric_of_a_run_is_a_gauge_with_the_labels_of_a_run() -> None:
    assert len(RUN_METRICS) == len(RUN_GAUGES)
    for name, metric in RUN_METRICS.items():
        assert name.startswith("yoyak_run_")
        assert metric.kind == "gauge"
        assert metric.labels[: len(RUN_LABELS)] == RUN_LABELS
    assert not set(RUN_METRICS) & set(names.METRICS)
