from collections.abc import Callable
from dataclasses import replace

import pytest

from yoyak.records import GpuSample, HostSample, Perf

MakePerf = Callable[..., Perf]
MakeSample = Callable[..., HostSample]
GPU = GpuSample(
    index=0,
    uuid="GPU-1",
    parent_uuid=None,
    name="A10G",
    utilization_ratio=0.5,
    memory_used_bytes=100,
    memory_total_bytes=200,
    power_w=150.0,
    energy_j=0.0,
    temperature_c=60.0,
    sm_clock_hz=10**9,
    throttle_reasons=(),
    engine_memory_bytes=90,
)


@pytest.fixture
def samples(make_sample: MakeSample) -> tuple[HostSample, ...]:
    """10 Hz over the first repetition (0 to 4 s) and the pause after it."""
    return tuple(make_sample(t / 10) for t in range(60))


def test_cpu_percents_are_differences_of_counters(
    make_perf: MakePerf, samples: tuple[HostSample, ...]
) -> None:
    used = make_perf(samples=samples).resources
    assert used.engine_cpu_percent == pytest.approx(150)
    assert used.client_cpu_percent == pytest.approx(10)
    assert used.host_cpu_percent == pytest.approx(80.5)  # 1.61 of 2 cores
    assert used.cpu_pressure_percent == pytest.approx(2)
    assert used.cgroup_throttled_s == 0
    assert used.host_steal_percent == 0


def test_what_engine_client_and_sampler_did_not_use_is_foreign(
    make_perf: MakePerf, samples: tuple[HostSample, ...]
) -> None:
    assert make_perf(samples=samples).resources.foreign_cpu_percent == pytest.approx(0, abs=1e-6)

    def with_others(sample: HostSample) -> HostSample:
        assert sample.cpu is not None
        assert sample.cpu.user_s is not None
        busy = replace(sample.cpu, user_s=sample.cpu.user_s + 0.3 * sample.at_ns / 1e9)
        return replace(sample, cpu=busy)

    used = make_perf(samples=tuple(map(with_others, samples))).resources
    assert used.foreign_cpu_percent == pytest.approx(30)


def test_foreign_time_is_unknown_without_a_view_of_the_engine(
    make_perf: MakePerf, samples: tuple[HostSample, ...]
) -> None:
    remote = tuple(replace(sample, engine=None) for sample in samples)
    used = make_perf(samples=remote).resources
    assert used.foreign_cpu_percent is None
    assert used.engine_cpu_percent is None
    assert used.engine_rss_end_bytes is None
    assert used.client_cpu_percent == pytest.approx(10)


def test_time_outside_the_measured_requests_does_not_count(
    make_perf: MakePerf, samples: tuple[HostSample, ...]
) -> None:
    def idle_later(sample: HostSample) -> HostSample:
        assert sample.engine is not None
        at_s = min(sample.at_ns / 1e9, 4.0)
        return replace(sample, engine=replace(sample.engine, cpu_s=1.5 * at_s))

    used = make_perf(samples=tuple(map(idle_later, samples))).resources
    assert used.engine_cpu_percent == pytest.approx(150)


def test_a_restarted_engine_is_not_counted_backwards(
    make_perf: MakePerf, samples: tuple[HostSample, ...]
) -> None:
    def restarted(sample: HostSample) -> HostSample:
        assert sample.engine is not None
        if sample.at_ns < 2e9:
            return sample
        cpu_s = 1.5 * (sample.at_ns / 1e9 - 2)
        return replace(sample, engine=replace(sample.engine, pid=99, cpu_s=cpu_s))

    used = make_perf(samples=tuple(map(restarted, samples))).resources
    assert used.engine_cpu_percent == pytest.approx(150)


def test_memory_is_that_of_the_last_measured_sample_and_the_highest_mark(
    make_perf: MakePerf, samples: tuple[HostSample, ...]
) -> None:
    def grows(sample: HostSample) -> HostSample:
        assert sample.engine is not None
        mark = sample.at_ns // 10**8
        pss = 77 if mark == 59 else None  # read once, after the end
        return replace(
            sample,
            engine=replace(
                sample.engine,
                rss_bytes=mark,
                rss_peak_bytes=mark + 5,
                pss_bytes=pss,
            ),
        )

    perf = make_perf(samples=tuple(map(grows, samples)))
    assert perf.resources.engine_rss_end_bytes == 40
    assert perf.resources.engine_rss_peak_bytes == 45
    assert perf.resources.engine_pss_bytes == 77


def test_of_what_lies_in_huge_pages_the_least_counts_while_the_model_is_loaded(
    make_perf: MakePerf, samples: tuple[HostSample, ...]
) -> None:
    # After the first repetition, of an engine that has unloaded, and after the last one.
    readings = {40: (1000, 900), 45: (30, 0), 50: (990, 700), 59: (1000, 990)}

    def of(place: int, sample: HostSample) -> HostSample:
        assert sample.engine is not None
        own, huge = readings.get(place, (1000, None))
        return replace(sample, engine=replace(sample.engine, anon_bytes=own, huge_page_bytes=huge))

    perf = make_perf(samples=tuple(of(*pair) for pair in enumerate(samples)))
    assert perf.resources.engine_huge_page_bytes == 700
    unread = make_perf(samples=samples)
    assert unread.resources.engine_huge_page_bytes is None

    assert perf.totals.client_rss_end_bytes == 70


def test_a_gpus_work_is_summed_up_over_the_measured_phase(
    make_perf: MakePerf, samples: tuple[HostSample, ...]
) -> None:
    def with_gpu(sample: HostSample) -> HostSample:
        at_s = sample.at_ns / 1e9
        gpu = replace(
            GPU,
            energy_j=150.0 * at_s,
            memory_used_bytes=round(100 + at_s),
            throttle_reasons=("sw_power_cap",) if at_s == 1 else (),
        )
        return replace(sample, gpus=(gpu,))

    (gpu,) = make_perf(samples=tuple(map(with_gpu, samples))).resources.gpus
    assert (gpu.name, gpu.uuid) == ("A10G", "GPU-1")
    assert gpu.utilization_mean_ratio == pytest.approx(0.5)
    assert gpu.energy_j == pytest.approx(600)  # 150 W over 4 s
    assert gpu.memory_peak_bytes == 104
    assert gpu.throttle_reasons == ("sw_power_cap",)


def test_without_samples_everything_is_unknown(make_perf: MakePerf) -> None:
    used = make_perf(samples=()).resources
    assert used.engine_cpu_percent is None
    assert used.host_cpu_percent is None
    assert used.cgroup_throttled_s is None
    assert used.gpus == ()


def test_a_kernel_that_counts_no_pressure_leaves_it_unknown(
    make_perf: MakePerf, samples: tuple[HostSample, ...]
) -> None:
    old = tuple(replace(s, cpu_pressure_s=None, cgroup_throttled_s=None) for s in samples)
    used = make_perf(samples=old).resources
    assert used.cpu_pressure_percent is None
    assert used.cgroup_throttled_s is None
