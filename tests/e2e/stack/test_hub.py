"""Two hosts that write to a hub: three projects on one machine, told apart and compared there."""

import base64
import json
import os
import re
import shutil
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.stack.compose import (
    ANSWER_S,
    REPOSITORY,
    Stack,
    eventually,
    free_port,
    gateway,
)
from tests.e2e.stack.conftest import (
    EMBEDDED,
    TOKENS_FOR_SAMPLES,
    a_stack,
    often,
    often_scraped,
)

from yoyak.cli.main import run_command_line

pytestmark = pytest.mark.timeout(1800)

SINK = "tests/e2e/stack/otlp_sink.yaml"
ON_THE_HUB = ("prometheus", "runs", "spans", "tempo")
ON_A_HOST = ("summarizer", "runner", "prometheus", "spans", "tempo")
TYPES = {"r5.4xlarge", "m5.16xlarge"}
ARRIVAL_S = 120
OUTAGE_S = float(os.environ.get("TESTS_OUTAGE_S", "12"))  # docs/ec2.md has what ten minutes did
SCRAPE_S = 2
LEAST_QUERIES = 20  # of the dashboard's; the rest need a GPU, a price or more requests
VARIABLE = re.compile(r"\$\{?(\w+)\}?")


class Hub:
    """The hub's project, and how it is asked."""

    def __init__(self, folder: Path) -> None:
        self.runs = folder / "hub-runs"
        self.runs.mkdir()
        configuration = folder / "hub.yml"
        shutil.copy(REPOSITORY / "docker/hub/prometheus.yml", configuration)
        often(configuration)
        mounted = {"volumes": [f"{configuration}:/etc/prometheus/hub.yml:ro"]}
        often_evaluated = folder / "often-evaluated.yaml"
        often_evaluated.write_text(json.dumps({"services": {"prometheus": mounted}}))
        # Containers of other projects reach it here; it is an address of this machine only.
        self.stack = Stack(
            f"yoyak-test-hub-{free_port()}",
            files=("docker/compose.hub.yaml", SINK, often_evaluated),
            environment={
                "YOYAK_TEST_OTLP_SINK": str(REPOSITORY / "tests/e2e/stack/otlp_sink.py"),
                "YOYAK_HUB_TRACES_PORT": str(free_port()),
                "YOYAK_HUB_BIND": gateway(),
                "YOYAK_HUB_NAMES": gateway(),
                "YOYAK_HUB_PORT": str(free_port()),
                "YOYAK_HUB_RUNS": str(self.runs),
            },
        )
        self.url = f"https://{gateway()}:{self.stack.environment['YOYAK_HUB_PORT']}"
        self.traces_url = f"https://{gateway()}:{self.stack.environment['YOYAK_HUB_TRACES_PORT']}"
        self.password = folder / "hub-password"
        self.certificate = folder / "hub-ca.pem"
        self.hosts: list[Stack] = []

    def up(self) -> None:
        self.stack.compose("up", "--detach", "--wait", "--no-build", *ON_THE_HUB)
        self.stack.compose("cp", "prometheus:/keys/password", str(self.password))
        self.stack.compose("cp", "prometheus:/keys/cert.pem", str(self.certificate))

    def query(self, promql: str, at_s: float | None = None) -> list[dict[str, Any]]:
        asked = {"query": promql} | ({} if at_s is None else {"time": f"{at_s:.3f}"})
        token = base64.b64encode(f"yoyak:{self.password.read_text()}".encode()).decode()
        return self.ask(f"/api/v1/query?{urllib.parse.urlencode(asked)}", f"Basic {token}")

    def ask(self, path: str, authorization: str = "") -> list[dict[str, Any]]:
        request = urllib.request.Request(self.url + path)  # noqa: S310 - https, ours
        if authorization:
            request.add_header("Authorization", authorization)
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        with urllib.request.urlopen(request, timeout=ANSWER_S, context=trusted) as response:  # noqa: S310 - as above
            found: list[dict[str, Any]] = json.load(response)["data"]["result"]
            return found

    def types_in(self, promql: str) -> set[str]:
        return {series["metric"].get("instance_type", "") for series in self.query(promql)}


