"""The panels of the host, from counters."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.data_factories.benchmark_run import a_run

from yoyak.records import CpuTimes, EngineSample, HostSample
from yoyak.report.charts.host import Panel
from yoyak.report.host_series import MOST_BUCKETS, bucket_ends, host_panels
from yoyak.report.messages import Messages
from yoyak.units import GIB

T = Messages("en")
S = 1_000_000_000
BLANK = a_run(articles=1, repetitions=1, samples_per_s=2).samples[0]


def a_sample(
    at_s: float,
    *,
    busy_s: float,
    engine_s: float | None = None,
    steal_s: float | None = 0.0,
    pressure_s: float | None = None,
    starttime: int = 1,
    anon_bytes: int | None = None,
) -> HostSample:
    engine = EngineSample(
        pid=7,
        starttime_ticks=starttime,
        processes=1,
        threads=4,
        cpu_s=engine_s or 0.0,
        rss_bytes=None if anon_bytes is None else anon_bytes + GIB,
        rss_peak_bytes=None,
        anon_bytes=anon_bytes,
        file_bytes=None if anon_bytes is None else GIB,
        pss_bytes=None,
    )
    cpu = CpuTimes(
        user_s=100 + busy_s,
        nice_s=0.0,
        system_s=0.0,
        idle_s=0.0,
        iowait_s=0.0,
        irq_s=None,
        softirq_s=None,
        steal_s=steal_s,
        guest_s=0.0,
        guest_nice_s=0.0,
    )
    return replace(
        BLANK,
        at_ns=int(at_s * S),
        cpu=cpu,
        engine=None if engine_s is None else engine,
        client=None,
        cpu_pressure_s=pressure_s,
        cgroup_throttled_s=None,
    )


def panels(*samples: HostSample) -> dict[str, Panel]:
    return {panel.key: panel for panel in host_panels(T, samples, logical_cpus=8)}


def values(panel: Panel) -> dict[str, tuple[float | None, ...]]:
    return {series.name: series.values for series in panel.series}


def test_cores_are_the_difference_of_counters_over_time() -> None:
    cpu = values(
        panels(a_sample(0, busy_s=0, engine_s=0), a_sample(2, busy_s=10, engine_s=6))["cpu"]
    )
    assert cpu["engine"] == (3.0,)
    assert cpu["other processes"] == (2.0,)
    assert cpu["client"] == (None,)  # nobody sampled it


def test_without_the_engines_own_seconds_nothing_is_called_foreign() -> None:
    cpu = values(panels(a_sample(0, busy_s=0), a_sample(1, busy_s=4))["cpu"])
    assert cpu["engine"] == (None,)
    assert cpu["other processes"] == (None,)
    assert cpu["all processes but the client"] == (4.0,)


def test_across_a_restart_the_engines_seconds_are_unknown() -> None:
    before = a_sample(0, busy_s=0, engine_s=50, starttime=1)
    after = a_sample(1, busy_s=4, engine_s=1, starttime=2)
    assert values(panels(before, after)["cpu"])["engine"] == (None,)


def test_a_host_that_counts_no_steal_has_none_to_draw() -> None:
    samples = (a_sample(0, busy_s=0, steal_s=None), a_sample(1, busy_s=1, steal_s=None))
    assert values(panels(*samples)["cpu"])["stolen by the hypervisor"] == (None,)


def test_pressure_is_the_share_of_time() -> None:
    samples = (a_sample(0, busy_s=0, pressure_s=10.0), a_sample(4, busy_s=0, pressure_s=11.0))
    found = values(panels(*samples)["pressure"])
    assert found["some task waits for a CPU"] == (25.0,)
    assert found["held back by the CPU quota"] == (None,)


def test_memory_is_split_into_own_and_mapped() -> None:
    samples = (
        a_sample(0, busy_s=0, engine_s=0, anon_bytes=2 * GIB),
        a_sample(1, busy_s=1, engine_s=1, anon_bytes=2 * GIB),
    )
    found = values(panels(*samples)["memory"])
    assert found == {"engine, mapped files": (1.0,), "engine, own memory": (2.0,)}


def test_a_host_without_a_gpu_has_no_gpu_panel() -> None:
    assert not [key for key in panels(a_sample(0, busy_s=0), a_sample(1, busy_s=1)) if "gpu" in key]


def test_one_sample_makes_no_panel() -> None:
    assert panels(a_sample(0, busy_s=0)) == {}


@given(st.lists(st.floats(min_value=0, max_value=1e4), min_size=1, max_size=2000))
def test_buckets_cover_the_whole_series_and_are_few(stamps: list[float]) -> None:
    ordered = sorted(stamps)
    ends = bucket_ends(ordered)
    assert ends[0] == 0
    assert ends[-1] == len(ordered) - 1
    assert ends == sorted(set(ends))
    assert len(ends) <= MOST_BUCKETS + 2


def test_a_tenth_of_a_second_is_too_short_for_the_kernels_ticks() -> None:
    ends = bucket_ends([i / 10 for i in range(51)])  # 10 Hz for 5 s
    assert ends == [0, 10, 20, 30, 40, 50]
