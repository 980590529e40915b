"""What the host, the engine and the client used, from differences of cumulative counters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import TypeVar

from yoyak.analysis.repetitions import Repetition
from yoyak.records import EngineFacts, GpuResources, GpuSample, HostSample, Resources
from yoyak.records.sample import CpuTimes
from yoyak.units import MIB, PERCENT, seconds

GAP_S = 1.0  # ten samples that did not come
PAGES_MATTER_BYTES = 64 * MIB  # of weights: more than a CPU's caches hold
LOADED_RATIO = 0.9  # of the most that readings of an engine's memory show: its model is loaded

Counter = Callable[[HostSample], float | None]
T = TypeVar("T")
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Used:
    """A counter's increase over the measured phase, and the seconds over which it was seen."""

    amount: float
    over_s: float


def measured_windows(
    samples: Sequence[HostSample], repetitions: Sequence[Repetition]
) -> tuple[tuple[HostSample, ...], ...]:
    """Return the samples that lie within each repetition's measured requests, ascending in time.

    Loading, warm-up and the time between repetitions are left out.
    """
    ordered = sorted(samples, key=lambda sample: sample.at_ns)
    return tuple(
        tuple(s for s in ordered if repetition.start_ns <= s.at_ns <= repetition.end_ns)
        for repetition in repetitions
    )


def unobserved_s(
    windows: Sequence[Sequence[HostSample]], repetitions: Sequence[Repetition]
) -> float:
    """Return the seconds of measured passes in stretches of over GAP_S without a sample."""
    missing = 0.0
    for window, repetition in zip(windows, repetitions, strict=True):
        stamps = [repetition.start_ns, *(s.at_ns for s in window), repetition.end_ns]
        gaps = [seconds(later - earlier) for earlier, later in pairwise(stamps)]
        missing += sum(gap for gap in gaps if gap > GAP_S)
    return missing


def used(windows: Sequence[Sequence[HostSample]], counter: Counter) -> Used | None:
    """Return a counter's increase over the windows, or None if no two samples show it.

    A pair of samples between which it fell (a restarted engine counts from 0) is left out.
    """
    amount = over_s = 0.0
    for window in windows:
        for before, after in pairwise(window):
            start, end = counter(before), counter(after)
            if start is None or end is None or end < start or _restarted(before, after):
                continue
            amount += end - start
            over_s += seconds(after.at_ns - before.at_ns)
    return Used(amount, over_s) if over_s > 0 else None


def resources(windows: Sequence[Sequence[HostSample]], samples: Sequence[HostSample]) -> Resources:
    """Return what was used in the measured phase; what no sample tells is None.

    CPU percents count 100 as one core, those named host 100 as all of them:
    engine and client: increase of their CPU seconds / seconds;
    host: busy / (busy + idle + iowait + steal), busy = user + nice + system + irq + softirq;
    foreign: host's busy seconds less those of engine, client and sampler, / seconds; not below 0,
    where it could only come from the kernel's ticks of 10 ms;
    cpu_pressure: seconds in which some task waited for a CPU / seconds (PSI "some").

    Args:
        windows: from `measured_windows`.
        samples: all of the run; the proportional set size and what lies in huge pages are read
            seldom, after each repetition: each has a load, and so pages, of its own.
    """
    everything = [sample for window in windows for sample in window]
    engines = [sample.engine for sample in everything if sample.engine is not None]
    last = engines[-1] if engines else None
    throttled = used(windows, lambda s: s.cgroup_throttled_s)
    return Resources(
        engine_rss_end_bytes=last.rss_bytes if last else None,
        engine_rss_peak_bytes=_most([engine.rss_peak_bytes for engine in engines]),
        engine_rss_anon_bytes=last.anon_bytes if last else None,
        engine_rss_file_bytes=last.file_bytes if last else None,
        engine_pss_bytes=_last([sample.engine.pss_bytes for sample in samples if sample.engine]),
        engine_huge_page_bytes=_huge_page_bytes(samples),
        engine_cpu_percent=_percent(used(windows, _engine_cpu_s)),
        client_cpu_percent=_percent(used(windows, _client_cpu_s)),
        host_cpu_percent=_share(windows, busy_s),
        foreign_cpu_percent=foreign_cpu_percent(windows),
        host_steal_percent=_share(windows, lambda cpu: cpu.steal_s),
        cpu_pressure_percent=_percent(used(windows, lambda s: s.cpu_pressure_s)),
        cgroup_throttled_s=throttled.amount if throttled else None,
        gpus=_gpus(windows),
    )


def client_rss_end_bytes(windows: Sequence[Sequence[HostSample]]) -> int | None:
    """Return the client's resident memory at the last measured sample that tells it."""
    return _last([s.client.rss_bytes for window in windows for s in window if s.client])


def works_on_cpu(engine: EngineFacts, used: Resources) -> bool:
    """Say whether a CPU does the work; not where a GPU may, and the engine does not say."""
    return engine.backend == "cpu" or (engine.backend is None and not used.gpus)


def huge_page_ratio(engine: EngineFacts, used: Resources) -> float | None:
    """Return the share of the engine's own memory that lies in huge pages, 0-1.

    None if it is unknown, or if no CPU works on weights there: a GPU does, they are mapped from
    their file, or a cache holds them.
    """
    own, huge = used.engine_rss_anon_bytes, used.engine_huge_page_bytes
    if (
        own is None
        or huge is None
        or own < max(PAGES_MATTER_BYTES, used.engine_rss_file_bytes or 0)
    ):
        return None
    return huge / own if works_on_cpu(engine, used) and not engine.loads_with_mmap else None


