"""Which native build is found: by version, backend and this very CPU."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from yoyak.engines.native.builds import (
    FACTS,
    NativeBuild,
    choose_build,
    cpu_sha256,
    engines_folder,
    find_build,
    folder_name,
    list_builds,
    write_facts,
)
from yoyak.engines.native.recipe import VERSION, Backend
from yoyak.errors import HostError

ZEN4 = "processor\t: 0\nmodel name\t: AMD EPYC 9R14\nflags\t\t: fpu avx2 avx512f avx512_vnni\n"
GRAVITON = "processor\t: 0\nFeatures\t: fp asimd sve\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n"


def host(folder: Path, cpuinfo: str = ZEN4, *, has_driver: bool = False) -> Path:
    path = folder / "proc/cpuinfo"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(cpuinfo)
    if has_driver:
        driver = folder / "proc/driver/nvidia/version"
        driver.parent.mkdir(parents=True)
        driver.touch()
    return folder


def put(
    cache: Path, root: Path, *, backend: Backend = "cpu", version: str = VERSION
) -> NativeBuild:
    """Put a build into the cache as `yoyak engine build` leaves it."""
    cpu = cpu_sha256(root)
    assert cpu is not None
    folder = engines_folder(cache) / folder_name(version, backend, cpu)
    folder.mkdir(parents=True)
    build = NativeBuild(
        folder=folder,
        version=version,
        backend=backend,
        cpu_sha256=cpu,
        cpu_model="AMD EPYC 9R14",
        compiler="GNU 12.2.0",
        isa="CPU : AVX512 = 1",
        options=("-DGGML_NATIVE=ON",),
        built_at="2026-11-27T20:00:00Z",
        build_s=460.0,
    )
    for program in (build.server, build.bench):
        program.touch(mode=0o755)
    write_facts(build)
    return build


def test_a_build_is_found_again_as_it_was_written(tmp_path: Path) -> None:
    root = host(tmp_path)
    build = put(tmp_path, root)
    assert find_build(tmp_path, "cpu", root=root) == build
    assert list_builds(tmp_path) == (build,)
    assert find_build(tmp_path, "cuda", root=root) is None


def test_a_build_of_another_cpu_is_never_run(tmp_path: Path) -> None:
    root = host(tmp_path)
    build = put(tmp_path, root)
    other = host(tmp_path / "other", ZEN4.replace(" avx512_vnni", ""))
    assert find_build(tmp_path, "cpu", root=other) is None
    renamed = folder_name(VERSION, "cpu", cpu_sha256(other) or "")
    build.folder.rename(build.folder.with_name(renamed))  # a name proves nothing
    assert find_build(tmp_path, "cpu", root=other) is None
    with pytest.raises(HostError, match=r"made on another CPU; build it here: yoyak engine build$"):
        choose_build("native", tmp_path, root=other)


def test_the_same_flags_in_another_order_are_the_same_cpu(tmp_path: Path) -> None:
    shuffled = ZEN4.replace("fpu avx2", "avx2 fpu")
    assert cpu_sha256(host(tmp_path / "a")) == cpu_sha256(host(tmp_path / "b", shuffled))


def test_another_model_with_the_same_flags_is_another_cpu(tmp_path: Path) -> None:
    renamed = ZEN4.replace("9R14", "9R45")
    assert cpu_sha256(host(tmp_path / "a")) != cpu_sha256(host(tmp_path / "b", renamed))


def test_an_arm_cpu_is_told_by_its_part(tmp_path: Path) -> None:
    v1, n1 = host(tmp_path / "v1", GRAVITON), host(tmp_path / "n1", GRAVITON.replace("40", "0c"))
    assert cpu_sha256(v1) is not None
    assert cpu_sha256(v1) != cpu_sha256(n1)


def test_a_cpu_that_tells_no_flags_has_no_build(tmp_path: Path) -> None:
    assert cpu_sha256(host(tmp_path, "processor\t: 0\n")) is None
    assert find_build(tmp_path, "cpu", root=tmp_path) is None


def test_auto_prefers_native_to_the_wheel_and_cuda_only_where_the_driver_is(tmp_path: Path) -> None:
    root = host(tmp_path)
    assert choose_build("auto", tmp_path, root=root) is None  # the wheel
    cpu, cuda = put(tmp_path, root), put(tmp_path, root, backend="cuda")
    assert choose_build("auto", tmp_path, root=root) == cpu
    assert choose_build("cuda", tmp_path, root=root) == cuda
    assert choose_build("wheel", tmp_path, root=root) is None
    with_driver = host(tmp_path, has_driver=True)
    assert choose_build("auto", tmp_path, root=with_driver) == cuda
    assert choose_build("native", tmp_path, root=with_driver) == cpu


def test_a_build_of_another_version_is_left_alone(tmp_path: Path) -> None:
    root = host(tmp_path)
    put(tmp_path, root, version="b9999-0123abc")
    assert choose_build("auto", tmp_path, root=root) is None
    with pytest.raises(HostError, match=f"no native cpu build of llama.cpp {VERSION}"):
        choose_build("native", tmp_path, root=root)


def test_without_a_cache_there_is_the_wheel_alone() -> None:
    assert choose_build("auto", None) is None
    with pytest.raises(HostError, match="--cache"):
        choose_build("native", None)


@pytest.mark.parametrize("damage", ["no program", "no facts", "cut", "other keys", "not runnable"])
def test_a_folder_that_is_no_whole_build_is_none(tmp_path: Path, damage: str) -> None:
    root = host(tmp_path)
    build = put(tmp_path, root)
    facts = build.folder / FACTS
    if damage == "no program":
        build.bench.unlink()
    elif damage == "no facts":
        facts.unlink()
    elif damage == "cut":
        facts.write_bytes(facts.read_bytes()[:-20])
    elif damage == "other keys":
        facts.write_text(json.dumps({**json.loads(facts.read_bytes()), "more": 1}))
    else:
        build.server.chmod(0o644)
    assert find_build(tmp_path, "cpu", root=root) is None
    assert list_builds(tmp_path) == ()


def test_what_is_being_built_is_not_listed(tmp_path: Path) -> None:
    build = put(tmp_path, host(tmp_path))
    build.folder.rename(build.folder.with_name(f".{build.folder.name}.new"))
    assert list_builds(tmp_path) == ()


def test_its_name_says_backend_version_and_compiler(tmp_path: Path) -> None:
    build = put(tmp_path, host(tmp_path))
    assert build.name == f"native cpu build {VERSION} (GNU 12.2.0)"
    assert replace(build, compiler=None).name == f"native cpu build {VERSION}"
    anywhere = replace(build, backend="cuda", options=("-DGGML_NATIVE=OFF",))
    assert anywhere.name == f"portable cuda build {VERSION} (GNU 12.2.0)"
