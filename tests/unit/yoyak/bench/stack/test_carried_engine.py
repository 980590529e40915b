from pathlib import Path

import pytest

from yoyak.bench.stack.carried_engine import enter
from yoyak.engines.native.builds import find_build
from yoyak.errors import HostError

CPUINFO = "model name : A CPU\nflags : fpu avx2\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/proc").mkdir(parents=True)
    (tmp_path / "root/proc/cpuinfo").write_text(CPUINFO)
    return tmp_path / "root"


def an_image(folder: Path) -> Path:
    folder.mkdir()
    for name in ("llama-server", "llama-bench"):
        (folder / name).touch(mode=0o755)
    return folder


def test_a_carried_build_is_found_as_one_of_this_host(tmp_path: Path, root: Path) -> None:
    carried = an_image(tmp_path / "llama")
    enter(carried, tmp_path / "cache", root=root)
    found = find_build(tmp_path / "cache", "cuda", root=root)
    assert found is not None
    assert found.server.resolve() == carried / "llama-server"
    assert "-DGGML_CUDA=ON" in found.options
    assert "-DGGML_NATIVE=OFF" in found.options


def test_it_can_be_entered_again(tmp_path: Path, root: Path) -> None:
    carried = an_image(tmp_path / "llama")
    assert enter(carried, tmp_path, root=root) == enter(carried, tmp_path, root=root)


def test_an_image_without_one_says_how_to_build_it(tmp_path: Path, root: Path) -> None:
    (tmp_path / "llama").mkdir()
    with pytest.raises(HostError, match="ENGINE=cuda"):
        enter(tmp_path / "llama", tmp_path / "cache", root=root)
