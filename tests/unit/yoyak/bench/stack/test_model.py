from pathlib import Path

import pytest

from yoyak.bench.stack.model import main, provide
from yoyak.errors import UsageError
from yoyak.models import read_gguf


def test_a_synthetic_model_is_made_once_under_its_plain_name(tmp_path: Path) -> None:
    path = provide(tmp_path, "synthetic-tiny.gguf")
    made = path.stat()
    assert read_gguf(path).synthetic
    assert provide(tmp_path, "synthetic-tiny.gguf").stat() == made


def test_a_file_of_the_users_own_is_used_and_its_digest_kept(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(provide(tmp_path, "synthetic-tiny.gguf").read_bytes())
    before = len(list((tmp_path / "sha256").iterdir()))
    assert provide(tmp_path, "own.gguf") == own
    assert len(list((tmp_path / "sha256").iterdir())) == before + 1


def test_a_name_that_is_not_there_says_what_is(tmp_path: Path) -> None:
    (tmp_path / "mistral.gguf").write_bytes(b"")
    with pytest.raises(UsageError, match=r"it holds mistral\.gguf.*synthetic-tiny\.gguf"):
        provide(tmp_path, "mistal.gguf")


@pytest.mark.parametrize("name", ["../x.gguf", "a/b.gguf", "/etc/passwd", "", ".."])
def test_a_path_is_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="YOYAK_MODELS names its folder"):
        provide(tmp_path, name)


def test_a_file_that_is_no_model_ends_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.gguf").write_text("no model")
    assert main([str(tmp_path), "text.gguf"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
