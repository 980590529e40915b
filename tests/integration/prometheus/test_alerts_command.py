"""`yoyak alerts` and a Prometheus that runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.prometheus.running import (
    RULES,
    Prometheus,
    prometheus,
    replayed_host,
    scrape_config,
    wait_until,
)

from yoyak.cli.main import run_command_line
from yoyak.telemetry.thresholds import THRESHOLDS, read_thresholds, write_thresholds


@pytest.fixture
def thresholds(tmp_path: Path) -> Path:
    path = tmp_path / "thresholds.yml"
    write_thresholds(path, {})
    return path


@pytest.fixture
def server(tmp_path: Path, thresholds: Path) -> Iterator[Prometheus]:
    config = scrape_config([], rule_files=(RULES, thresholds))
    with prometheus(config, tmp_path / "prometheus") as running:
        yield running


def alerts(*arguments: str) -> int:
    return run_command_line(["alerts", *arguments])


def test_set_writes_the_file_and_prometheus_has_the_value(
    server: Prometheus, thresholds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--file", str(thresholds), "--prometheus", server.url)
    assert alerts("set", "ttft_p95=500ms", "error_ratio=1%", *where) == 0
    assert "ttft_p95: alerts above 0.5s" in capsys.readouterr().out
    wait_until(
        lambda: server.value('yoyak_alert_threshold{name="ttft_p95"}') == 0.5, "it is recorded"
    )
    assert server.value('yoyak_alert_threshold{name="error_ratio"}') == 0.01
    assert len(server.query("yoyak_alert_threshold")) == len(THRESHOLDS)


def test_set_leaves_the_other_thresholds_as_they_were(server: Prometheus, thresholds: Path) -> None:
    where = ("--file", str(thresholds), "--prometheus", server.url)
    assert alerts("set", "memory=50%", *where) == 0
    assert alerts("set", "queue_depth=3", *where) == 0
    values = read_thresholds(thresholds)
    assert (values["memory"], values["queue_depth"]) == (0.5, 3.0)


def test_a_file_that_prometheus_does_not_read_is_found_out(
    server: Prometheus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = str(tmp_path / "elsewhere.yml")
    assert alerts("set", "memory=50%", "--file", elsewhere, "--prometheus", server.url) == 3
    assert "does not have the new memory: its rule_files do not name" in capsys.readouterr().err


def test_a_prometheus_that_may_not_be_reloaded_is_told_how_to_be(
    tmp_path: Path, thresholds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = scrape_config([], rule_files=(thresholds,))
    with prometheus(config, tmp_path / "prometheus", can_reload=False) as fixed:
        where = ("--file", str(thresholds), "--prometheus", fixed.url)
        assert alerts("set", "memory=50%", *where) == 3
    assert "start it with --web.enable-lifecycle" in capsys.readouterr().err


def test_rules_that_prometheus_refuses_are_an_error_and_not_silence(
    server: Prometheus, tmp_path: Path, thresholds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "prometheus" / "prometheus.yml"
    config.write_text(config.read_text() + "nonsense: 1\n")
    where = ("--file", str(thresholds), "--prometheus", server.url)
    assert alerts("set", "memory=50%", *where) == 3
    assert "answers 500" in capsys.readouterr().err


def test_another_server_is_no_prometheus(
    thresholds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with replayed_host(instance_type="r5.4xlarge") as host:
        url = f"http://127.0.0.1:{host.port}"
        assert alerts("set", "memory=50%", "--file", str(thresholds), "--prometheus", url) == 3
    assert "/-/reload answers 501" in capsys.readouterr().err


def test_no_prometheus_is_an_error_only_where_one_was_named(
    thresholds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = ("--file", str(thresholds))
    assert alerts("set", "memory=50%", *file, "--prometheus", "http://127.0.0.1:1") == 3
    assert "no Prometheus answers" in capsys.readouterr().err
    assert read_thresholds(thresholds)["memory"] == 0.5
