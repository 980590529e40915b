"""What `yoyak publish` refuses before it asks anybody."""

from pathlib import Path

import pytest
from tests.integration.publishing.commands import publish

GRAFANA = ("--grafana", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "nowhere to publish to"),
        (("--runs-folder", "."), "no run is named"),
        (("nowhere", *GRAFANA), "nowhere is not there"),
        (("--grafana", "127.0.0.1:3000"), "is no address"),
        (("--grafana", "http://admin:secret@127.0.0.1:3000"), "GRAFANA_USER"),
        (("--grafana", "http://127.0.0.1:99999"), "is no address"),
        ((*GRAFANA, "--no-dashboards", "--folder", "x"), "--folder is about dashboards"),
        ((*GRAFANA, "--data-source", "a", "--prometheus", "http://p"), "give one"),
        ((*GRAFANA, "--prometheus", "prometheus:9090"), "as Grafana reaches it"),
        (("examples/ec2/r5.4xlarge", "--runs-folder", "nowhere"), "nowhere is not there"),
        (("examples/ec2/r5.4xlarge", "--folder", "x", "--runs-folder", "."), "is for Grafana"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[3])
    line = publish(*arguments).is_error(2)
    assert told in line
    assert "secret" not in line


def test_a_run_that_was_killed_is_not_published(runs: dict[str, Path], tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()
    for file in runs["r5.4xlarge"].iterdir():
        if file.name != "perf.json":
            (killed / file.name).write_bytes(file.read_bytes())
    line = publish(killed, *GRAFANA).is_error(2)
    assert f"yoyak report {killed} --recompute" in line
