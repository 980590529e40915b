"""What a native build needs on this host: programs, memory for the compilers, disk."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from yoyak.engines.native.recipe import Backend
from yoyak.errors import HostError
from yoyak.models import available_ram_bytes
from yoyak.units import GIB

# Measured: sdist 77 MB, tree 60 MB, objects and programs 0.3 GB. CUDA's objects are larger, and
# more so with each GPU architecture: not measured, for want of a compiler.
NEEDED_BYTES: dict[Backend, int] = {"cpu": GIB, "cuda": 8 * GIB}
_JOB_BYTES: dict[Backend, int] = {"cpu": GIB, "cuda": 3 * GIB}
_LEAST_CMAKE = (3, 18)  # 3.14 for the CPU; CUDA's architectures are known from 3.18 on
_VERSION_S = 20.0

Which = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Missing:
    """A program that is not there, and the Debian package that brings it."""

    what: str
    package: str


def missing_tools(backend: Backend, *, which: Which = shutil.which) -> tuple[Missing, ...]:
    """Return what a build lacks here; empty where it can begin."""
    missing = []
    if which("cmake") is None:
        missing.append(Missing("cmake", "cmake"))
    if not (which("c++") or which("g++") or which("clang++") or os.environ.get("CXX")):
        missing.append(Missing("a C++ compiler", "g++"))
    if not (which("ninja") or which("make")):
        missing.append(Missing("ninja or make", "ninja-build"))
    if backend == "cuda" and not (which("nvcc") or os.environ.get("CUDACXX")):
        missing.append(Missing("nvcc, CUDA's compiler", "nvidia-cuda-toolkit"))
    return tuple(missing)


def mend(missing: tuple[Missing, ...]) -> str:
    """Return the command that brings what is missing."""
    packages = " ".join(tool.package for tool in missing)
    return f"on Debian or Ubuntu: apt-get install {packages}"


def check_tools(backend: Backend, *, which: Which = shutil.which) -> None:
    """Raise HostError, naming all that is missing and how to get it."""
    missing = missing_tools(backend, which=which)
    if missing:
        names = ", ".join(tool.what for tool in missing)
        raise HostError(f"a native build needs {names}; {mend(missing)}")
    said = _first_line(["cmake", "--version"])
    version = cmake_version(said)
    if version is not None and version < _LEAST_CMAKE:
        least = ".".join(map(str, _LEAST_CMAKE))
        raise HostError(
            f"{said} is older than {least}, which llama.cpp needs; a newer one: pip install cmake"
        )


def cmake_version(line: str) -> tuple[int, int] | None:
    """Return (major, minor) of "cmake version 3.25.1", or None if it is not that."""
    found = re.match(r"cmake version (\d+)\.(\d+)", line)
    return (int(found[1]), int(found[2])) if found else None


def generator(*, which: Which = shutil.which) -> str:
    """Return cmake's generator: Ninja where it is, for it says how far it is."""
    return "Ninja" if which("ninja") else "Unix Makefiles"


def default_jobs(
    backend: Backend, *, cpus: int | None = None, available_bytes: int | None = None
) -> int:
    """Return how many compilers run at once: the CPUs that we may use, as memory allows.

    Args:
        backend: nvcc takes more memory than a C++ compiler.
        cpus: None for this process's own.
        available_bytes: None for what the host has now.
    """
    cpus = len(os.sched_getaffinity(0)) if cpus is None else cpus
    available = available_ram_bytes() if available_bytes is None else available_bytes
    if available is None:
        return max(1, cpus)
    return max(1, min(cpus, available // _JOB_BYTES[backend]))


def check_disk(folder: Path, backend: Backend) -> None:
    """Raise HostError if the disk of an existing folder has too little room for a build."""
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES[backend]:
        raise HostError(
            f"a native {backend} build takes {NEEDED_BYTES[backend] / GIB:.0f} GiB and "
            f"{free / GIB:.1f} GiB are free at {folder}; free some, or name another folder: "
            "--cache DIR"
        )


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_VERSION_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout.splitlines() or [""])[0]
