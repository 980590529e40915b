import json
from dataclasses import asdict, replace

import pytest

from yoyak.records.sample import (
    ClientSample,
    CpuTimes,
    EngineSample,
    GpuSample,
    HostSample,
    sample_from_json,
    sample_to_json,
)

BARE = HostSample(
    at_ns=5,
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
GPU = GpuSample(
    index=0,
    uuid="GPU-1",
    parent_uuid=None,
    name="NVIDIA A10G",
    utilization_ratio=0.5,
    memory_used_bytes=1,
    memory_total_bytes=2,
    power_w=3.5,
    energy_j=4.5,
    temperature_c=50.0,
    sm_clock_hz=1_000_000,
    throttle_reasons=("sw_power_cap",),
    engine_memory_bytes=None,
)
FULL = replace(
    BARE,
    cpu=CpuTimes(
        user_s=1.5,
        nice_s=0.0,
        system_s=2.0,
        idle_s=3.0,
        iowait_s=4.0,
        irq_s=0.0,
        softirq_s=0.5,
        steal_s=None,
        guest_s=None,
        guest_nice_s=None,
    ),
    engine=EngineSample(
        pid=40,
        starttime_ticks=1000,
        processes=2,
        threads=9,
        cpu_s=12.34,
        rss_bytes=100,
        rss_peak_bytes=200,
        anon_bytes=60,
        file_bytes=40,
        pss_bytes=None,
    ),
    client=ClientSample(processes=1, cpu_s=0.25, rss_bytes=50),
    gpus=(GPU, replace(GPU, index=1, throttle_reasons=None)),
)


@pytest.mark.parametrize("sample", [BARE, FULL])
def test_a_sample_comes_back_from_its_line(sample: HostSample) -> None:
    assert sample_from_json(json.loads(json.dumps(sample_to_json(sample)))) == sample


@pytest.mark.parametrize("sample", [BARE, FULL])
def test_the_fast_way_to_json_says_what_the_slow_one_says(sample: HostSample) -> None:
    assert json.dumps(sample_to_json(sample)) == json.dumps(asdict(sample))


def test_the_unknown_is_null_in_the_line() -> None:
    assert '"cpu_pressure_s": null' in json.dumps(sample_to_json(BARE))


def test_fields_of_a_newer_version_are_left_out() -> None:
    data = sample_to_json(FULL)
    data["newer"] = 1
    data["engine"]["newer"] = 2
    assert sample_from_json(data) == FULL
