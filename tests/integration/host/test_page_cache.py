import mmap
import os
from pathlib import Path

import pytest

from yoyak.host.page_cache import cached_ratio, drop_from_cache, load_state, settle

PAGES = 256


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(os.urandom(PAGES * mmap.PAGESIZE - 100))  # the last page is not full
    return path


def test_a_file_just_written_is_in_the_page_cache(model: Path) -> None:
    assert cached_ratio(model) == 1.0
    assert load_state(model) == "page_cache"


def test_a_dropped_file_is_on_disk_and_looking_does_not_read_it_in(model: Path) -> None:
    if not drop_from_cache(model):
        pytest.skip("this file system keeps its pages (tmpfs)")
    assert cached_ratio(model) == 0.0
    assert load_state(model) == "disk"


def test_a_file_read_in_half_is_neither(model: Path) -> None:
    if not drop_from_cache(model):
        pytest.skip("this file system keeps its pages (tmpfs)")
    with model.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)  # no reading ahead
        os.pread(file.fileno(), PAGES // 2 * mmap.PAGESIZE, 0)
    assert cached_ratio(model) == pytest.approx(0.5, abs=0.1)
    assert load_state(model) is None


def test_a_half_cached_file_is_settled_by_reading_it(model: Path) -> None:
    if not drop_from_cache(model):
        pytest.skip("this file system keeps its pages (tmpfs)")
    with model.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)  # no reading ahead
        os.pread(file.fileno(), PAGES // 2 * mmap.PAGESIZE, 0)
    assert settle(model) == 1.0
    assert load_state(model) == "page_cache"


def test_settling_leaves_a_file_on_disk_there(model: Path) -> None:
    if not drop_from_cache(model):
        pytest.skip("this file system keeps its pages (tmpfs)")
    assert settle(model) == 0.0
    assert load_state(model) == "disk"


def test_settling_a_file_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    assert settle(tmp_path / "none.gguf") is None


def test_a_mapped_file_cannot_be_dropped(model: Path) -> None:
    with model.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        assert sum(view[:: mmap.PAGESIZE]) >= 0  # touch each page
        assert not drop_from_cache(model)


def test_a_file_that_is_absent_or_empty_is_unknown(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for path in (empty, tmp_path / "absent", tmp_path):
        assert cached_ratio(path) is None
        assert load_state(path) is None
    assert not drop_from_cache(tmp_path / "absent")


def test_a_file_of_somebody_else_is_unknown(model: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    model.chmod(0o644)
    for folder in (model.parent, *list(model.parent.parents)[:-1]):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
        if folder.name.startswith("pytest-of-"):
            break
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setresuid(65534, 65534, 65534)
        os.write(writing, repr(cached_ratio(model)).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reading, 100) == b"None"
    os.close(reading)
    os.close(writing)
