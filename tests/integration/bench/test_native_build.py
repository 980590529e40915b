"""`yoyak engine build` as far as it goes in seconds: real cmake on a small project, locks.

The whole build takes 10 CPU minutes; one that is at hand is checked anew.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.engines.native import CACHE, WHY_NOT, native_build

from yoyak.bench.native_build.build import Wish, build_engine
from yoyak.bench.native_build.checking import checked
from yoyak.bench.native_build.compiling import compile_command, configure_command, run_logged
from yoyak.bench.native_build.toolchain import generator, missing_tools
from yoyak.engines.native.builds import cpu_sha256, engines_folder, folder_name, list_builds
from yoyak.engines.native.recipe import TARGETS, VERSION
from yoyak.errors import HostError, UsageError
from yoyak.models import cached

needs_tools = pytest.mark.skipif(
    bool(missing_tools("cpu")), reason="cmake, a compiler or ninja and make are not installed"
)
PROJECT = """
cmake_minimum_required(VERSION 3.14)
project(small CXX)
add_executable(llama-server server.cpp)
add_executable(llama-bench bench.cpp)
add_executable(another bench.cpp)
"""


class Quiet:
    """Progress that keeps its notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    @contextmanager
    def step(self, title: str, total: float | None = None, **_: object) -> Iterator["Quiet"]:  # noqa: ARG002 - as Progress
        yield self

    def update(self, done: float, total: float | None = None) -> None:
        """Draw nothing."""

    def advance(self, amount: float = 1) -> None:
        """Draw nothing."""

    def note(self, message: str) -> None:
        self.notes.append(message)


def small_project(folder: Path) -> Path:
    tree = folder / "tree"
    tree.mkdir()
    (tree / "CMakeLists.txt").write_text(PROJECT)
    for name in ("server", "bench"):
        (tree / f"{name}.cpp").write_text("int main() { return 0; }\n")
    return tree


@needs_tools
def test_an_interrupted_build_goes_on_and_builds_the_two_programs_alone(tmp_path: Path) -> None:
    tree, build, log = small_project(tmp_path), tmp_path / "build", tmp_path / "log"
    steps: list[tuple[float, float | None]] = []

    def interrupt(done: float, total: float | None) -> None:
        steps.append((done, total))
        raise KeyboardInterrupt

    configure = configure_command(tree, build, (), generator=generator())
    run_logged(configure, log=log, what="configuring", update=lambda *_: None)
    command = compile_command(build, jobs=1)
    with pytest.raises(KeyboardInterrupt):
        run_logged(command, log=log, what="compiling", update=interrupt)
    rest: list[tuple[float, float | None]] = []
    run_logged(command, log=log, what="compiling", update=lambda *step: rest.append(step))
    assert steps
    assert rest
    assert rest[-1][0] == rest[-1][1]
    assert all((build / name).exists() for name in TARGETS)
    assert not (build / "another").exists()


@needs_tools
def test_what_the_compiler_says_is_the_error(tmp_path: Path) -> None:
    tree, build, log = small_project(tmp_path), tmp_path / "build", tmp_path / "log"
    (tree / "server.cpp").write_text('#include "nothing.h"\n')
    configure = configure_command(tree, build, (), generator=generator())
    run_logged(configure, log=log, what="configuring", update=lambda *_: None)
    with pytest.raises(HostError, match=r"compiling failed: .*nothing\.h: No such file"):
        run_logged(
            compile_command(build, jobs=2), log=log, what="compiling", update=lambda *_: None
        )


@needs_tools
def test_two_builds_of_one_thing_do_not_meet(tmp_path: Path) -> None:
    folder = engines_folder(tmp_path) / folder_name(VERSION, "cpu", cpu_sha256() or "")
    folder.parent.mkdir()
    with (folder.with_name(f".{folder.name}.lock")).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(HostError, match="another `yoyak engine build`"):
            build_engine(Wish(backend="cpu", cache=tmp_path), Quiet())


@needs_tools
def test_a_source_that_is_not_the_pinned_one_is_refused_and_nothing_is_listed(
    tmp_path: Path,
) -> None:
    sdist = tmp_path / "other.tar.gz"
    sdist.write_bytes(b"another version")
    with pytest.raises(UsageError, match=r"--sdist .*other\.tar\.gz has sha256"):
        build_engine(Wish(backend="cpu", cache=tmp_path, sdist=sdist), Quiet())
    assert list_builds(tmp_path) == ()


@pytest.mark.skipif(native_build() is None, reason=WHY_NOT)
def test_a_build_that_is_there_is_not_built_again() -> None:
    progress = Quiet()
    assert build_engine(Wish(backend="cpu", cache=CACHE), progress) == native_build()
    assert "is there already" in progress.notes[0]


@pytest.mark.skipif(native_build() is None, reason=WHY_NOT)
def test_a_build_is_checked_by_what_its_programs_do(tmp_path: Path) -> None:
    build = native_build()
    assert build is not None
    model = cached("tiny", cache_dir=tmp_path)
    unknown = replace(build, compiler=None, isa=None)
    assert checked(unknown, model) == build
    copy = replace(build, folder=tmp_path)
    shutil.copy2(build.bench, copy.bench)
    copy.server.write_text("#!/bin/sh\nexit 7\n")
    copy.server.chmod(0o755)
    with pytest.raises(HostError, match=r"llama-server does not run here \(exit 7\)"):
        checked(copy, model)
