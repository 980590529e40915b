"""One reading of host, engine processes, client and GPUs: a line of samples.jsonl.

Counters are stored as the kernel counts them, since boot or since a process began; rates are
differences of two samples and belong to the analysis. A source that this host lacks is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuTimes:
    """CPU seconds since boot over all CPUs, by mode, from the first line of /proc/stat.

    `user_s` already holds `guest_s`, and `nice_s` holds `guest_nice_s`: the busy time is
    user + nice + system + irq + softirq, and the whole is that + idle + iowait + steal.
    A mode that an old kernel does not count is None.
    """

    user_s: float | None
    nice_s: float | None
    system_s: float | None
    idle_s: float | None
    iowait_s: float | None
    irq_s: float | None
    softirq_s: float | None
    steal_s: float | None
    guest_s: float | None
    guest_nice_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSample:
    """The engine's process and its descendants, taken together.

    (pid, starttime_ticks) names the root process: when it changes, the engine was restarted and
    `cpu_s` counts from 0 again.
    """

    pid: int  # the root's
    starttime_ticks: int  # the root's, clock ticks since boot
    processes: int  # live ones, root included, zombies not
    threads: int | None
    cpu_s: float  # user + system of the tree since the root began, ended children included
    rss_bytes: int | None  # sum; pages that members share count once in each
    rss_peak_bytes: int | None  # sum of VmHWM over live members: see below
    anon_bytes: int | None  # sum of RssAnon: heap, stacks, repacked weights
    file_bytes: int | None  # sum of RssFile: code and mapped weights
    pss_bytes: int | None  # sum with shared pages divided; None unless it was asked for
    huge_page_bytes: int | None = None  # sum of AnonHugePages, of anon_bytes; as pss_bytes

    # rss_peak_bytes: for one process, the kernel's high-water mark since it began, exact. For a
    # tree, the members' marks need not fall together, so their sum is an upper bound of the
    # tree's peak, and the largest rss_bytes sampled is a lower bound. A member that has ended
    # takes its mark with it: the peak of a run is the largest value over its samples.


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSample:
    """The load generator's own processes, without their children."""

    processes: int  # live ones
    cpu_s: float  # user + system since they began; one that ended keeps its last value
    rss_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuSample:
    """One GPU, or one MIG instance, as NVML reports it.

    A MIG instance is an entry of its own: `parent_uuid` names its board, and what only the board
    has (power, energy, temperature, clock) is None, so that a sum over entries counts it once.
    """

    index: int  # the board's, in NVML's order
    uuid: str | None
    parent_uuid: str | None  # None for a whole GPU
    name: str | None
    utilization_ratio: float | None  # 0-1; share of the driver's last period with a kernel running
    memory_used_bytes: int | None  # of all processes
    memory_total_bytes: int | None
    power_w: float | None  # of the board
    energy_j: float | None  # cumulative since the driver was loaded
    temperature_c: float | None
    sm_clock_hz: int | None
    throttle_reasons: tuple[str, ...] | None  # names in host.gpu; () = none of them now
    engine_memory_bytes: int | None  # of the engine's processes


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSample:
    """Everything that was read at one moment; `at_ns` is monotonic ns since the run began."""

    at_ns: int  # when reading began; it takes about a millisecond
    cpu: CpuTimes | None
    cpu_pressure_s: float | None  # PSI "some": time in which a task waited for a CPU, since boot
    memory_available_bytes: int | None
    swap_used_bytes: int | None
    cgroup_throttled_s: float | None  # of the engine's cgroup; of our own if no engine is known
    cgroup_throttled_periods: int | None
    cgroup_periods: int | None  # enforcement periods that went by; counted under a quota only
    engine: EngineSample | None  # None: no engine known, or it is gone
    client: ClientSample | None
    sampler_cpu_s: float | None  # the sampler's own cost since its process began
    gpus: tuple[GpuSample, ...] = ()


_NAMES = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (CpuTimes, EngineSample, ClientSample, GpuSample, HostSample)
}
_Part = TypeVar("_Part", CpuTimes, EngineSample, ClientSample)


def sample_to_json(sample: HostSample) -> dict[str, Any]:
    """Return the sample as JSON's own types, every field present, unknown ones as null.

    The same as `dataclasses.asdict`, but without its deep copies: this runs ten times a second.
    """
    data = _object(sample)
    for name in ("cpu", "engine", "client"):
        if data[name] is not None:
            data[name] = _object(data[name])
    data["gpus"] = [_object(gpu) for gpu in sample.gpus]
    return data


def sample_from_json(data: Mapping[str, Any]) -> HostSample:
    """Return the sample that `sample_to_json` wrote.

    Fields that this version does not know are left out, as a newer yoyak may add some.

    Raises:
        KeyError: a field is missing.
    """
    known = {name: data[name] for name in _NAMES[HostSample]}
    known["cpu"] = _part(CpuTimes, data["cpu"])
    known["engine"] = _part(EngineSample, data["engine"])
    known["client"] = _part(ClientSample, data["client"])
    known["gpus"] = tuple(_gpu(gpu) for gpu in data["gpus"])
    return HostSample(**known)


def _object(part: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the five records above
    return {name: getattr(part, name) for name in _NAMES[type(part)]}


def _part(kind: type[_Part], data: Mapping[str, Any] | None) -> _Part | None:
    return None if data is None else kind(**{name: data[name] for name in _NAMES[kind]})


def _gpu(data: Mapping[str, Any]) -> GpuSample:
    known = {name: data[name] for name in _NAMES[GpuSample]}
    if known["throttle_reasons"] is not None:
        known["throttle_reasons"] = tuple(known["throttle_reasons"])
    return GpuSample(**known)