ASK_SINK = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:4318').read().decode())"
SEND_SPAN = """
import sys, urllib.request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
request = ExportTraceServiceRequest()
span = request.resource_spans.add().scope_spans.add().spans.add()
span.name, span.trace_id, span.span_id = sys.argv[1], b"t" * 16, b"s" * 8
urllib.request.urlopen(urllib.request.Request(
    "http://spans:4318/v1/traces", request.SerializeToString(),
    {"Content-Type": "application/x-protobuf"}), timeout=10)
"""


def span_names(stack: Stack) -> set[str]:
    """Return the names of the spans that a project's trace store holds."""
    said = stack.compose("exec", "-T", "tempo", "python3", "-c", ASK_SINK).stdout
    return {span["name"] for span in json.loads(said)}


def send_span(host: Stack, name: str) -> None:
    """Send a span as every program of the host does."""
    host.compose("exec", "-T", "runner", "python3", "-c", SEND_SPAN, name)


@pytest.fixture(scope="module")
def hub(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:  # noqa: ARG001 - a fixture may not be marked with another
    """A hub that two hosts write to."""
    folder = tmp_path_factory.mktemp("hub")
    hub = Hub(folder)
    hosts = hub.hosts
    try:
        hub.up()
        for name in sorted(TYPES):
            host = a_stack(
                folder / name,
                files=(*EMBEDDED, SINK, often_scraped(folder / name)),
                YOYAK_TEST_OTLP_SINK=str(REPOSITORY / "tests/e2e/stack/otlp_sink.py"),
                YOYAK_INSTANCE_TYPE=name,
                YOYAK_INSTANCE_ID=f"i-{name}",
                YOYAK_HUB=hub.url,
                YOYAK_HUB_TRACES=hub.traces_url,
                YOYAK_HUB_PASSWORD_FILE=str(hub.password),
                YOYAK_HUB_CA_FILE=str(hub.certificate),
                YOYAK_RUN_REPETITIONS="3",
                YOYAK_RUN_OUTPUT_TOKENS=TOKENS_FOR_SAMPLES,
            )
            hosts.append(host)
        each(hosts, lambda host: host.compose("up", "--detach", "--wait", "--no-build", *ON_A_HOST))
        for host in hosts:
            eventually(host.finished_runs, deadline_s=ARRIVAL_S, what="a run of each host")
        eventually(
            lambda: hub.types_in("yoyak_run_total_seconds") >= TYPES,
            deadline_s=ARRIVAL_S,
            what="both hosts' runs in the hub",
        )
        yield hub
    finally:
        each(hosts, Stack.down)  # first: they end by sending the hub what they still have
        hub.stack.down()


def each(stacks: Sequence[Stack], act: Callable[[Stack], object]) -> None:
    """Do it to all of them at once: most of the time Compose waits."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(act, stacks))


def test_both_hosts_live_series_arrive_with_their_own_type(hub: Hub) -> None:
    eventually(
        lambda: hub.types_in("yoyak_engine_up == 1") == TYPES,
        deadline_s=ARRIVAL_S,
        what="both engines",
    )
    assert {s["metric"]["host"] for s in hub.query("yoyak_engine_up")} == {f"i-{t}" for t in TYPES}


def test_every_query_of_the_compare_dashboard_that_finds_one_host_finds_both(hub: Hub) -> None:
    board = json.loads((REPOSITORY / "dashboards/compare.json").read_text())
    queries = {
        VARIABLE.sub(lambda m: "1m" if "interval" in m[1] else ".*", target["expr"])
        for panel in board["panels"]
        for target in panel.get("targets", ())
    }

    lacking: dict[str, set[str]] = {}

    def found_in_both() -> bool:
        found = {query: types for query in queries if (types := hub.types_in(query) & TYPES)}
        lacking.clear()
        lacking.update({query: types for query, types in found.items() if types != TYPES})
        return len(found) >= LEAST_QUERIES and not lacking

    try:
        eventually(found_in_both, deadline_s=ARRIVAL_S, what="both hosts in every query")
    except AssertionError:
        pytest.fail(f"one host only is in {lacking}")


def test_the_old_study_is_there_once(hub: Hub) -> None:
    found = hub.query('yoyak_run_total_with_load_seconds{instance_type="g5.16xlarge"}')
    assert len(found) == 1


def test_a_published_run_of_a_host_that_is_gone_is_shown_by_the_hub(
    hub: Hub, tmp_path: Path
) -> None:
    old = (REPOSITORY / "examples/ec2/r5.8xlarge/perf.json").read_text()
    gone = tmp_path / "perf.json"
    gone.write_text(old.replace("r5.8xlarge", "x9.gone"))
    assert run_command_line(["publish", str(gone), "--runs-folder", str(hub.runs)]) == 0
    eventually(
        lambda: "x9.gone" in hub.types_in("yoyak_run_total_with_load_seconds"),
        deadline_s=ARRIVAL_S,
        what="the published run",
    )


def test_rules_are_evaluated_by_the_hub_alone(hub: Hub) -> None:
    assert {len(hub.query(f'yoyak_alert_threshold{{name="{n}"}}')) for n in ("ttft_p95",)} == {1}


@pytest.mark.parametrize("authorization", ["", "Basic eW95YWs6d3Jvbmc="])
def test_nobody_reads_without_the_password(hub: Hub, authorization: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        hub.ask("/api/v1/query?query=up", authorization)
    refused.value.close()
    assert refused.value.code == 401


def test_spans_of_both_hosts_arrive_in_the_hub_and_stay_on_their_host(hub: Hub) -> None:
    names = {f"of {host.environment['YOYAK_INSTANCE_TYPE']}": host for host in hub.hosts}
    for name, host in names.items():
        send_span(host, name)
        assert name in span_names(host)
    eventually(lambda: span_names(hub.stack) >= set(names), deadline_s=ARRIVAL_S, what="both spans")


def test_nobody_sends_spans_without_the_password(hub: Hub) -> None:
    trusted = ssl.create_default_context(cafile=str(hub.certificate))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(  # noqa: S310 - https, ours
            f"{hub.traces_url}/v1/traces", b"", timeout=ANSWER_S, context=trusted
        )
    refused.value.close()
    assert refused.value.code == 401


def test_a_host_that_lost_the_hub_catches_up(hub: Hub) -> None:
    hub.stack.compose("stop", "prometheus", "spans")
    lost_s = time.time()
    send_span(hub.hosts[0], "of the outage")
    assert "of the outage" in span_names(hub.hosts[0])
    eventually(
        lambda: time.time() > lost_s + OUTAGE_S, deadline_s=OUTAGE_S + 60, what="the outage's end"
    )
    hub.stack.compose("start", "prometheus", "spans")
    back_s = time.time()
    # Each sample that a host took meanwhile, counted by the host itself and by the hub. A scrape
    # that began before that moment may end after it, so the host is asked again too.
    samples = f"sum by (host) (count_over_time(yoyak_engine_up[{back_s - lost_s:.0f}s]))"

    def taken() -> dict[str, float]:
        return {
            host.environment["YOYAK_INSTANCE_ID"]: float(host.query(samples, back_s)[0]["value"][1])
            for host in hub.hosts
        }

    def arrived() -> dict[str, float]:
        return {s["metric"]["host"]: float(s["value"][1]) for s in hub.query(samples, back_s)}

    assert min(taken().values()) >= OUTAGE_S / 2 / SCRAPE_S  # neither host stopped to look
    eventually(
        lambda: arrived() == taken(),
        deadline_s=ARRIVAL_S,
        what=f"the hub to have all of {taken()}",
    )
