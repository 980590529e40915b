"""Runs and dashboards into a Grafana that answers as Grafana does."""

import json
from pathlib import Path

import pytest
from tests.integration.engines.certificates import server_context
from tests.integration.publishing.commands import publish
from tests.integration.publishing.grafana_server import GrafanaState, grafana_server

from yoyak.store.run_folder import PERF, read_perf
from yoyak.telemetry.dashboards.all import DASHBOARDS

OLD = Path(__file__).parents[3] / "examples/ec2/r5.4xlarge"
UIDS = {json.loads(build())["uid"] for build in DASHBOARDS.values()}
Runs = dict[str, Path]


def test_a_run_becomes_a_region_with_tags_and_grafana_gets_the_dashboards(
    grafana: str, state: GrafanaState, runs: Runs
) -> None:
    said = publish(runs["r5.4xlarge"], "--grafana", grafana, "--format", "json")
    assert said.code == 0, said.err
    perf = read_perf(runs["r5.4xlarge"] / PERF)
    (annotation,) = state.annotations.values()
    assert annotation["timeEnd"] - annotation["time"] > 1000
    assert {"yoyak", perf.run_id, "r5.4xlarge"} <= set(annotation["tags"])
    assert perf.run_id in annotation["text"]
    assert set(state.dashboards) == UIDS
    assert {one["meta"]["folderUid"] for one in state.dashboards.values()} == {"yoyak"}
    assert state.folders["yoyak"]["title"] == "yoyak"
    assert set(said.changes.values()) == {"new"}


def test_publishing_again_changes_nothing(grafana: str, state: GrafanaState, runs: Runs) -> None:
    command: list[str | Path] = [*runs.values(), "--grafana", grafana, "--format", "json"]
    assert publish(*command).code == 0
    before = json.dumps(state.annotations), json.dumps(state.dashboards), state.saves
    again = publish(*command)
    assert (json.dumps(state.annotations), json.dumps(state.dashboards), state.saves) == before
    assert len(state.annotations) == len(runs)
    assert set(again.changes.values()) == {"unchanged"}


def test_an_annotation_that_is_old_or_double_is_mended(
    grafana: str, state: GrafanaState, runs: Runs
) -> None:
    command = (runs["r5.4xlarge"], "--grafana", grafana, "--no-dashboards", "--format", "json")
    publish(*command)
    ((number, true),) = state.annotations.items()
    wanted = dict(true)
    state.annotations[number] = {**true, "text": "old", "timeEnd": true["time"]}
    double = state.number()
    state.annotations[double] = {**true, "id": double}
    foreign = state.number()
    state.annotations[foreign] = {**true, "id": foreign, "tags": ["yoyak", "another run"]}
    said = publish(*command)
    assert set(said.changes.values()) == {"changed"}
    assert state.annotations[number] == wanted
    assert set(state.annotations) == {number, foreign}


def test_a_dashboard_that_somebody_moved_stays_there_and_is_brought_up_to_date(
    grafana: str, state: GrafanaState
) -> None:
    publish("--grafana", grafana)
    state.folders["mine"] = {"uid": "mine", "title": "Mine"}
    state.dashboards["yoyak-crawl"]["meta"]["folderUid"] = "mine"
    state.dashboards["yoyak-crawl"]["dashboard"]["title"] = "old"
    said = publish("--grafana", grafana, "--format", "json")
    assert said.changes["dashboard yoyak / Crawl"] == "changed"
    crawl = state.dashboards["yoyak-crawl"]
    assert crawl["meta"]["folderUid"] == "mine"
    assert crawl["dashboard"]["title"] == "yoyak / Crawl"
    assert crawl["dashboard"]["version"] == 2


def test_dashboards_that_grafana_reads_from_files_are_left_alone(
    grafana: str, state: GrafanaState, runs: Runs
) -> None:
    for build in DASHBOARDS.values():
        state.provision(json.loads(build()))
    said = publish(runs["r5.4xlarge"], "--grafana", grafana, "--format", "json")
    assert said.code == 0, said.err
    assert state.saves == 0
    assert state.folders == {}
    assert len(state.annotations) == 1
    assert said.changes["dashboard yoyak / Compare instances"] == "provisioned"


@pytest.mark.parametrize("name", ["bench", "Benchmarks"])
def test_a_folder_is_named_by_its_uid_or_its_title(
    name: str, grafana: str, state: GrafanaState
) -> None:
    state.folders["bench"] = {"uid": "bench", "title": "Benchmarks"}
    assert publish("--grafana", grafana, "--folder", name).code == 0
    assert {one["meta"]["folderUid"] for one in state.dashboards.values()} == {"bench"}


