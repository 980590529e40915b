import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from yoyak.errors import HostError, UsageError
from yoyak.models import cached, weights_sha256


class Made:
    """Counts the models made: progress reaches the whole size once for each."""

    times = 0

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        self.times += done_bytes == total_bytes and done_bytes > 0


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    cached("tiny", cache_dir=folder)
    return folder


@pytest.fixture
def cache(filled: Path, tmp_path: Path) -> Path:
    """Return a cache that has tiny with seed 0."""
    return Path(shutil.copytree(filled, tmp_path / "cache"))  # modification times are kept


def made_again(cache: Path, *, seed: int = 0) -> bool:
    made = Made()
    cached("tiny", seed=seed, cache_dir=cache, progress=made)
    return made.times > 0


def test_the_first_time_it_is_made_and_the_second_time_found(tmp_path: Path) -> None:
    assert made_again(tmp_path / "deep" / "cache")
    assert not made_again(tmp_path / "deep" / "cache")


def test_the_name_says_preset_seed_and_format(cache: Path) -> None:
    assert cached("tiny", cache_dir=cache) == cache / "synthetic-tiny-seed0-v1.gguf"


def test_another_seed_is_another_model(cache: Path) -> None:
    assert not made_again(cache, seed=0)
    assert made_again(cache, seed=1)


def test_the_file_beside_it_says_what_it_is(cache: Path) -> None:
    path = cached("tiny", cache_dir=cache)
    sidecar = json.loads(path.with_name(f"{path.name}.json").read_bytes())
    assert sidecar["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sidecar["size_bytes"] == path.stat().st_size
    assert sidecar["mtime_ns"] == path.stat().st_mtime_ns


def test_its_digest_is_known_without_hashing(filled: Path) -> None:
    path = cached("tiny", cache_dir=filled)
    calls: list[tuple[int, int]] = []
    digest = weights_sha256(path, cache_dir=filled, progress=lambda *done: calls.append(done))
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert calls == []


def test_a_model_cut_short_is_made_again(cache: Path) -> None:
    path = cached("tiny", cache_dir=cache)
    whole = path.read_bytes()
    os.truncate(path, 1000)
    assert made_again(cache)
    assert path.read_bytes() == whole


def test_a_model_that_was_touched_is_made_again(cache: Path) -> None:
    path = cached("tiny", cache_dir=cache)
    os.utime(path, ns=(0, 0))
    assert made_again(cache)


@pytest.mark.parametrize("sidecar", [b"", b"[]", b"{}", b'{"tokenizer_sha256": "other"}'])
def test_a_model_whose_sidecar_does_not_fit_is_made_again(cache: Path, sidecar: bytes) -> None:
    path = cached("tiny", cache_dir=cache)
    path.with_name(f"{path.name}.json").write_bytes(sidecar)
    assert made_again(cache)


def test_a_model_without_sidecar_is_made_again(cache: Path) -> None:
    path = cached("tiny", cache_dir=cache)
    path.with_name(f"{path.name}.json").unlink()
    assert made_again(cache)


def test_an_unknown_preset_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='no model preset "huge"'):
        cached("huge", cache_dir=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match=r"the model cache .* cannot be written"):
        cached("tiny", cache_dir=tmp_path / "file" / "cache")
