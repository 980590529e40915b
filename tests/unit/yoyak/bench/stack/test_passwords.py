from pathlib import Path

import pytest

from yoyak.bench.stack.passwords import keep_password, main


def test_a_password_is_drawn_once(tmp_path: Path) -> None:
    first = keep_password(tmp_path / "password")
    assert len(first) == 24
    assert keep_password(tmp_path / "password") == first
    assert keep_password(tmp_path / "other") != first


def test_the_log_says_where_it_is_and_not_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "password"
    assert main([str(path), "read it there"]) == 0
    said = capsys.readouterr().err
    assert said == "read it there\n"
    assert path.read_text() not in said


def test_a_folder_that_is_not_there_ends_with_one_line(tmp_path: Path) -> None:
    assert main([str(tmp_path / "missing" / "password"), "where"]) == 3
