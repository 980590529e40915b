"""What Grafana and Tempo read, whose images are not to be had here: names that agree."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.e2e.stack.compose import REPOSITORY

HOST, HUB = "docker/grafana/provisioning", "docker/grafana/hub-provisioning"
FIELDS = {  # of Grafana's provisioning file for data sources, version 1
    *("name", "uid", "type", "url", "access", "isDefault", "basicAuth", "basicAuthUser"),
    *("jsonData", "secureJsonData", "editable"),
}


def read(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / path).read_text())
    return loaded


def data_sources(folder: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in (REPOSITORY / folder / "datasources").glob("*.yaml"):
        for source in read(str(path.relative_to(REPOSITORY)))["datasources"]:
            found[source["uid"]] = source
    return found


@pytest.mark.parametrize("folder", [HOST, HUB])
def test_data_sources_are_well_formed_and_one_is_the_default(folder: str) -> None:
    sources = data_sources(folder)
    assert {s["type"] for s in sources.values()} == {"prometheus", "tempo"}
    assert [s["uid"] for s in sources.values() if s.get("isDefault")] == ["prometheus"]
    assert [set(s) - FIELDS for s in sources.values()] == [set(), set()]


@pytest.mark.parametrize("folder", [HOST, HUB])
def test_a_slow_bucket_leads_to_its_trace_and_a_span_to_metrics(folder: str) -> None:
    sources = data_sources(folder)
    (link,) = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert link == {"name": "trace_id", "datasourceUid": "tempo"}
    metrics = sources["tempo"]["jsonData"]["tracesToMetrics"]
    assert metrics["datasourceUid"] == "prometheus"
    assert metrics["queries"]


@pytest.mark.parametrize(
    ("folder", "compose"), [(HOST, "compose.yaml"), (HUB, "docker/compose.hub.yaml")]
)
def test_every_data_source_is_a_service_of_its_compose_file(folder: str, compose: str) -> None:
    services = read(compose)["services"]
    for source in data_sources(folder).values():
        assert source["url"].split("://")[1].split(":")[0] in services


def test_every_data_source_that_a_dashboard_names_is_there() -> None:
    named = {
        variable["query"]
        for path in (REPOSITORY / "dashboards").glob("*.json")
        for variable in json.loads(path.read_text())["templating"]["list"]
        if variable["type"] == "datasource"
    }
    assert named <= {source["type"] for source in data_sources(HOST).values()}


@pytest.mark.parametrize("path", ["compose.yaml", "docker/compose.hub.yaml"])
def test_tempo_keeps_its_blocks_in_a_volume_and_listens_where_spans_go(path: str) -> None:
    tempo = read("docker/tempo/tempo.yaml")
    store = tempo["storage"]["trace"]
    folders = [store["wal"]["path"], store["local"]["path"]]
    (target,) = [
        v.split(":")[1]
        for v in read(path)["services"]["tempo"]["volumes"]
        if v.startswith("traces:")
    ]
    assert all(Path(folder).is_relative_to(target) for folder in folders)
    protocols = tempo["distributor"]["receivers"]["otlp"]["protocols"]
    assert protocols["http"]["endpoint"] == "0.0.0.0:4318"
    assert "http://tempo:4318" in (REPOSITORY / "docker/hub/gate.conf").read_text()
