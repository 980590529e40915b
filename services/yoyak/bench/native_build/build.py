"""A native build from beginning to end; what is interrupted goes on at the next call."""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from yoyak.bench.native_build.checking import checked
from yoyak.bench.native_build.compiling import compile_command, configure_command, run_logged
from yoyak.bench.native_build.source import checked_sdist, fetched_sdist, unpack
from yoyak.bench.native_build.toolchain import check_disk, check_tools, default_jobs, generator
from yoyak.bench.progress import Progress
from yoyak.engines.native.builds import (
    NativeBuild,
    cpu_sha256,
    engines_folder,
    find_build,
    folder_name,
    write_facts,
)
from yoyak.engines.native.recipe import PACKAGE, PACKAGE_VERSION, TARGETS, VERSION, Backend
from yoyak.engines.native.recipe import cmake_options as options_of
from yoyak.errors import HostError
from yoyak.host.facts import host_facts
from yoyak.models import synth


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be built."""

    backend: Backend
    cache: Path
    sdist: Path | None = None  # a file in place of the package index
    jobs: int | None = None  # compilers at once; None: as CPUs and memory allow
    again: bool = False  # from the beginning, even if a build is there
    cuda_architectures: str | None = None  # None: this machine's GPUs


def build_engine(wish: Wish, progress: Progress) -> NativeBuild:
    """Return the native build of this yoyak's llama.cpp for this CPU, made if it is not there.

    It is made in a hidden folder of the cache, checked, and renamed when it is whole.

    Raises:
        UsageError: the sdist given is not the pinned one.
        HostError: a program, the source or disk space is missing, or the build failed.
    """
    cpu = cpu_sha256()
    if cpu is None:
        raise HostError(
            "/proc/cpuinfo lists no flags, so a build could not be told from one for another CPU; "
            "run llama-server by itself and give its address: --url"
        )
    there = find_build(wish.cache, wish.backend)
    if there is not None and not wish.again:
        progress.note(f"{there.name} is there already; --again builds it anew")
        return there
    check_tools(wish.backend)
    folder = engines_folder(wish.cache) / folder_name(VERSION, wish.backend, cpu)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _lock(folder) as lock:
            return _build(wish, folder, cpu, progress, lock)
    except OSError as error:
        raise HostError(
            f"the build folder {folder.parent} cannot be used: {error.strerror or error}; "
            "free disk space there, make it writable, or name another: --cache DIR"
        ) from error


def _build(wish: Wish, folder: Path, cpu: str, progress: Progress, lock: int) -> NativeBuild:
    work = _hidden(folder, "work")
    if wish.again:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(exist_ok=True)
    check_disk(work, wish.backend)
    tree, objects, log = work / "tree", work / "build", work / "build.log"
    if not tree.exists():
        with progress.step(f"source: {PACKAGE} {PACKAGE_VERSION}"):
            given = wish.sdist
            sdist = fetched_sdist(work) if given is None else checked_sdist(given.expanduser())
            unpack(sdist, tree)
    options = options_of(wish.backend, cuda_architectures=wish.cuda_architectures)
    with _timed(work), progress.step(f"llama.cpp {VERSION} for {wish.backend}") as step:
        configure = configure_command(tree, objects, options, generator=generator())
        what = f"configuring llama.cpp {VERSION}"
        run_logged(configure, log=log, what=what, update=lambda *_: None, kept_open=(lock,))
        run_logged(
            compile_command(objects, jobs=wish.jobs or default_jobs(wish.backend)),
            log=log,
            what=f"compiling llama.cpp {VERSION}",
            update=step.update,
            kept_open=(lock,),
        )
    with progress.step("check: a tiny model, an answer, llama-bench"):
        new = _hidden(folder, "new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for program in TARGETS:
            shutil.copy2(objects / "bin" / program, new / program)
        model = work / "tiny.gguf"
        synth("tiny", model)
        build = NativeBuild(
            folder=new,
            version=VERSION,
            backend=wish.backend,
            cpu_sha256=cpu,
            cpu_model=host_facts(ask_metadata=False).cpu_model,
            compiler=None,
            isa=None,
            options=options,
            built_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            build_s=_spent_s(work),
        )
        write_facts(checked(build, model))
    _put_in_place(new, folder)
    shutil.rmtree(work, ignore_errors=True)
    made = find_build(wish.cache, wish.backend)
    if made is None:
        raise HostError(f"the build in {folder} cannot be read back; look at that folder's disk")
    return made


def _put_in_place(new: Path, folder: Path) -> None:
    old = _hidden(folder, "old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)  # one that runs keeps its files until it ends
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _hidden(folder: Path, kind: str) -> Path:
    return folder.with_name(f".{folder.name}.{kind}")


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[int]:
    """Hold the build's lock; cmake's children inherit it, so that none works on unseen.

    The lock file stays: removing it would let two processes hold locks on two files of one name.
    """
    descriptor = os.open(_hidden(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HostError(
                f"another `yoyak engine build`, or a compiler that one left behind, works on "
                f"{folder.name} now; wait until it ends"
            ) from None
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _timed(work: Path) -> Iterator[None]:
    """Add to the time that this build took so far, interrupted calls included."""
    began = time.monotonic()
    try:
        yield
    finally:
        spent = _spent_s(work) + time.monotonic() - began
        (work / "seconds").write_text(f"{spent:.1f}\n")


def _spent_s(work: Path) -> float:
    try:
        return float((work / "seconds").read_text())
    except (OSError, ValueError):
        return 0.0
