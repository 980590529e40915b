"""What Prometheus' own tools say of our files and of our metrics."""

import subprocess
import urllib.request
from pathlib import Path

import yaml
from tests.integration.prometheus.conftest import Played
from tests.integration.prometheus.running import (
    ALERTMANAGER_CONFIG,
    CONFIG,
    HUB_CONFIG,
    RULES,
    THRESHOLDS,
    get,
    program,
)

from yoyak.telemetry.rules import ALERTS

HERE = Path(__file__).parent


def checked(*command: str, given: bytes = b"") -> str:
    """Run a check and return what it says; fail with that if it finds anything."""
    ended = subprocess.run(command, input=given, capture_output=True, check=False)
    said = (ended.stdout + ended.stderr).decode()
    assert ended.returncode == 0, said
    return said


def test_the_rules_are_well_formed() -> None:
    said = checked(program("promtool"), "check", "rules", str(RULES), str(THRESHOLDS))
    assert said.count("SUCCESS") == 2


def test_the_configuration_is_well_formed_and_finds_its_rule_files() -> None:
    said = checked(program("promtool"), "check", "config", str(CONFIG))
    assert "2 rule files found" in said


def test_the_hubs_configuration_is_well_formed_where_its_container_has_it(tmp_path: Path) -> None:
    (tmp_path / "hub.yml").write_text(HUB_CONFIG.read_text())
    for folder in (RULES.parent, THRESHOLDS.parent):  # beside it, as compose.hub.yaml mounts them
        (tmp_path / folder.name).symlink_to(folder)
    said = checked(program("promtool"), "check", "config", str(tmp_path / "hub.yml"))
    assert "2 rule files found" in said


def test_alertmanagers_configuration_is_well_formed() -> None:
    checked(program("amtool"), "check-config", str(ALERTMANAGER_CONFIG))


def test_alerts_fire_when_they_should_and_only_then() -> None:
    checked(program("promtool"), "test", "rules", *map(str, sorted(HERE.glob("*.test.yml"))))


def test_promtool_finds_nothing_to_say_about_the_metrics(played: Played) -> None:
    targets = get(f"{played.prometheus.url}/api/v1/targets", state="active")["data"]
    urls = {
        target["scrapeUrl"]
        for target in targets["activeTargets"]
        if target["labels"]["job"] in ("summarizer", "runs")
    }
    assert len(urls) == 3
    for url in urls:
        with urllib.request.urlopen(url) as response:  # noqa: S310 - loopback
            said = checked(program("promtool"), "check", "metrics", given=response.read())
        assert said.strip() == ""


def test_a_host_is_called_by_its_instance_id_where_that_is_known(played: Played) -> None:
    names = played.prometheus.label_values('up{job="summarizer"}', "instance")
    assert names == ["i-g5.16xlarge", "i-r5.4xlarge"]


def test_every_alert_has_a_test_in_which_it_fires() -> None:
    tests = yaml.safe_load((HERE / "alerts.test.yml").read_text())["tests"]
    fires = {
        one["alertname"]
        for test in tests
        for one in test.get("alert_rule_test", ())
        if one.get("exp_alerts")
    }
    assert fires == {alert.name for alert in ALERTS}
