"""Finished runs as series: by a real Pushgateway or a runner's folder, to a real Prometheus."""

import urllib.request
from pathlib import Path

import bcrypt
import pytest
from tests.integration.engines.certificates import server_context
from tests.integration.prometheus.running import (
    program,
    prometheus,
    pushgateway,
    wait_until,
)
from tests.integration.prometheus.test_dashboards import filled_in
from tests.integration.prometheus.test_promtool import checked
from tests.integration.publishing.commands import publish
from tests.integration.publishing.grafana_server import GrafanaState, grafana_server
from tests.unit.yoyak.telemetry.promql_reading import panel_queries

from yoyak.bench.stack.runs_server import RunnerState, RunsServer
from yoyak.records import Perf
from yoyak.store.run_folder import PERF, read_perf
from yoyak.telemetry.finished_runs import FinishedRuns
from yoyak.telemetry.publishing.series import exposition
from yoyak.telemetry.run_gauges import RUN_GAUGES

OLD = Path(__file__).parents[3] / "examples/ec2"
BARS = dict(panel_queries())["compare.json: Output characters per second A"]


def perf_of(run: Path) -> Perf:
    return read_perf(run / PERF)


def test_a_pushgateway_shows_runs_to_prometheus_and_again_changes_nothing(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    published = [*runs.values(), OLD / "g5.16xlarge"]
    with pushgateway(tmp_path) as address:
        for _ in range(2):
            said = publish(*published, "--pushgateway", f"http://{address}", "--format", "json")
            assert said.code == 0, said.err
        assert set(said.changes.values()) == {"pushed"}
        jobs = [
            {
                "job_name": "pushed",
                "honor_labels": True,
                "scrape_interval": "1s",
                "static_configs": [{"targets": [address]}],
            }
        ]
        with prometheus({"scrape_configs": jobs}, tmp_path / "prometheus") as server:
            wait_until(lambda: server.query("yoyak_run_info"), "the runs were scraped")
            info = {
                one["metric"]["run_id"]: one["metric"] for one in server.query("yoyak_run_info")
            }
            assert set(info) == {perf_of(run).run_id for run in published}
            for run in published:
                perf = perf_of(run)
                assert info[perf.run_id]["instance_type"] == perf.host["instance_type"]
                total = f'yoyak_run_total_with_load_seconds{{run_id="{perf.run_id}"}}'
                assert server.value(total) == perf.totals.total_with_load_s
            bars = {one["metric"]["instance_type"] for one in server.query(filled_in(BARS))}
            assert bars == set(runs)


def test_a_runs_folder_is_shown_by_the_runner(runs: dict[str, Path], tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    shown.mkdir()
    command: list[str | Path] = [*runs.values(), OLD / "r5.4xlarge", "--runs-folder", shown]
    assert set(publish(*command, "--format", "json").changes.values()) == {"new"}
    assert set(publish(*command, "--format", "json").changes.values()) == {"unchanged"}
    with RunsServer("127.0.0.1", 0, runs=FinishedRuns([shown]), state=RunnerState()) as server:
        url = f"http://127.0.0.1:{server.port}/metrics"
        with urllib.request.urlopen(url) as response:
            text = response.read().decode()
    for run in (*runs.values(), OLD / "r5.4xlarge"):
        assert f'run_id="{perf_of(run).run_id}"' in text
    assert 'yoyak_run_output_chars_per_total_second{engine="ollama"' in text


def test_a_run_that_was_computed_anew_replaces_the_old_one(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    perf = perf_of(runs["r5.4xlarge"])
    old = tmp_path / perf.run_id / PERF
    old.parent.mkdir()
    old.write_text((OLD / "r5.4xlarge" / PERF).read_text())
    said = publish(runs["r5.4xlarge"], "--runs-folder", tmp_path, "--format", "json")
    assert said.changes == {f"series of {perf.run_id}": "changed"}
    assert read_perf(old) == perf


@pytest.mark.parametrize("run_id", ["../elsewhere", ".hidden", "a/b", "a\\nb", ""])
def test_a_run_id_that_leads_out_of_the_folder_is_refused(run_id: str, tmp_path: Path) -> None:
    text = (OLD / "r5.4xlarge" / PERF).read_text()
    (tmp_path / PERF).write_text(text.replace("historical-r5.4xlarge", run_id))
    shown = tmp_path / "shown"
    shown.mkdir()
    publish(tmp_path / PERF, "--runs-folder", shown).is_error(2)
    assert list(tmp_path.rglob("*")) == [tmp_path / PERF, shown]


def test_promtool_has_nothing_to_say_about_a_runs_series(runs: dict[str, Path]) -> None:
    for run in (runs["r5.4xlarge"], OLD / "g5.16xlarge"):
        said = checked(program("promtool"), "check", "metrics", given=exposition(perf_of(run)))
        assert said.strip() == ""


def test_a_run_has_a_bounded_number_of_series(runs: dict[str, Path]) -> None:
    # The most that a run can have: each gauge with its closed label sets.
    lines = exposition(perf_of(runs["r5.4xlarge"])).decode().splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    names = {line.partition("{")[0] for line in samples}
    assert names <= {gauge.metric.name for gauge in RUN_GAUGES}
    assert 40 < len(samples) <= 100


def test_nobody_answers(runs: dict[str, Path]) -> None:
    line = publish(runs["r5.4xlarge"], "--pushgateway", "http://127.0.0.1:1").is_error(3)
    assert "no Pushgateway answers under http://127.0.0.1:1" in line
    assert "Connection refused" in line


def test_a_server_that_takes_no_pushes(runs: dict[str, Path]) -> None:
    with grafana_server(GrafanaState()) as url:
        line = publish(runs["r5.4xlarge"], "--pushgateway", url).is_error(3)
    assert "(404: " in line
    assert "give a Pushgateway's address" in line


def test_a_certificate_that_nobody_vouches_for(runs: dict[str, Path], tmp_path: Path) -> None:
    context, _ = server_context(tmp_path)
    with grafana_server(GrafanaState(), context) as url:
        line = publish(runs["r5.4xlarge"], "--pushgateway", url).is_error(3)
    assert "PUSHGATEWAY_CA_FILE" in line


def test_a_pushgateway_behind_a_login_gets_it(
    runs: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hashed = bcrypt.hashpw(b"geheim", bcrypt.gensalt(4)).decode()
    command = (runs["r5.4xlarge"], "--pushgateway")
    with pushgateway(tmp_path, web={"basic_auth_users": {"me": hashed}}) as address:
        monkeypatch.setenv("PUSHGATEWAY_USER", "me")
        monkeypatch.setenv("PUSHGATEWAY_PASSWORD", "falsch")
        line = publish(*command, f"http://{address}").is_error(3)
        assert "(401: " in line
        assert "falsch" not in line
        monkeypatch.setenv("PUSHGATEWAY_PASSWORD", "geheim")
        assert publish(*command, f"http://{address}").code == 0
