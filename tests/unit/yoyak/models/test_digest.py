import hashlib
import os
from pathlib import Path

import pytest

from yoyak.errors import UsageError
from yoyak.models import remember_sha256, weights_sha256

CONTENT = b"weights" * 400_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.gguf"
    path.write_bytes(CONTENT)
    return path


class Progress(list[tuple[int, int]]):
    """What a caller was told."""

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        self.append((done_bytes, total_bytes))


def test_it_is_the_sha256_of_the_whole_file(model: Path) -> None:
    assert weights_sha256(model) == SHA256


def test_progress_rises_to_the_whole_size(model: Path) -> None:
    progress = Progress()
    weights_sha256(model, progress=progress)
    assert len(progress) > 1
    assert progress[-1] == (len(CONTENT), len(CONTENT))


def test_the_second_time_nothing_is_hashed(model: Path, tmp_path: Path) -> None:
    weights_sha256(model, cache_dir=tmp_path / "cache")
    progress = Progress()
    assert weights_sha256(model, cache_dir=tmp_path / "cache", progress=progress) == SHA256
    assert progress == []


def test_a_known_digest_can_be_remembered(model: Path, tmp_path: Path) -> None:
    remember_sha256(model, "ab" * 32, cache_dir=tmp_path / "cache")
    assert weights_sha256(model, cache_dir=tmp_path / "cache") == "ab" * 32


def test_another_modification_time_means_another_file(model: Path, tmp_path: Path) -> None:
    remember_sha256(model, "ab" * 32, cache_dir=tmp_path)
    os.utime(model, ns=(0, model.stat().st_mtime_ns + 1))
    assert weights_sha256(model, cache_dir=tmp_path) == SHA256


def test_another_size_means_another_file(model: Path, tmp_path: Path) -> None:
    remember_sha256(model, "ab" * 32, cache_dir=tmp_path)
    times = (model.stat().st_atime_ns, model.stat().st_mtime_ns)
    model.write_bytes(CONTENT + b"!")
    os.utime(model, ns=times)
    assert weights_sha256(model, cache_dir=tmp_path) == hashlib.sha256(CONTENT + b"!").hexdigest()


def test_another_inode_means_another_file(model: Path, tmp_path: Path) -> None:
    remember_sha256(model, "ab" * 32, cache_dir=tmp_path)
    times = (model.stat().st_atime_ns, model.stat().st_mtime_ns)
    replacement = tmp_path / "replacement"
    replacement.write_bytes(CONTENT)
    os.utime(replacement, ns=times)
    replacement.replace(model)
    assert weights_sha256(model, cache_dir=tmp_path) == SHA256


@pytest.mark.parametrize("record", [b"", b"{}", b"[1]", b"\xff", b'{"sha256": "ab"}'])
def test_a_broken_record_is_made_anew(model: Path, tmp_path: Path, record: bytes) -> None:
    cache = tmp_path / "cache"
    weights_sha256(model, cache_dir=cache)
    (path,) = (cache / "sha256").iterdir()
    path.write_bytes(record)
    assert weights_sha256(model, cache_dir=cache) == SHA256
    assert SHA256.encode() in path.read_bytes()


def test_a_cache_that_cannot_be_written_costs_only_time(model: Path, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    assert weights_sha256(model, cache_dir=tmp_path / "a file") == SHA256


def test_a_file_that_changes_meanwhile_is_refused(model: Path, tmp_path: Path) -> None:
    def append(done_bytes: int, total_bytes: int) -> None:
        if done_bytes == total_bytes:
            with model.open("ab") as file:
                file.write(b"more")

    with pytest.raises(UsageError, match="changed while it was read"):
        weights_sha256(model, cache_dir=tmp_path / "cache", progress=append)
    assert not (tmp_path / "cache").exists()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        weights_sha256(tmp_path / "absent.gguf", cache_dir=tmp_path)
