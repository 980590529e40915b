"""One host sample as series: what has no source has no series."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest
from prometheus_client.registry import CollectorRegistry
from tests.unit.yoyak.host.replayed_nvml import ReplayedNvml

from yoyak.host.gpu import THROTTLE_REASONS, Gpus
from yoyak.records.sample import CpuTimes, EngineSample, GpuSample, HostSample
from yoyak.telemetry.host_metrics import HostMetrics

NOTHING = HostSample(
    at_ns=0,
    cpu=None,
    cpu_pressure_s=None,
    memory_available_bytes=None,
    swap_used_bytes=None,
    cgroup_throttled_s=None,
    cgroup_throttled_periods=None,
    cgroup_periods=None,
    engine=None,
    client=None,
    sampler_cpu_s=None,
)
ENGINE = EngineSample(
    pid=7,
    starttime_ticks=1,
    processes=2,
    threads=4,
    cpu_s=12.5,
    rss_bytes=1000,
    rss_peak_bytes=2000,
    anon_bytes=None,
    file_bytes=None,
    pss_bytes=None,
)
CPU = CpuTimes(
    user_s=1.0,
    nice_s=0.0,
    system_s=2.0,
    idle_s=3.0,
    iowait_s=4.0,
    irq_s=5.0,
    softirq_s=6.0,
    steal_s=None,
    guest_s=0.5,
    guest_nice_s=0.0,
)
GPU = GpuSample(
    index=0,
    uuid="GPU-1",
    parent_uuid=None,
    name="NVIDIA A10G",
    utilization_ratio=0.5,
    memory_used_bytes=10,
    memory_total_bytes=20,
    power_w=150.0,
    energy_j=None,
    temperature_c=60.0,
    sm_clock_hz=1_700_000_000,
    throttle_reasons=("sw_power_cap",),
    engine_memory_bytes=None,
)


def exported(sample: HostSample | None, limit_bytes: int | None = None) -> CollectorRegistry:
    registry = CollectorRegistry()
    HostMetrics(registry, lambda: sample, lambda: limit_bytes)
    return registry


def series(registry: CollectorRegistry) -> Sequence[str]:
    return [sample.name for family in registry.collect() for sample in family.samples]


@pytest.mark.parametrize("sample", [None, NOTHING])
def test_a_host_that_tells_nothing_exports_nothing(sample: HostSample | None) -> None:
    assert series(exported(sample, limit_bytes=4096)) == []


def test_cpu_modes_are_series_and_an_uncounted_mode_is_not() -> None:
    registry = exported(replace(NOTHING, cpu=CPU))
    for mode, expected in (("user", 1.0), ("iowait", 4.0), ("steal", None), ("guest", None)):
        labels = {"mode": mode}
        assert registry.get_sample_value("yoyak_host_cpu_seconds_total", labels) == expected


def test_the_engine_has_memory_peak_limit_and_cpu_time() -> None:
    registry = exported(replace(NOTHING, engine=ENGINE), limit_bytes=4096)
    expected = {
        "yoyak_engine_resident_memory_bytes": 1000,
        "yoyak_engine_resident_memory_peak_bytes": 2000,
        "yoyak_engine_memory_limit_bytes": 4096,
        "yoyak_engine_cpu_seconds_total": 12.5,
    }
    assert {name: registry.get_sample_value(name) for name in expected} == expected


def test_an_engine_without_a_limit_has_no_limit_series() -> None:
    assert "yoyak_engine_memory_limit_bytes" not in series(
        exported(replace(NOTHING, engine=ENGINE))
    )


def test_a_gpu_exports_what_it_tells() -> None:
    registry = exported(replace(NOTHING, gpus=(GPU,)))
    assert registry.get_sample_value("yoyak_gpu_power_watts", {"gpu": "0"}) == 150.0
    assert "yoyak_gpu_energy_joules_total" not in series(registry)


def test_every_throttle_reason_is_a_series_and_those_that_hold_are_1() -> None:
    registry = exported(replace(NOTHING, gpus=(GPU,)))
    values = {
        reason: registry.get_sample_value("yoyak_gpu_throttled", {"gpu": "0", "reason": reason})
        for reason in THROTTLE_REASONS.values()
    }
    assert values.pop("sw_power_cap") == 1.0
    assert set(values.values()) == {0.0}


def test_mig_instances_are_numbered_within_their_board() -> None:
    slices = [replace(GPU, uuid=f"MIG-{n}", parent_uuid="GPU-1") for n in range(2)]
    registry = exported(replace(NOTHING, gpus=(GPU, *slices)))
    for label in ("0", "0/0", "0/1"):
        assert registry.get_sample_value("yoyak_gpu_memory_used_bytes", {"gpu": label}) == 10


def test_an_instance_that_is_lost_leaves_a_gap_and_the_others_keep_their_names() -> None:
    slices = [replace(GPU, uuid=f"MIG-{n}", parent_uuid="GPU-1") for n in range(3)]
    sampled = [replace(NOTHING, gpus=(GPU, *slices)), replace(NOTHING, gpus=(GPU, slices[2]))]
    registry = CollectorRegistry()
    HostMetrics(registry, sampled.pop, lambda: None)
    sampled.reverse()
    before, after = (
        {one.labels["gpu"] for f in registry.collect() for one in f.samples} for _ in range(2)
    )
    assert before == {"0", "0/0", "0/1", "0/2"}
    assert after == {"0", "0/2"}


def replayed(name: str, engine: set[int]) -> tuple[ReplayedNvml, CollectorRegistry]:
    """The metrics of a host whose driver answers as a real one did."""
    nvml = ReplayedNvml(name)
    gpus = Gpus(nvml, sees_host_pids=True)
    registry = CollectorRegistry()
    HostMetrics(registry, lambda: replace(NOTHING, gpus=gpus.sample(engine)), lambda: None)
    return nvml, registry


def test_readings_of_a_real_board_are_series_in_base_units() -> None:
    _, registry = replayed("a10g", {4242})
    found = {
        sample.name: sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.labels == {"gpu": "0"}
    }
    assert found == {
        "yoyak_gpu_utilization_ratio": 0.97,
        "yoyak_gpu_memory_used_bytes": 5047549952,
        "yoyak_gpu_memory_total_bytes": 24146608128,
        "yoyak_engine_gpu_memory_bytes": 5033164800,
        "yoyak_gpu_power_watts": 241.35,
        "yoyak_gpu_energy_joules_total": 98765432.1,
        "yoyak_gpu_temperature_celsius": 58.0,
        "yoyak_gpu_sm_clock_hertz": 1_695_000_000,
    }


def test_a_board_with_mig_instances_counts_the_engines_memory_once() -> None:
    _, registry = replayed("h100_mig", {4242})
    engine = {
        sample.labels["gpu"]: sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "yoyak_engine_gpu_memory_bytes"
    }
    assert engine == {"0/0": 0, "0/1": 4000000000}
    assert registry.get_sample_value("yoyak_gpu_utilization_ratio", {"gpu": "0"}) is None
    assert (
        registry.get_sample_value(
            "yoyak_gpu_throttled", {"gpu": "0", "reason": "hw_thermal_slowdown"}
        )
        == 1.0
    )


@pytest.mark.parametrize("name", ["a10g", "h100_mig"])
def test_a_driver_that_dies_in_mid_run_leaves_no_series_and_one_log_line(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    nvml, registry = replayed(name, {4242})
    assert any(series_.startswith("yoyak_gpu_") for series_ in series(registry))
    nvml.refuse_everything(999)
    with caplog.at_level(logging.INFO):
        assert [series(registry) for _ in range(3)] == [[], [], []]
    assert len(caplog.records) == 1
