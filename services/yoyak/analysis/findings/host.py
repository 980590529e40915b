"""Findings about the host: who else used it, who held it back, and what lay idle."""

import re

from yoyak.analysis.findings.evidence import Check, Evidence
from yoyak.analysis.findings.wording import finding
from yoyak.analysis.resources import huge_page_ratio
from yoyak.records import Finding, Severity
from yoyak.units import GIB, PERCENT

# ggml's threads spin at barriers and wait for the slowest: with 2 threads on 2 cores and one core
# taken, decode fell from 11.9 to 3.5 tokens/s. So the limit is in percent of ONE core.
FOREIGN_PERCENT = 5.0
STEAL_PERCENT = 1.0  # of all cores; the hypervisor gave that time to others
PRESSURE_PERCENT = 10.0  # of the time, some task waited for a CPU
CLIENT_PERCENT = 80.0  # of one core, which is all that the client's event loop has
UNOBSERVED = 0.05  # of the measured time; a short stall of the sampler hides nothing
HUGE_PAGE_RATIO = 0.5  # of the engine's own memory; loads show nearly none or nearly all
GPU_IDLE_RATIO = 0.05  # a driver at rest reports 0 to a few percent


def unobserved(evidence: Evidence) -> Finding | None:
    """The host was not sampled, or not all of the time."""
    if not evidence.ok:
        return None
    if not evidence.samples:
        return finding("host-not-sampled", "info")
    if evidence.unobserved_s <= UNOBSERVED * evidence.measured_s:
        return None
    return finding(
        "samples-missing",
        "warning",
        missing_s=f"{evidence.unobserved_s:.1f}",
        measured_s=f"{evidence.measured_s:.1f}",
    )


def engine_unobserved(evidence: Evidence) -> Finding | None:
    """The host was sampled, and the engine's process was not among what could be read."""
    engine = evidence.manifest.engine
    if not evidence.samples or evidence.resources.engine_rss_end_bytes is not None:
        return None
    reason = engine.pid_unknown
    if engine.pid is not None and engine.boot_id is not None:
        is_here = engine.boot_id == evidence.manifest.host.get("boot_id")
        reason = "hidden" if is_here else "elsewhere"
    if reason is None:
        return None  # nobody looked for it, as in runs of old
    severity: Severity = "info" if reason == "elsewhere" else "warning"
    return finding(f"engine-unobserved/{reason}", severity, url=engine.url or engine.name)


def foreign_cpu(evidence: Evidence) -> Finding | None:
    """Something else used the CPU."""
    percent = evidence.resources.foreign_cpu_percent
    if percent is None or percent <= FOREIGN_PERCENT:
        return None
    return finding("foreign-cpu", "warning", percent=f"{percent:.0f}")


def steal(evidence: Evidence) -> Finding | None:
    """The hypervisor took CPU time away."""
    percent = evidence.resources.host_steal_percent
    if percent is None or percent <= STEAL_PERCENT:
        return None
    return finding("steal", "warning", percent=f"{percent:.1f}")


def throttling(evidence: Evidence) -> Finding | None:
    """The engine's cgroup ran out of its CPU quota."""
    throttled_s = evidence.resources.cgroup_throttled_s
    if not throttled_s:
        return None
    return finding(
        "throttled",
        "warning",
        throttled_s=f"{throttled_s:.1f}",
        measured_s=f"{evidence.measured_s:.1f}",
    )


def cpu_pressure(evidence: Evidence) -> Finding | None:
    """Tasks waited for a CPU."""
    percent = evidence.resources.cpu_pressure_percent
    if percent is None or percent <= PRESSURE_PERCENT:
        return None
    return finding("cpu-pressure", "warning", percent=f"{percent:.0f}")


def client_saturated(evidence: Evidence) -> Finding | None:
    """The client was as busy as it can be."""
    percent = evidence.resources.client_cpu_percent
    if percent is None or percent <= CLIENT_PERCENT:
        return None
    return finding("client-saturated", "warning", percent=f"{percent:.0f}")


def gpu_idle(evidence: Evidence) -> Finding | None:
    """There is a GPU, and it did nothing."""
    gpus = evidence.resources.gpus
    known = [gpu.utilization_mean_ratio for gpu in gpus if gpu.utilization_mean_ratio is not None]
    if not gpus or not known or max(known) >= GPU_IDLE_RATIO:
        return None
    return finding(
        "gpu-idle",
        "warning",
        gpus=", ".join(gpu.name or "GPU" for gpu in gpus),
        percent=f"{PERCENT * max(known):.0f}",
    )


def avx512_unused(evidence: Evidence) -> Finding | None:
    """The CPU has AVX-512 and the engine's build does not use it."""
    flags, line = evidence.manifest.host.get("isa"), evidence.manifest.engine.isa
    if not flags or "avx512f" not in flags or not line or uses_avx512(line):
        return None
    return finding("avx512-unused", "warning")


def uses_avx512(line: str) -> bool:
    """Say whether an engine's line on instruction sets names AVX-512 as used.

    llama.cpp writes "AVX512 = 1" (older builds "AVX512 = 0" where it is not used).
    """
    return re.search(r"AVX512\w*(?!\w)(?!\s*=\s*0)", line, re.IGNORECASE) is not None


def small_pages(evidence: Evidence) -> Finding | None:
    """The weights on which the CPU works lie in small pages."""
    ratio = huge_page_ratio(evidence.manifest.engine, evidence.resources)
    if ratio is None or ratio >= HUGE_PAGE_RATIO:
        return None
    return finding(
        "small-pages",
        "info",
        percent=f"{PERCENT * ratio:.0f}",
        gib=f"{(evidence.resources.engine_rss_anon_bytes or 0) / GIB:.1f}",
    )


def burstable(evidence: Evidence) -> Finding | None:
    """The instance type runs on CPU credits."""
    kind = evidence.manifest.host.get("instance_type")
    if not isinstance(kind, str) or re.match(r"t\d", kind) is None:
        return None
    return finding("burstable-instance", "warning", instance_type=kind)


def engine_restarted(evidence: Evidence) -> Finding | None:
    """The engine's process changed between measured requests."""
    if not evidence.engine_restarts:
        return None
    return finding("engine-restarted", "invalid", times=evidence.engine_restarts)


HOST_CHECKS: tuple[Check, ...] = (
    unobserved,
    engine_unobserved,
    foreign_cpu,
    steal,
    throttling,
    cpu_pressure,
    client_saturated,
    gpu_idle,
    avx512_unused,
    small_pages,
    burstable,
    engine_restarted,
)
