"""The native builds in the cache, and which of them this very CPU may run."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import cast, get_args

from yoyak.config import Build
from yoyak.engines.native.recipe import BACKENDS, VERSION, Backend
from yoyak.errors import HostError
from yoyak.host.kernel_files import read_text

CHOICES: tuple[Build, ...] = get_args(Build)
FACTS = "build.json"  # written last: a folder without it is no build
SERVER, BENCH = "llama-server", "llama-bench"
_DIGITS = 12  # of the CPU's digest, in a folder's name
_NVIDIA_DRIVER = "proc/driver/nvidia/version"


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeBuild:
    """One build: `build.json` of its folder, and the folder."""

    folder: Path
    version: str  # llama.cpp's own, e.g. "b11312-0c1e57098"
    backend: Backend
    cpu_sha256: str  # `cpu_sha256()` of the machine that it was built on, and for
    cpu_model: str | None
    compiler: str | None  # as the program says
    isa: str | None  # the program's own line on instruction sets, from its check
    options: tuple[str, ...]  # cmake's
    built_at: str  # ISO 8601 UTC
    build_s: float  # without what was fetched, over all calls that it took

    @property
    def server(self) -> Path:
        """The program llama-server."""
        return self.folder / SERVER

    @property
    def bench(self) -> Path:
        """The program llama-bench."""
        return self.folder / BENCH

    @property
    def name(self) -> str:
        """What the manifest calls it."""
        kind = "native" if "-DGGML_NATIVE=ON" in self.options else "portable"
        compiler = f" ({self.compiler})" if self.compiler else ""
        return f"{kind} {self.backend} build {self.version}{compiler}"


def engines_folder(cache: Path) -> Path:
    """Return where native builds lie in a cache."""
    return cache / "engines"


def cpu_sha256(root: Path = Path("/")) -> str | None:
    """Return a digest of this CPU's model and of all flags that the kernel lists for it.

    A compiler told to use this very CPU uses any of its instructions, so a build is good for no
    other: a home folder may be shared, and a hypervisor may hide what it showed yesterday. None
    where /proc/cpuinfo tells no flags.
    """
    lines = (read_text(root / "proc/cpuinfo") or "").splitlines()
    names = ("flags", "Features", "model name", "CPU implementer", "CPU part", "CPU variant")
    told: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        told.setdefault(name.strip(), value.strip())
    flags = told.get("flags") or told.get("Features")
    if not flags:
        return None
    parts = [" ".join(sorted(flags.split())), *(told.get(name, "") for name in names[2:])]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def folder_name(version: str, backend: Backend, cpu: str) -> str:
    """Return a build's folder: llama.cpp's version, the backend and the CPU."""
    return f"llama.cpp-{version}-{backend}-{cpu[:_DIGITS]}"


def list_builds(cache: Path) -> tuple[NativeBuild, ...]:
    """Return all builds in the cache, by name; those for other CPUs and versions too."""
    return tuple(_builds(engines_folder(cache)))


def find_build(cache: Path, backend: Backend, *, root: Path = Path("/")) -> NativeBuild | None:
    """Return the build of this yoyak's llama.cpp for this CPU, or None if there is none."""
    cpu = cpu_sha256(root)
    if cpu is None:
        return None
    build = _read(engines_folder(cache) / folder_name(VERSION, backend, cpu))
    usable = build is not None and (build.version, build.backend, build.cpu_sha256) == (
        VERSION,
        backend,
        cpu,
    )
    return build if usable else None


def choose_build(
    choice: Build, cache: Path | None, *, root: Path = Path("/")
) -> NativeBuild | None:
    """Return the build to run; None is the wheel.

    Args:
        choice: "auto" takes a CUDA build where the NVIDIA driver is, else a CPU build, else the
            wheel.
        cache: where `yoyak engine build` keeps them; None: nowhere.
        root: where /proc is.

    Raises:
        HostError: the build that was named is not there.
    """
    if choice == "wheel" or (choice == "auto" and cache is None):
        return None
    if cache is None:
        raise HostError(f"--build {choice} needs a cache to look in; give --cache")
    if choice == "auto":
        with_gpu = (
            find_build(cache, "cuda", root=root) if (root / _NVIDIA_DRIVER).exists() else None
        )
        return with_gpu or find_build(cache, "cpu", root=root)
    backend: Backend = "cuda" if choice == "cuda" else "cpu"
    build = find_build(cache, backend, root=root)
    if build is None:
        raise HostError(_not_there(backend, cache, root))
    return build


def write_facts(build: NativeBuild) -> None:
    """Write a build's build.json into its folder, whole or not at all."""
    told = {name: value for name, value in asdict(build).items() if name != "folder"}
    path = build.folder / FACTS
    partial = path.with_name(f".{FACTS}.partial")
    partial.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def _not_there(backend: Backend, cache: Path, root: Path) -> str:
    command = "yoyak engine build --cuda" if backend == "cuda" else "yoyak engine build"
    others = [build for build in list_builds(cache) if build.backend == backend]
    cpu = cpu_sha256(root)
    why = f"no native {backend} build of llama.cpp {VERSION} is in {engines_folder(cache)}"
    if any(build.version == VERSION and build.cpu_sha256 != cpu for build in others):
        why = (
            f"the native {backend} build of llama.cpp {VERSION} in {engines_folder(cache)} was "
            "made on another CPU"
        )
    return f"{why}; build it here: {command}"


def _builds(folder: Path) -> Iterator[NativeBuild]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - one error to catch
    except OSError:
        return
    for name in names:
        build = None if name.startswith(".") else _read(folder / name)
        if build is not None:
            yield build


def _read(folder: Path) -> NativeBuild | None:
    """Return the build in a folder, or None if it is none that can be run."""
    try:
        told = json.loads((folder / FACTS).read_bytes())
        known = {field.name for field in fields(NativeBuild)} - {"folder"}
        if not isinstance(told, dict) or told.keys() != known or told["backend"] not in BACKENDS:
            return None
        told["options"] = tuple(cast("list[str]", told["options"]))
        build = NativeBuild(folder=folder, **told)
        runs = all(os.access(program, os.X_OK) for program in (build.server, build.bench))
    except (OSError, ValueError, TypeError):
        return None
    return build if runs else None
