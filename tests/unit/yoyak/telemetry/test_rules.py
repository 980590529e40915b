"""How the rules are put together; what they find is tested with Prometheus itself."""

import re
from pathlib import Path

import pytest
import yaml

from yoyak.telemetry.rules import (
    ALERTS,
    HARMFUL_REASONS,
    RECORDED,
    Alert,
    crosses,
    down_s,
    rules_text,
)
from yoyak.telemetry.thresholds import THRESHOLDS

DOCS = (Path(__file__).parents[4] / "docs/dashboards.md").read_text()


def test_a_threshold_is_joined_whatever_labels_a_host_has() -> None:
    assert crosses("x", "ttft_p95") == (
        'x\n> on () group_left () yoyak_alert_threshold{name="ttft_p95"}'
    )


def test_a_rate_that_should_be_high_alerts_below_its_threshold() -> None:
    assert "\n< on ()" in crosses("x", "token_rate")


def test_a_threshold_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        crosses("x", "patience")


def test_downtime_counts_as_many_seconds_as_a_step_has() -> None:
    assert down_s("up") == "sum_over_time((1 - up)[15m:5s]) * 5"


def test_every_threshold_has_an_alert_that_uses_it() -> None:
    used = {name for alert in ALERTS for name in re.findall(r'name="(\w+)"', alert.expression)}
    assert used == set(THRESHOLDS)


def test_the_file_is_yaml_with_every_rule_once_and_its_texts_whole() -> None:
    recorded, alerts = yaml.safe_load(rules_text())["groups"]
    assert [rule["record"] for rule in recorded["rules"]] == [rule.record for rule in RECORDED]
    written = {rule["alert"]: rule for rule in alerts["rules"]}
    assert len(written) == len(ALERTS)
    for alert in ALERTS:
        rule = written[alert.name]
        assert rule["expr"] == alert.expression
        assert rule["for"] == alert.hold
        assert rule["labels"] == {"severity": alert.severity}
        assert rule["annotations"] == {"summary": alert.summary, "action": alert.action}


def test_a_power_cap_is_no_fault() -> None:
    assert "sw_power_cap" not in HARMFUL_REASONS
    assert "applications_clocks_setting" not in HARMFUL_REASONS


@pytest.mark.parametrize("alert", ALERTS, ids=[alert.name for alert in ALERTS])
def test_the_docs_tell_each_alert_with_its_threshold_and_default(alert: Alert) -> None:
    (row,) = [line for line in DOCS.splitlines() if line.startswith(f"| {alert.name} |")]
    for used in re.findall(r'name="(\w+)"', alert.expression):
        threshold = THRESHOLDS[used]
        shown = threshold.unit.show(threshold.default)
        assert f"`{used}`, {threshold.alerts} {shown} |" in row
