import os
from pathlib import Path

import pytest

from yoyak.bench.stack import folders
from yoyak.bench.stack.folders import hand_over, main
from yoyak.errors import HostError

ME = {"uid": os.getuid(), "gid": os.getgid()}


def test_a_folder_with_content_is_its_owners(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert not hand_over(tmp_path, **ME)


def test_an_empty_folder_of_root_is_given_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "ROOT", os.getuid())  # any user may give what is hers to herself
    assert hand_over(tmp_path, **ME)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="missing"):
        hand_over(tmp_path / "missing", **ME)


@pytest.mark.parametrize("arguments", [[], ["1000"], ["1000", "1000"], ["me", "1000", "/runs"]])
def test_wrong_arguments_name_the_variables(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "YOYAK_UID" in capsys.readouterr().err
