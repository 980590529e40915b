from pathlib import Path

import pytest

from yoyak.errors import HostError
from yoyak.models import available_ram_bytes, check_ram
from yoyak.units import GIB, KIB

SIZE = 4 * GIB


def test_twice_the_file_is_room_enough() -> None:
    assert check_ram("m", SIZE, available_bytes=8 * GIB) is None


def test_less_than_twice_the_file_is_a_warning() -> None:
    assert check_ram("m", SIZE, available_bytes=6 * GIB) == (
        '"m" loads well with 8.0 GiB of memory and 6.0 GiB of memory is available; '
        "expect a slow load, or take a smaller model"
    )


def test_less_than_the_file_is_an_error() -> None:
    with pytest.raises(HostError) as refusal:
        check_ram("m", SIZE, available_bytes=3 * GIB)
    assert str(refusal.value) == (
        '"m" needs at least 4.0 GiB of memory and 3.0 GiB of memory is available; '
        "stop other programs, or take a smaller model"
    )


def test_the_context_of_all_slots_must_fit_too() -> None:
    assert check_ram("m", SIZE, context_bytes=3 * GIB, available_bytes=12 * GIB) is None
    with pytest.raises(HostError) as refusal:
        check_ram("m", SIZE, context_bytes=3 * GIB, available_bytes=6 * GIB)
    assert str(refusal.value) == (
        '"m" needs at least 7.0 GiB of memory (3.0 of it for its context) and 6.0 GiB of memory is '
        "available; stop other programs, or take a smaller model, a smaller --context or fewer "
        "--slots"
    )


def test_this_host_has_room_for_a_byte() -> None:
    assert check_ram("m", 1) is None


def kernel(tmp_path: Path, *, available_kib: int | None, cgroup: str = "") -> tuple[Path, Path]:
    proc, cgroups = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    cgroups.mkdir()
    if available_kib is not None:
        (proc / "meminfo").write_text(
            f"MemTotal:       99999999 kB\nMemAvailable:   {available_kib} kB\n"
        )
    (proc / "self" / "cgroup").write_text(cgroup)
    return proc, cgroups


def limit(group: Path, maximum: str, current_bytes: int, inactive_file_bytes: int) -> None:
    group.mkdir(parents=True, exist_ok=True)
    (group / "memory.max").write_text(f"{maximum}\n")
    (group / "memory.current").write_text(f"{current_bytes}\n")
    (group / "memory.stat").write_text(f"anon 1\ninactive_file {inactive_file_bytes}\nslab 2\n")


def test_without_control_groups_it_is_what_the_kernel_says(tmp_path: Path) -> None:
    proc, cgroups = kernel(tmp_path, available_kib=1000)
    assert available_ram_bytes(proc=proc, cgroups=cgroups) == 1000 * KIB


def test_a_limit_counts_and_pages_that_can_be_dropped_are_free(tmp_path: Path) -> None:
    proc, cgroups = kernel(tmp_path, available_kib=1000, cgroup="0::/job\n")
    limit(cgroups / "job", "500000", 300_000, 100_000)
    assert available_ram_bytes(proc=proc, cgroups=cgroups) == 300_000


def test_the_tightest_limit_on_the_way_up_counts(tmp_path: Path) -> None:
    proc, cgroups = kernel(tmp_path, available_kib=1000, cgroup="0::/outer/inner\n")
    limit(cgroups / "outer" / "inner", "max", 300_000, 0)
    limit(cgroups / "outer", "450000", 400_000, 1_000)
    assert available_ram_bytes(proc=proc, cgroups=cgroups) == 51_000


def test_inside_a_container_the_limit_is_at_the_root(tmp_path: Path) -> None:
    proc, cgroups = kernel(tmp_path, available_kib=1000, cgroup="0::/\n")
    limit(cgroups, "450000", 400_000, 0)
    assert available_ram_bytes(proc=proc, cgroups=cgroups) == 50_000


def test_a_group_over_its_limit_has_nothing_left(tmp_path: Path) -> None:
    proc, cgroups = kernel(tmp_path, available_kib=1000, cgroup="0::/job\n")
    limit(cgroups / "job", "1000", 2_000, 0)
    assert available_ram_bytes(proc=proc, cgroups=cgroups) == 0


def test_where_the_kernel_says_nothing_it_is_unknown_and_not_checked(tmp_path: Path) -> None:
    proc, cgroups = kernel(tmp_path, available_kib=None)
    assert available_ram_bytes(proc=proc, cgroups=cgroups) is None
