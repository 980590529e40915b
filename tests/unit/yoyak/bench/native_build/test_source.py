import io
import sys
import tarfile
from pathlib import Path

import pytest

from yoyak.bench.native_build.source import checked_sdist, fetch_command, unpack
from yoyak.errors import HostError, UsageError

TOP = "llama_cpp_python-0.3.36"


def sdist(folder: Path, *names: str) -> Path:
    path = folder / "sdist.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"{TOP}/{name}")
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return path


def test_pip_fetches_one_source_whose_hash_it_checks_and_no_host_is_named(tmp_path: Path) -> None:
    command = fetch_command(tmp_path)
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--no-binary", "--require-hashes"} <= set(command)
    assert not any("://" in part or "index" in part for part in command)


def test_llama_cpps_tree_alone_is_unpacked_without_what_no_target_needs(tmp_path: Path) -> None:
    path = sdist(
        tmp_path,
        "CMakeLists.txt",
        "vendor/llama.cpp/CMakeLists.txt",
        "vendor/llama.cpp/tools/server/server.cpp",
        "vendor/llama.cpp/models/large.gguf",
        "vendor/llama.cpp/.git",
    )
    tree = tmp_path / "tree"
    unpack(path, tree)
    files = {str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file()}
    assert files == {"CMakeLists.txt", "tools/server/server.cpp"}


def test_a_tree_that_is_there_is_taken_as_it_is(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    unpack(tmp_path / "no.tar.gz", tree)
    assert list(tree.iterdir()) == []


def test_a_cut_archive_leaves_no_tree(tmp_path: Path) -> None:
    path = sdist(tmp_path, "vendor/llama.cpp/CMakeLists.txt")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(HostError, match="cannot be unpacked"):
        unpack(path, tmp_path / "tree")
    assert not (tmp_path / "tree").exists()


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"holds no vendor/llama\.cpp"):
        unpack(sdist(tmp_path, "setup.py"), tmp_path / "tree")


def test_a_given_file_must_be_the_pinned_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--sdist .* has sha256 .*; fetch that version"):
        checked_sdist(sdist(tmp_path, "setup.py"))
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        checked_sdist(tmp_path / "none.tar.gz")
