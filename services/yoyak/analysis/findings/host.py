"""Findings about the host: who else used it, who held it back, and what lay idle."""

import re

from yoyak.analysis.findings.evidence import Check, Evidence
from yoyak.records import Finding
from yoyak.units import PERCENT

# ggml's threads spin at barriers and wait for the slowest: with 2 threads on 2 cores and one core
# taken, decode fell from 11.9 to 3.5 tokens/s. So the limit is in percent of ONE core.
FOREIGN_PERCENT = 5.0
STEAL_PERCENT = 1.0  # of all cores; the hypervisor gave that time to others
PRESSURE_PERCENT = 10.0  # of the time, some task waited for a CPU
CLIENT_PERCENT = 80.0  # of one core, which is all that the client's event loop has
UNOBSERVED = 0.05  # of the measured time; a short stall of the sampler hides nothing
GPU_IDLE_RATIO = 0.05  # a driver at rest reports 0 to a few percent


def unobserved(evidence: Evidence) -> Finding | None:
    """The host was not sampled, or not all of the time."""
    if not evidence.ok:
        return None
    if not evidence.samples:
        return Finding(
            code="host-not-sampled",
            severity="info",
            message="there are no samples of the host: what it, the engine's process and GPUs "
            "used is unknown, and so is what disturbed the run",
            mend="run again with a yoyak whose samples.jsonl is kept with the run",
        )
    if evidence.unobserved_s <= UNOBSERVED * evidence.measured_s:
        return None
    return Finding(
        code="samples-missing",
        severity="warning",
        message=f"the host was not sampled in {evidence.unobserved_s:.1f} s of "
        f"{evidence.measured_s:.1f} s: memory, CPU and GPU figures are of the rest",
        mend="look whether the disk was full or samples.jsonl was cut, and run again",
    )


def foreign_cpu(evidence: Evidence) -> Finding | None:
    """Something else used the CPU."""
    percent = evidence.resources.foreign_cpu_percent
    if percent is None or percent <= FOREIGN_PERCENT:
        return None
    return Finding(
        code="foreign-cpu",
        severity="warning",
        message=f"other processes used {percent:.0f} % of a core while requests were measured; an "
        "engine whose threads wait for each other slows down far more than that",
        mend="stop them and run again; `top` shows who they are",
    )


def steal(evidence: Evidence) -> Finding | None:
    """The hypervisor took CPU time away."""
    percent = evidence.resources.host_steal_percent
    if percent is None or percent <= STEAL_PERCENT:
        return None
    return Finding(
        code="steal",
        severity="warning",
        message=f"the hypervisor gave {percent:.1f} % of this host's CPU time to others",
        mend="use an instance with dedicated cores, or repeat on another host of the type",
    )


def throttling(evidence: Evidence) -> Finding | None:
    """The engine's cgroup ran out of its CPU quota."""
    seconds = evidence.resources.cgroup_throttled_s
    if not seconds:
        return None
    return Finding(
        code="throttled",
        severity="warning",
        message=f"the engine's CPU quota held it back for {seconds:.1f} s of "
        f"{evidence.measured_s:.1f} s",
        mend="raise the container's CPU limit, or use as many --threads as the quota has cores",
    )


def cpu_pressure(evidence: Evidence) -> Finding | None:
    """Tasks waited for a CPU."""
    percent = evidence.resources.cpu_pressure_percent
    if percent is None or percent <= PRESSURE_PERCENT:
        return None
    return Finding(
        code="cpu-pressure",
        severity="warning",
        message=f"in {percent:.0f} % of the measured time some task waited for a CPU",
        mend="use fewer --threads, or move the client to another host",
    )


def client_saturated(evidence: Evidence) -> Finding | None:
    """The client was as busy as it can be."""
    percent = evidence.resources.client_cpu_percent
    if percent is None or percent <= CLIENT_PERCENT:
        return None
    return Finding(
        code="client-saturated",
        severity="warning",
        message=f"the client used {percent:.0f} % of its one core: part of the latency is its own",
        mend="lower --concurrency or --rate",
    )


def gpu_idle(evidence: Evidence) -> Finding | None:
    """There is a GPU, and it did nothing."""
    gpus = evidence.resources.gpus
    known = [gpu.utilization_mean_ratio for gpu in gpus if gpu.utilization_mean_ratio is not None]
    if not gpus or not known or max(known) >= GPU_IDLE_RATIO:
        return None
    names = ", ".join(gpu.name or "a GPU" for gpu in gpus)
    return Finding(
        code="gpu-idle",
        severity="warning",
        message=f"{names} did no work ({PERCENT * max(known):.0f} % busy): the CPU was measured",
        mend="use a CUDA build of the engine, and check that the container sees the GPU",
    )


def avx512_unused(evidence: Evidence) -> Finding | None:
    """The CPU has AVX-512 and the engine's build does not use it."""
    flags, line = evidence.manifest.host.get("isa"), evidence.manifest.engine.isa
    if not flags or "avx512f" not in flags or not line or uses_avx512(line):
        return None
    return Finding(
        code="avx512-unused",
        severity="warning",
        message="this CPU has AVX-512, the engine's build does not use it: a native build "
        "evaluated prompts 1.6 times as fast where we compared, so this is no fair judge between "
        "hosts with and without it",
        mend="build llama.cpp natively on the host and name it with --url",
    )


def uses_avx512(line: str) -> bool:
    """Say whether an engine's line on instruction sets names AVX-512 as used.

    llama.cpp writes "AVX512 = 1" (older builds "AVX512 = 0" where it is not used).
    """
    return re.search(r"AVX512\w*(?!\w)(?!\s*=\s*0)", line, re.IGNORECASE) is not None


def burstable(evidence: Evidence) -> Finding | None:
    """The instance type runs on CPU credits."""
    kind = evidence.manifest.host.get("instance_type")
    if not isinstance(kind, str) or re.match(r"t\d", kind) is None:
        return None
    return Finding(
        code="burstable-instance",
        severity="warning",
        message=f"{kind} runs on CPU credits: its speed falls when they are spent",
        mend="use a type without credits, or switch to unlimited and run longer than they last",
    )


def engine_restarted(evidence: Evidence) -> Finding | None:
    """The engine's process changed between measured requests."""
    if not evidence.engine_restarts:
        return None
    return Finding(
        code="engine-restarted",
        severity="invalid",
        message=f"the engine's process was replaced {evidence.engine_restarts} times between "
        "measured requests: a load hides in some of them",
        mend="read the engine's log for a crash or for out of memory",
    )


HOST_CHECKS: tuple[Check, ...] = (
    unobserved,
    foreign_cpu,
    steal,
    throttling,
    cpu_pressure,
    client_saturated,
    gpu_idle,
    avx512_unused,
    burstable,
    engine_restarted,
)
