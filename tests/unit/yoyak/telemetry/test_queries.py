"""Dashboards, rules and docs name only metrics and labels that we export."""

import re
from pathlib import Path

import pytest
from tests.unit.yoyak.telemetry.promql_reading import (
    TARGET_LABELS,
    annotation_queries,
    exported_labels,
    mistakes,
    panel_queries,
    panels,
    question_queries,
    read_query,
    rule_queries,
    variable_queries,
)

from summarizer.service_discovery import target_groups
from yoyak.host.cloud import CloudIdentity
from yoyak.host.facts import host_facts

QUERIES = [*panel_queries(), *annotation_queries(), *rule_queries(), *question_queries()]


@pytest.mark.parametrize(("where", "query"), QUERIES, ids=[where for where, _ in QUERIES])
def test_a_query_names_only_what_is_exported(where: str, query: str) -> None:
    assert mistakes(query) == [], where


@pytest.mark.parametrize(
    ("where", "selector", "label"),
    variable_queries(),
    ids=[where for where, _, _ in variable_queries()],
)
def test_a_variable_lists_a_label_that_its_metrics_have(
    where: str, selector: str, label: str
) -> None:
    assert mistakes(selector) == [], where
    for one in read_query(selector).selectors:
        assert label in exported_labels()[one.metric] | TARGET_LABELS, where


def test_legends_use_labels_that_exist() -> None:
    known = set.union(TARGET_LABELS, *exported_labels().values())
    for file, panel in panels():
        for target in panel["targets"]:
            used = re.findall(r"\{\{\s*(\w+)\s*\}\}", target.get("legendFormat", ""))
            assert set(used) <= known, f"{file}: {panel['title']}"


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("rate(yoyak_request_total[5m])", "no metric yoyak_request_total"),
        ("yoyak_queue_seconds", "no metric yoyak_queue_seconds"),
        ("yoyak_queue_depth_bucket", "no metric yoyak_queue_depth_bucket"),
        ('yoyak_queue_depth{phase="measured"}', "yoyak_queue_depth has no label phase"),
        ('yoyak_requests_total{outcome="fine"}', "outcome is never fine"),
        ('yoyak_requests_total{outcome!~"ok|gone"}', "outcome is never gone"),
        ("sum by (host) (yoyak_queue_depth)", "no metric has a label host"),
        ("up * on (host_name) up", "no metric has a label host_name"),
        ("yoyak:errors:ratio_rate10m", "no metric yoyak:errors:ratio_rate10m"),
        ('{__name__=~"up|down"}', "no metric down"),
        ("yoyak_run_total_seconds / yoyak_run_pace", "no metric yoyak_run_pace"),
        ('yoyak_alert_threshold{name="ttft"}', "name is never ttft"),
        ("1 + 1", "it names no metric"),
    ],
)
def test_a_wrong_name_is_found(query: str, mistake: str) -> None:
    assert mistake in mistakes(query)


@pytest.mark.parametrize(
    "query",
    [
        "sum by (le, instance_type) (rate(yoyak_queue_seconds_bucket[5m] offset 1h))",
        'max without (gpu) (yoyak_gpu_power_watts{instance=~"$host"}) > bool 10 and up == 1',
        "topk(3, yoyak_run_output_chars_per_second) * on () group_left () up",
        "avg_over_time((1 - yoyak_engine_up)[15m:5s])",
    ],
)
def test_functions_words_and_ranges_are_no_names(query: str) -> None:
    assert mistakes(query) == []


def test_the_labels_of_a_target_are_those_that_service_discovery_gives(tmp_path: Path) -> None:
    told = CloudIdentity(
        instance_type="g5.16xlarge", instance_id="i-0", availability_zone="ap-northeast-2a"
    )
    facts = host_facts(root=tmp_path, told=told, ask_metadata=False)
    (group,) = target_groups(
        (), own_address="127.0.0.1:8080", host=facts, accelerator="NVIDIA A10G"
    )
    given = {label for label in group["labels"] if not label.startswith("__")}
    assert given == TARGET_LABELS - {"job", "instance"}
