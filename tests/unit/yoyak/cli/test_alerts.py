"""`yoyak alerts` without a Prometheus."""

import json
from pathlib import Path

import pytest

from yoyak.cli.main import run_command_line
from yoyak.telemetry.thresholds import THRESHOLDS, write_thresholds


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "thresholds.yml"
    write_thresholds(path, {"ttft_p95": 2.0})
    return path


def test_show_tells_value_meaning_and_what_is_default(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["alerts", "show", "--file", str(file)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert "above 2s  " in lines["ttft_p95"]
    assert "below 1/s (default)" in lines["token_rate"]
    assert set(THRESHOLDS) <= set(lines)


def test_show_as_json_is_in_base_units(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["alerts", "show", "--file", str(file), "--format", "json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values == {name: t.default for name, t in THRESHOLDS.items()} | {"ttft_p95": 2.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["set", "ttft_p95=fast"], 'ttft_p95 is "fast"; it takes a duration'),
        (["set", "memory=50%", "patience=1s"], '"patience" is no threshold'),
        (["set", "memory=50%", "--prometheus", "localhost:9090"], "it takes an address such as"),
        (["set"], "Missing argument"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(
    arguments: list[str], message: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_bytes()
    assert run_command_line(["alerts", *arguments, "--file", str(file)]) == 2
    assert message in capsys.readouterr().err
    assert file.read_bytes() == before


def test_where_there_is_no_file_of_ours_one_must_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["alerts", "set", "memory=50%"]) == 2
    assert "name another with --file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
