import pytest

from yoyak.bench.native_build.toolchain import (
    Which,
    check_tools,
    cmake_version,
    default_jobs,
    generator,
    missing_tools,
)
from yoyak.errors import HostError
from yoyak.units import GIB


def having(*programs: str) -> Which:
    return lambda name: f"/usr/bin/{name}" if name in programs else None


@pytest.fixture(autouse=True)
def no_compiler_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.delenv("CUDACXX", raising=False)


def test_a_host_with_all_lacks_nothing() -> None:
    assert missing_tools("cpu", which=having("cmake", "c++", "ninja")) == ()
    assert missing_tools("cpu", which=having("cmake", "clang++", "make")) == ()
    assert missing_tools("cuda", which=having("cmake", "g++", "make", "nvcc")) == ()


def test_all_that_is_missing_is_told_in_one_line_with_the_command_that_brings_it() -> None:
    with pytest.raises(HostError) as caught:
        check_tools("cpu", which=having())
    assert str(caught.value) == (
        "a native build needs cmake, a C++ compiler, ninja or make; on Debian or Ubuntu: "
        "apt-get install cmake g++ ninja-build"
    )
    assert caught.value.exit_code == 3


def test_cuda_needs_its_compiler_too() -> None:
    with pytest.raises(HostError, match=r"needs nvcc.*nvidia-cuda-toolkit"):
        check_tools("cuda", which=having("cmake", "c++", "ninja"))


def test_a_compiler_named_in_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "/opt/gcc/bin/g++-14")
    monkeypatch.setenv("CUDACXX", "/usr/local/cuda/bin/nvcc")
    assert missing_tools("cuda", which=having("cmake", "make")) == ()


def test_ninja_is_preferred_for_it_counts_its_steps() -> None:
    assert generator(which=having("ninja", "make")) == "Ninja"
    assert generator(which=having("make")) == "Unix Makefiles"


def test_memory_bounds_the_compilers() -> None:
    assert default_jobs("cpu", cpus=16, available_bytes=64 * GIB) == 16
    assert default_jobs("cpu", cpus=16, available_bytes=4 * GIB) == 4
    assert default_jobs("cuda", cpus=16, available_bytes=16 * GIB) == 5
    assert default_jobs("cpu", cpus=2, available_bytes=GIB // 2) == 1


def test_cmakes_version_is_read() -> None:
    assert cmake_version("cmake version 3.25.1") == (3, 25)
    assert cmake_version("cmake version 4.1.0-rc1") == (4, 1)
    assert cmake_version("") is None
