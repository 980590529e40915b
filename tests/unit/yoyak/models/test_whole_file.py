import fcntl
import os
from pathlib import Path

import pytest

from yoyak.models.whole_file import remove_leftovers, whole_file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "f"
    with whole_file(path) as file:
        file.write(b"half, ")
        assert not path.exists()
        file.write(b"whole")
    assert path.read_bytes() == b"half, whole"
    assert names(tmp_path) == ["f"]


def test_a_failure_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with whole_file(path) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["f"]


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    previous = os.umask(0o027)
    try:
        with whole_file(tmp_path / "f") as file:
            file.write(b"x")
    finally:
        os.umask(previous)
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o640


def test_the_leftover_of_a_killed_writer_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".f.0123.part").write_bytes(b"gigabytes")
    with whole_file(tmp_path / "f") as file:
        file.write(b"x")
    assert names(tmp_path) == ["f"]


def test_the_part_of_a_writer_at_work_is_left_alone(tmp_path: Path) -> None:
    part = tmp_path / ".f.0123.part"
    with part.open("wb") as other_writer:
        fcntl.flock(other_writer, fcntl.LOCK_EX)
        remove_leftovers(tmp_path / "f")
        assert names(tmp_path) == [".f.0123.part"]


def test_parts_of_other_files_are_left_alone(tmp_path: Path) -> None:
    others = [".fg.0123.part", ".g.0123.part", "f.part"]
    for name in others:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "f")
    remove_leftovers(tmp_path / "[f]*")
    assert names(tmp_path) == sorted(others)


def test_two_writers_of_one_name_both_finish(tmp_path: Path) -> None:
    path = tmp_path / "f"
    with whole_file(path) as first, whole_file(path) as second:
        first.write(b"first")
        second.write(b"second")
    assert path.read_bytes() == b"first"  # the one that ended last
    assert names(tmp_path) == ["f"]
