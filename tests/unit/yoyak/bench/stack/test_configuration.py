import stat
from pathlib import Path

from yoyak.bench.stack.configuration import main, write

BASE = Path(__file__).parents[5] / "docker/prometheus/prometheus.yml"


def test_both_files_are_written_and_the_one_with_a_password_is_ours_alone(tmp_path: Path) -> None:
    write(BASE, tmp_path, {})
    assert "remote_write" not in (tmp_path / "prometheus.yml").read_text()
    assert stat.S_IMODE((tmp_path / "spans.conf").stat().st_mode) == 0o600


def test_a_trace_store_of_ones_own_takes_tempos_place(tmp_path: Path) -> None:
    write(BASE, tmp_path, {"YOYAK_TRACES_URL": "http://phoenix:6006"})
    assert "http://phoenix:6006/v1/traces" in (tmp_path / "spans.conf").read_text()


def test_a_folder_that_is_not_there_is_an_error_of_the_host(tmp_path: Path) -> None:
    assert main([str(BASE), str(tmp_path / "none")], {}) == 3