@pytest.mark.parametrize("token", ["of-an-admin", "of-an-editor"])
def test_a_folder_that_is_not_there_is_refused_with_those_that_are(
    token: str, grafana: str, state: GrafanaState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFANA_TOKEN", token)
    state.folders["bench"] = {"uid": "bench", "title": "Benchmarks"}
    line = publish("--grafana", grafana, "--folder", "Bnchmarks").is_error(2)
    assert 'no folder "Bnchmarks"' in line
    assert "bench (Benchmarks)" in line
    assert state.dashboards == {}


def test_a_folder_of_that_title_is_used_and_no_second_one_made(
    grafana: str, state: GrafanaState
) -> None:
    state.folders["cexyz"] = {"uid": "cexyz", "title": "yoyak"}  # as provisioning makes it
    assert publish("--grafana", grafana).code == 0
    assert set(state.folders) == {"cexyz"}
    assert {one["meta"]["folderUid"] for one in state.dashboards.values()} == {"cexyz"}


def test_an_editor_may_publish_though_it_may_not_see_data_sources(
    grafana: str, state: GrafanaState, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFANA_TOKEN", "of-an-editor")
    said = publish(runs["r5.4xlarge"], "--grafana", grafana)
    assert (said.code, said.err) == (0, "")
    assert len(state.annotations) == 1
    assert set(state.dashboards) == UIDS


def test_a_prometheus_is_added_once_and_shown_first(grafana: str, state: GrafanaState) -> None:
    command = ("--grafana", grafana, "--prometheus", "http://prometheus:9090/", "--format", "json")
    first, again = publish(*command), publish(*command)
    assert first.changes["data source yoyak prometheus:9090"] == "new"
    made = state.data_sources[-1]
    assert (made["type"], made["access"]) == ("prometheus", "proxy")
    assert set(again.changes.values()) == {"unchanged"}
    assert len(state.data_sources) == 2
    for one in state.dashboards.values():
        (variable,) = (
            v for v in one["dashboard"]["templating"]["list"] if v["name"] == "datasource"
        )
        assert variable["current"]["value"] == made["uid"]


def test_a_data_source_is_chosen_by_name_and_a_wrong_name_lists_the_right_ones(
    grafana: str, state: GrafanaState
) -> None:
    line = publish("--grafana", grafana, "--data-source", "Promethius").is_error(2)
    assert "Prometheus (prom)" in line
    assert state.dashboards == {}
    assert publish("--grafana", grafana, "--data-source", "Prometheus").code == 0
    text = json.dumps(state.dashboards["yoyak-host"]["dashboard"]["templating"])
    assert '"value": "prom"' in text


def test_a_grafana_without_a_prometheus_is_told_of(grafana: str, state: GrafanaState) -> None:
    state.data_sources.clear()
    said = publish("--grafana", grafana)
    assert said.code == 0
    assert "has no Prometheus data source" in said.err


def test_a_run_of_old_has_no_times_and_so_no_annotation(grafana: str, state: GrafanaState) -> None:
    said = publish(OLD, "--grafana", grafana, "--no-dashboards")
    assert said.code == 0
    assert said.err == (
        "warning: historical-r5.4xlarge does not say when it began and ended: no annotation\n"
    )
    assert state.annotations == {}


def test_a_login_with_a_password_from_a_file(
    grafana: str,
    state: GrafanaState,
    runs: Runs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "password").write_text("geheim & 비밀\n")
    monkeypatch.delenv("GRAFANA_TOKEN")
    monkeypatch.setenv("GRAFANA_USER", "admin")
    monkeypatch.setenv("GRAFANA_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("GRAFANA_URL", grafana)
    assert publish(runs["r5.4xlarge"], "--no-dashboards").code == 0
    assert len(state.annotations) == 1


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_wrong_token_and_none_are_refused_and_no_secret_is_printed(
    token: str, grafana: str, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFANA_TOKEN", token and "tell-nobody")
    line = publish(runs["r5.4xlarge"], "--grafana", grafana).is_error(3)
    assert "(401); set GRAFANA_TOKEN" in line
    assert "tell-nobody" not in line


def test_a_viewer_is_told_what_the_account_lacks(
    grafana: str, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFANA_TOKEN", "of-a-viewer")
    line = publish(runs["r5.4xlarge"], "--grafana", grafana, "--no-dashboards").is_error(3)
    assert "does not let us add an annotation (403)" in line
    assert "annotations:create" in line


def test_nobody_answers(runs: Runs) -> None:
    line = publish(runs["r5.4xlarge"], "--grafana", "http://127.0.0.1:1").is_error(3)
    assert line == (
        "error: no Grafana answers under http://127.0.0.1:1 (Connection refused); start it or "
        "mend --grafana\n"
    )


def test_a_server_that_is_no_grafana(grafana: str, state: GrafanaState, runs: Runs) -> None:
    state.path = "/elsewhere"
    line = publish(runs["r5.4xlarge"], "--grafana", grafana).is_error(3)
    assert "does not answer as Grafana does" in line


def test_a_grafana_below_a_path(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFANA_TOKEN", "of-an-admin")
    state = GrafanaState(path="/monitoring/grafana")
    with grafana_server(state) as url:
        assert publish(runs["r5.4xlarge"], "--grafana", f"{url}/").code == 0
    assert set(state.dashboards) == UIDS


def test_a_redirect_is_told_and_not_followed(grafana: str, state: GrafanaState, runs: Runs) -> None:
    state.moved_to = "https://grafana.example.org"
    line = publish(runs["r5.4xlarge"], "--grafana", grafana).is_error(3)
    assert "sends us on to https://grafana.example.org/api/health" in line


def test_a_grafana_whose_database_is_gone(grafana: str, state: GrafanaState, runs: Runs) -> None:
    state.is_broken = True
    line = publish(runs["r5.4xlarge"], "--grafana", grafana).is_error(3)
    assert "503" in line


def test_a_certificate_of_ones_own_authority(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = server_context(tmp_path)
    state = GrafanaState()
    monkeypatch.setenv("GRAFANA_TOKEN", "of-an-admin")
    command = (runs["r5.4xlarge"], "--no-dashboards", "--grafana")
    with grafana_server(state, context) as url:
        line = publish(*command, url).is_error(3)
        assert "cannot be trusted" in line
        assert "GRAFANA_CA_FILE" in line
        assert state.requests == []  # no token went to a stranger
        monkeypatch.setenv("GRAFANA_CA_FILE", str(authority))
        assert publish(*command, url).code == 0
    assert len(state.annotations) == 1
