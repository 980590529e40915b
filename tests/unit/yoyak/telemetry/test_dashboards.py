"""The dashboards as they are committed."""

import json
import re
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from tests.unit.yoyak.telemetry.promql_reading import DASHBOARDS as FOLDER
from tests.unit.yoyak.telemetry.promql_reading import RULES, panels

from yoyak.telemetry import rules
from yoyak.telemetry.dashboards.all import DASHBOARDS
from yoyak.telemetry.dashboards.panels import THRESHOLD
from yoyak.telemetry.names import DASHBOARD_TAG
from yoyak.telemetry.thresholds import THRESHOLDS

PANELS = list(panels())
EACH_PANEL = pytest.mark.parametrize(
    ("file", "panel"), PANELS, ids=[f"{file}: {panel['title']}" for file, panel in PANELS]
)


@pytest.mark.parametrize(("name", "build"), DASHBOARDS.items(), ids=DASHBOARDS)
def test_the_committed_dashboard_is_what_the_code_builds(
    name: str, build: Callable[[], str]
) -> None:
    assert (FOLDER / name).read_text() == build(), "run `make dashboards`"


@pytest.mark.parametrize("name", DASHBOARDS)
def test_grafanas_own_reader_loses_nothing_of_a_dashboard(name: str) -> None:
    register_default_plugins()
    text = (FOLDER / name).read_text()
    read = Dashboard.from_json(json.loads(text))
    expected = json.loads(text)
    for annotation in expected["annotations"][
        "list"
    ]:  # Prometheus' own, of which the SDK knows none
        for key in ("titleFormat", "textFormat", "tagKeys", "step"):
            annotation.pop(key, None)
    assert json.loads(JSONEncoder().encode(read)) == expected


@pytest.mark.parametrize("name", DASHBOARDS)
def test_annotations_are_firing_alerts_in_words_and_what_publish_writes(name: str) -> None:
    alerts, runs = json.loads((FOLDER / name).read_text())["annotations"]["list"]
    assert alerts["titleFormat"] == "{{alertname}}"
    assert "instance_type" in alerts["textFormat"]
    assert runs["datasource"] == {"type": "grafana", "uid": "-- Grafana --"}
    assert runs["target"]["type"] == "tags"
    assert set(runs["target"]["tags"]) == {DASHBOARD_TAG}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_data_sources_are_variables_and_no_query_names_one_itself(name: str) -> None:
    made = json.loads((FOLDER / name).read_text())
    kinds = {v["name"]: v["query"] for v in made["templating"]["list"] if v["type"] == "datasource"}
    assert kinds.get("datasource") == "prometheus"
    asked = [variable for variable in made["templating"]["list"] if variable["type"] == "query"]
    for one in [*asked, *made["panels"]]:
        uid = (one.get("datasource") or {"uid": "${datasource}"})["uid"]
        assert uid.strip("${}") in kinds


@EACH_PANEL
def test_a_panels_unit_is_one_of_grafanas_or_a_suffix(file: str, panel: dict[str, Any]) -> None:
    known = {"s", "bytes", "percentunit", "short", "reqps", "watt", "joule", "celsius", "hertz"}
    known |= {"currencyUSD", "dateTimeAsIso"}
    units = [
        panel["fieldConfig"]["defaults"].get("unit"),
        panel["options"].get("yAxis", {}).get("unit"),
        *(
            setting["value"]
            for override in panel["fieldConfig"]["overrides"]
            for setting in override["properties"]
            if setting["id"] == "unit"
        ),
    ]
    for unit in filter(None, units):
        assert unit in known or unit.startswith("suffix:"), (file, unit)


def test_the_best_bar_comes_first() -> None:
    for file, panel in PANELS:
        if panel["type"] == "bargauge":
            (target,) = panel["targets"]
            rises = "per second" in panel["title"] or "per total" in panel["title"]
            rises = rises or panel["title"] in ("GPU utilization", "Pages", "Articles")
            assert target["expr"].startswith("sort_desc(" if rises else "sort("), (
                file,
                panel["title"],
            )
            assert target["instant"]


def test_no_dashboard_is_committed_that_no_code_builds() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(DASHBOARDS)


def test_the_committed_rules_are_what_the_code_builds() -> None:
    assert RULES.read_text() == rules.rules_text(), "run `make dashboards`"


@EACH_PANEL
def test_a_panel_has_a_title_a_description_a_unit_and_a_query(
    file: str, panel: dict[str, Any]
) -> None:
    assert panel["title"], file
    assert panel["description"].endswith("."), file
    axis_unit = panel["options"].get("yAxis", {}).get("unit")  # where a heat map has it
    assert panel["fieldConfig"]["defaults"].get("unit") or axis_unit
    assert panel["targets"]


@EACH_PANEL
def test_a_panels_queries_have_names_of_their_own_and_a_data_source(
    file: str, panel: dict[str, Any]
) -> None:
    refs = [target["refId"] for target in panel["targets"]]
    assert len(set(refs)) == len(refs), file
    for target in panel["targets"]:
        assert target["datasource"]["uid"] in ("${datasource}", "${traces}")


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_lie_within_the_grid_and_apart(name: str) -> None:
    def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
        return (
            one["x"] < other["x"] + other["w"]
            and other["x"] < one["x"] + one["w"]
            and one["y"] < other["y"] + other["h"]
            and other["y"] < one["y"] + one["h"]
        )

    panels_of = json.loads((FOLDER / name).read_text())["panels"]
    for panel in panels_of:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24, panel["title"]
    for one, other in combinations(panels_of, 2):
        assert not overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panel_numbers_are_unique_and_links_lead_to_our_dashboards(name: str) -> None:
    made = json.loads((FOLDER / name).read_text())
    numbers = [panel["id"] for panel in made["panels"]]
    assert len(set(numbers)) == len(numbers)
    uids = {json.loads((FOLDER / other).read_text())["uid"] for other in DASHBOARDS}
    linked = {link["url"].removeprefix("/d/") for link in made["links"]}
    assert linked == uids - {made["uid"]}
    cells = re.findall(r'"url": "/d/([\w-]+)\?', json.dumps(made))
    assert set(cells) <= uids
    assert len(uids) == len(DASHBOARDS)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_variable_that_a_query_uses_is_declared(name: str) -> None:
    text = (FOLDER / name).read_text()
    made = json.loads(text)
    declared = {variable["name"] for variable in made["templating"]["list"]}
    builtin = {"__rate_interval", "__all", "__value", "__url_time_range"}
    used = set(re.findall(r"\$\{?(\w+)\}?", text))
    assert used <= declared | builtin
    assert declared <= used


def test_every_threshold_is_drawn_as_a_dashed_line() -> None:
    drawn = set()
    for _, panel in PANELS:
        for target in panel["targets"]:
            if target.get("legendFormat") == THRESHOLD:
                drawn.add(target["expr"].partition('name="')[2].partition('"')[0])
                names = [o["matcher"]["options"] for o in panel["fieldConfig"]["overrides"]]
                assert THRESHOLD in names
    assert drawn == set(THRESHOLDS)