def foreign_cpu_percent(windows: Sequence[Sequence[HostSample]]) -> float | None:
    """Return the CPU time that neither engine nor client nor sampler used; 100 = one core.

    None unless all three and the host are seen: an unseen engine would be counted as foreign.
    """

    def foreign_s(sample: HostSample) -> float | None:
        parts = (_engine_cpu_s(sample), _client_cpu_s(sample), sample.sampler_cpu_s)
        busy = None if sample.cpu is None else busy_s(sample.cpu)
        if busy is None or None in parts:
            return None
        return busy - sum(part for part in parts if part is not None)

    amount = over_s = 0.0
    for window in windows:
        # Over a whole window at once: the ticks of two neighbouring samples are too coarse.
        seen = [(s, value) for s in window if (value := foreign_s(s)) is not None]
        if len(seen) > 1 and not _restarted(seen[0][0], seen[-1][0]):
            amount += seen[-1][1] - seen[0][1]
            over_s += seconds(seen[-1][0].at_ns - seen[0][0].at_ns)
    return max(0.0, PERCENT * amount / over_s) if over_s > 0 else None


def busy_s(cpu: CpuTimes) -> float | None:
    """Return the seconds in which the host's CPUs worked; guest time is within user and nice."""
    if cpu.user_s is None or cpu.system_s is None:
        return None
    rest = (cpu.nice_s, cpu.irq_s, cpu.softirq_s)
    return cpu.user_s + cpu.system_s + sum(part for part in rest if part is not None)


def restarts(windows: Sequence[Sequence[HostSample]]) -> int:
    """Return how often the engine's root process changed within the measured requests."""
    return sum(
        _restarted(before, after) for window in windows for before, after in pairwise(window)
    )


def _engine_cpu_s(sample: HostSample) -> float | None:
    return None if sample.engine is None else sample.engine.cpu_s


def _client_cpu_s(sample: HostSample) -> float | None:
    return None if sample.client is None else sample.client.cpu_s


def _restarted(before: HostSample, after: HostSample) -> bool:
    if before.engine is None or after.engine is None:
        return False
    old, new = before.engine, after.engine
    return (old.pid, old.starttime_ticks) != (new.pid, new.starttime_ticks)


def _share(
    windows: Sequence[Sequence[HostSample]], part_s: Callable[[CpuTimes], float | None]
) -> float | None:
    def part(sample: HostSample) -> float | None:
        return None if sample.cpu is None else part_s(sample.cpu)

    def whole(sample: HostSample) -> float | None:
        cpu = sample.cpu
        busy = None if cpu is None else busy_s(cpu)
        if cpu is None or busy is None or cpu.idle_s is None:
            return None
        return busy + cpu.idle_s + (cpu.iowait_s or 0.0) + (cpu.steal_s or 0.0)

    found, all_of_it = used(windows, part), used(windows, whole)
    if found is None or all_of_it is None or all_of_it.amount <= 0:
        return None
    return PERCENT * found.amount / all_of_it.amount


def _percent(found: Used | None) -> float | None:
    return None if found is None else PERCENT * found.amount / found.over_s


def _gpus(windows: Sequence[Sequence[HostSample]]) -> tuple[GpuResources, ...]:
    keys = dict.fromkeys(
        (gpu.uuid, gpu.index) for window in windows for sample in window for gpu in sample.gpus
    )
    return tuple(_gpu(windows, key) for key in keys)


def _gpu(windows: Sequence[Sequence[HostSample]], key: tuple[str | None, int]) -> GpuResources:
    def of(sample: HostSample) -> GpuSample | None:
        return next((gpu for gpu in sample.gpus if (gpu.uuid, gpu.index) == key), None)

    seen = [gpu for window in windows for sample in window if (gpu := of(sample)) is not None]

    def energy_j(sample: HostSample) -> float | None:
        gpu = of(sample)
        return None if gpu is None else gpu.energy_j

    energy = used(windows, energy_j)
    reasons = {reason for gpu in seen for reason in gpu.throttle_reasons or ()}
    return GpuResources(
        name=_last([gpu.name for gpu in seen]),
        uuid=key[0],
        utilization_mean_ratio=_mean([gpu.utilization_ratio for gpu in seen]),
        memory_peak_bytes=_most([gpu.memory_used_bytes for gpu in seen]),
        power_mean_w=_mean([gpu.power_w for gpu in seen]),
        energy_j=energy.amount if energy else None,
        temperature_max_c=_most([gpu.temperature_c for gpu in seen]),
        throttle_reasons=tuple(sorted(reasons)),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _most(values: Sequence[Number | None]) -> Number | None:
    return max((value for value in values if value is not None), default=None)


def _huge_page_bytes(samples: Sequence[HostSample]) -> int | None:
    """Return the least of the readings at which the model was loaded.

    A server that has just unloaded it, as Ollama does, has little memory of its own left.
    """
    engines = [sample.engine for sample in samples if sample.engine is not None]
    readings = [
        (engine.anon_bytes, engine.huge_page_bytes)
        for engine in engines
        if engine.anon_bytes is not None and engine.huge_page_bytes is not None
    ]
    most = max((own for own, _ in readings), default=0)
    return min((huge for own, huge in readings if own >= LOADED_RATIO * most), default=None)


def _last(values: Sequence[T | None]) -> T | None:
    return next((value for value in reversed(values) if value is not None), None)
