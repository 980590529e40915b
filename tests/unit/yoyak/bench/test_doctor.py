from yoyak.bench.doctor import huge_pages, instruction_set, native_engine
from yoyak.bench.native_build.toolchain import Missing

ZEN4 = ("avx", "avx2", "fma", "avx512f")


def test_a_wheel_that_leaves_avx512_unused_is_told_with_the_command_that_builds() -> None:
    check = instruction_set("x86_64", ZEN4, has_native=False)
    assert (check.state, check.mend) == ("warning", "yoyak engine build")
    assert instruction_set("x86_64", ZEN4, has_native=True).state == "ok"


def test_a_cpu_without_avx2_needs_a_native_build() -> None:
    assert instruction_set("x86_64", ("avx",), has_native=False).state == "failure"
    assert instruction_set("x86_64", ("avx",), has_native=True).state == "ok"
    assert instruction_set("aarch64", ("asimd",), has_native=False).state == "ok"


def test_a_kernel_that_gives_no_huge_pages_is_told_with_the_command() -> None:
    check = huge_pages("never")
    assert check.state == "warning"
    assert check.mend == "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"
    assert [huge_pages(mode).state for mode in ("always", "madvise", None)] == ["ok"] * 3


def test_what_a_native_build_lacks_is_named_with_the_command_that_brings_it() -> None:
    check = native_engine(None, (Missing("cmake", "cmake"), Missing("a C++ compiler", "g++")))
    assert check.found == "none; to build one lacks cmake, a C++ compiler"
    assert check.mend == "on Debian or Ubuntu: apt-get install cmake g++"
    assert native_engine(None, ()).mend == "yoyak engine build"
