"""What is missing or wrong on this host for a benchmark, and the command that mends it."""

import importlib.util
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yoyak.bench.native_build.toolchain import Missing, mend, missing_tools
from yoyak.engines.native.builds import NativeBuild, find_build
from yoyak.host.facts import HostFacts, host_facts
from yoyak.host.topology import auto_threads
from yoyak.models import available_ram_bytes, planned_bytes
from yoyak.units import GIB

State = Literal["ok", "warning", "failure"]
MODEL = "mistral-7b"  # what the checks of disk and memory are for


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at."""

    name: str
    state: State
    found: str
    mend: str | None = None


def examine(cache: Path) -> tuple[Check, ...]:
    """Look at this host and return every check, in reading order."""
    host = host_facts()
    native = find_build(cache, "cpu")
    return (
        instruction_set(host.architecture, host.isa or (), has_native=native is not None),
        _embedded_engine(),
        native_engine(native, missing_tools("cpu")),
        _threads(host),
        _governor(host),
        _memory(),
        huge_pages(host.huge_pages),
        _disk(cache),
        _swap(host),
        _identity(host),
        _gpu(),
    )


def instruction_set(architecture: str, isa: Collection[str], *, has_native: bool) -> Check:
    """Say whether the engine that `yoyak run` starts can use what the CPU has."""
    name = "instruction set"
    if architecture == "x86_64" and "avx2" not in isa and not has_native:
        return Check(
            name=name,
            state="failure",
            found="no AVX2: the embedded engine's wheel cannot run here",
            mend="yoyak engine build, or Ollama: yoyak run --engine ollama",
        )
    if any(flag.startswith("avx512") for flag in isa) and not has_native:
        return Check(
            name=name,
            state="warning",
            found="AVX-512, which the embedded engine's wheel does not use (AVX2 only)",
            mend="yoyak engine build",
        )
    return Check(name=name, state="ok", found=" ".join(isa) or architecture)


def native_engine(build: NativeBuild | None, missing: tuple[Missing, ...]) -> Check:
    """Say whether llama.cpp was built for this CPU, and if not, what that would take."""
    name = "native engine"
    if build is not None:
        return Check(name=name, state="ok", found=build.name)
    if missing:
        found = f"none; to build one lacks {', '.join(tool.what for tool in missing)}"
        return Check(name=name, state="ok", found=found, mend=mend(missing))
    return Check(name=name, state="ok", found="none; the wheel runs", mend="yoyak engine build")


def _embedded_engine() -> Check:
    if importlib.util.find_spec("xllamacpp") is None:
        return Check(
            name="embedded engine",
            state="failure",
            found="xllamacpp is not installed",
            mend="install yoyak again with its dependencies: make demo",
        )
    return Check(name="embedded engine", state="ok", found="xllamacpp is installed")


def _threads(host: HostFacts) -> Check:
    threads = auto_threads()
    found = f"{threads} of {host.physical_cores or '?'} physical cores ({host.cpu_model or '?'})"
    quota = host.cgroup_cpu_quota_cores
    if quota is not None and host.physical_cores is not None and quota < host.physical_cores:
        return Check(
            name="threads",
            state="warning",
            found=f"{found}; a cgroup quota of {quota:g} cores throttles the engine",
            mend="lift the quota (docker: remove --cpus), or keep it the same on every host",
        )
    return Check(name="threads", state="ok", found=found)


def _governor(host: HostFacts) -> Check:
    governor = host.governor
    if governor is None:
        return Check(name="frequency governor", state="ok", found="not visible (usual in a cloud)")
    if governor != "performance":
        return Check(
            name="frequency governor",
            state="warning",
            found=f"{governor}: clocks follow the load",
            mend="cpupower frequency-set -g performance",
        )
    return Check(name="frequency governor", state="ok", found=governor)


def _memory() -> Check:
    available = available_ram_bytes()
    # q4_0 weights are repacked at load, so resident memory is about twice the file.
    needed = 2 * planned_bytes(MODEL)
    if available is None:
        return Check(name="memory", state="warning", found="unknown: no /proc/meminfo")
    found = f"{available / GIB:.1f} GiB available"
    if available < needed:
        return Check(
            name="memory",
            state="warning",
            found=f"{found}; a 7B model takes about {needed / GIB:.1f} GiB",
            mend="benchmark a smaller model: yoyak model synth 1b --out 1b.gguf",
        )
    return Check(name="memory", state="ok", found=found)


def huge_pages(mode: str | None) -> Check:
    """Say whether weights can lie in huge pages; in small ones an engine's speed is by chance."""
    name = "huge pages"
    if mode is None:
        return Check(name=name, state="ok", found="not visible")
    if mode == "never":
        return Check(
            name=name,
            state="warning",
            found="never: weights lie in small pages, slower and not the same from load to load",
            mend="echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
        )
    found = mode if mode == "always" else f"{mode}: for engines that ask, as the embedded one does"
    return Check(name=name, state="ok", found=found)


def _disk(cache: Path) -> Check:
    folder = next(parent for parent in (cache, *cache.parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    needed = planned_bytes(MODEL)
    found = f"{free / GIB:.1f} GiB free at {folder}"
    if free < needed:
        return Check(
            name="disk",
            state="warning",
            found=f"{found}; a 7B model takes {needed / GIB:.1f} GiB",
            mend="name another folder: --cache DIR",
        )
    return Check(name="disk", state="ok", found=found)


def _swap(host: HostFacts) -> Check:
    if host.swap_total_bytes:
        return Check(
            name="swap",
            state="warning",
            found=f"{host.swap_total_bytes / GIB:.1f} GiB: weights that are swapped out ruin a run",
            mend="swapoff -a",
        )
    return Check(name="swap", state="ok", found="none")


def _identity(host: HostFacts) -> Check:
    if host.instance_type is None:
        return Check(
            name="identity",
            state="ok",
            found=f"no cloud instance ({host.hostname}); runs carry the host's name",
            mend="name it: YOYAK_INSTANCE_TYPE=r5.4xlarge",
        )
    return Check(name="identity", state="ok", found=host.instance_type)


def _gpu() -> Check:
    from yoyak.host.gpu import open_gpus  # loads the driver's library

    gpus = open_gpus()
    if gpus is None:
        return Check(name="GPU", state="ok", found="none that NVML sees")
    return Check(name="GPU", state="ok", found="NVML answers")
