from pathlib import Path

import pytest

from yoyak.engines.llamacpp_server import check_instruction_set
from yoyak.errors import HostError

ALL = "flags\t\t: fpu avx f16c fma bmi1 avx2 bmi2 avx512f\n"


def cpuinfo(folder: Path, text: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(f"processor\t: 0\nmodel name\t: A CPU\n{text}")
    return path


def test_a_cpu_that_has_all_is_fine(tmp_path: Path) -> None:
    check_instruction_set(cpuinfo(tmp_path, ALL), "x86_64")


def test_a_cpu_without_avx2_is_told_before_it_dies_of_it(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"lacks avx2, bmi2.*yoyak engine build"):
        check_instruction_set(cpuinfo(tmp_path, "flags\t: avx f16c fma\n"), "x86_64")


def test_another_architecture_has_a_wheel_of_its_own(tmp_path: Path) -> None:
    check_instruction_set(cpuinfo(tmp_path, "Features\t: asimd\n"), "aarch64")


def test_where_nothing_tells_it_is_tried(tmp_path: Path) -> None:
    check_instruction_set(tmp_path / "none", "x86_64")
    check_instruction_set(cpuinfo(tmp_path, ""), "x86_64")
