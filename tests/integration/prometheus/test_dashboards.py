"""Every query of every dashboard returns data on a Prometheus that scraped real metrics."""

import re

import pytest
from tests.integration.prometheus.conftest import Played
from tests.unit.yoyak.telemetry.promql_reading import (
    panel_queries,
    panels,
    rule_queries,
    variable_queries,
)

VARIABLES = {
    "__rate_interval": "30s",
    "instance_type": ".*",  # "All"
    "model": ".*",
    "run": ".*",
    "host": ".*",
}
QUERIES = panel_queries()


def filled_in(query: str) -> str:
    """The query as Grafana sends it."""
    return re.sub(r"\$\{?(\w+)\}?", lambda match: VARIABLES[match[1]], query)


@pytest.mark.parametrize(("where", "query"), QUERIES, ids=[where for where, _ in QUERIES])
def test_a_panel_shows_data(where: str, query: str, played: Played) -> None:
    found = played.prometheus.query_range(filled_in(query), played.at_s, played.over_s)
    values = [value for series in found for _, value in series["values"]]
    assert [value for value in values if value not in ("NaN", "+Inf")], where


SHARES = [
    (f"{file}: {panel['title']}", target["expr"])
    for file, panel in panels()
    for target in panel["targets"]
    if panel["fieldConfig"]["defaults"].get("unit") == "percentunit"
]


@pytest.mark.parametrize(("where", "query"), SHARES, ids=[where for where, _ in SHARES])
def test_a_share_lies_between_0_and_1(where: str, query: str, played: Played) -> None:
    found = played.prometheus.query_range(filled_in(query), played.at_s, played.over_s)
    values = [float(value) for series in found for _, value in series["values"] if value != "NaN"]
    assert values, where
    assert 0 <= min(values) <= max(values) <= 1, where


@pytest.mark.parametrize(
    ("where", "selector", "label"),
    variable_queries(),
    ids=[where for where, _, _ in variable_queries()],
)
def test_a_variable_has_choices(where: str, selector: str, label: str, played: Played) -> None:
    assert played.prometheus.label_values(filled_in(selector), label), where


@pytest.mark.parametrize(
    ("where", "query"), [(w, q) for w, q in rule_queries() if w.startswith("yoyak:")]
)
def test_a_recording_rule_records(where: str, query: str, played: Played) -> None:
    assert played.prometheus.query(query, played.at_s), "its expression finds nothing"
    assert played.prometheus.query(where, played.at_s), "nothing was recorded"


def test_panels_that_ask_for_exemplars_find_traces(played: Played) -> None:
    asking = [
        (f"{file}: {panel['title']}", target["expr"])
        for file, panel in panels()
        for target in panel["targets"]
        if target.get("exemplar")
    ]
    assert len(asking) >= 3
    for where, query in asking:
        found = played.prometheus.exemplars(filled_in(query), played.at_s, played.over_s)
        traces = [e["labels"]["trace_id"] for series in found for e in series["exemplars"]]
        assert traces, where
        assert all(re.fullmatch(r"[0-9a-f]{32}", trace) for trace in traces)


def test_the_bars_of_the_old_study_are_there_beside_the_new_runs(played: Played) -> None:
    (query,) = [q for where, q in QUERIES if where == "compare.json: Total time A"]
    found = played.prometheus.query(filled_in(query), played.at_s)
    seconds = {
        series["metric"]["instance_type"]: float(series["value"][1])
        for series in found
        if series["metric"]["model"] == "mistral:7b-instruct-q4_0"
    }
    assert seconds["m5.16xlarge"] == 37.753
    assert seconds["r5.8xlarge"] == 69.578
    assert seconds["r5.16xlarge"] == 49.829
