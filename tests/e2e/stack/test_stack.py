"""A host's stack: up, healthy, hardened, and benchmarked once."""

import json
import time
import urllib.request
from pathlib import Path

import jsonschema
import pytest
from tests.e2e.stack.compose import ANSWER_S, REPOSITORY, Stack, eventually, get_json
from tests.e2e.stack.conftest import SERVICES

pytestmark = pytest.mark.timeout(900)  # images are built in it

BENCHMARK_S = 120
SCRAPE_S = 30
MB = 1_000_000


def a_finished_run(stack: Stack) -> Path:
    return eventually(stack.finished_runs, deadline_s=BENCHMARK_S, what="a finished run")[0]


def runner_says(stack: Stack, line: str) -> None:
    eventually(
        lambda: line in stack.compose("logs", "--no-log-prefix", "runner").stdout,
        deadline_s=SCRAPE_S,
        what=f'the runner to say "{line}"',
    )


def test_every_service_is_healthy_and_every_one_shot_ended_well(stack: Stack) -> None:
    states = {name: container["State"] for name, container in stack.containers().items()}
    assert {name: states[name]["Health"]["Status"] for name in SERVICES} == dict.fromkeys(
        SERVICES, "healthy"
    )
    assert {name: states[name]["ExitCode"] for name in ("folders", "model")} == {
        "folders": 0,
        "model": 0,
    }


def test_ports_are_published_on_loopback_only(stack: Stack) -> None:
    published = [
        address["HostIp"]
        for container in stack.containers().values()
        for addresses in (container["HostConfig"]["PortBindings"] or {}).values()
        for address in addresses
    ]
    assert published == ["127.0.0.1"] * 3


def test_no_service_can_write_to_its_image_or_gain_rights(stack: Stack) -> None:
    for name, container in stack.containers().items():
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert not host["Privileged"], name


def test_only_the_one_that_gives_folders_away_is_root(stack: Stack) -> None:
    users = {name: container["Config"]["User"] for name, container in stack.containers().items()}
    roots = [name for name, user in users.items() if user.split(":")[0] in ("", "0", "root")]
    assert roots == ["folders"]
    assert stack.containers()["folders"]["HostConfig"]["CapAdd"] in (["CHOWN"], ["CAP_CHOWN"])


@pytest.mark.parametrize("image", ["summarizer", "runner", "crawler", "gate"])
def test_our_images_are_small_and_say_what_they_are(stack: Stack, image: str) -> None:
    (told,) = json.loads(stack.docker("image", "inspect", f"yoyak/{image}:dev"))
    assert told["Size"] <= 350 * MB
    assert told["Config"]["User"] == "1000:1000"
    labels = told["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == f"yoyak {image}"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_an_article_is_summarized(stack: Stack) -> None:
    a_finished_run(stack)  # until then the model is unloaded and loaded in between
    answer = get_json(
        f"{stack.api}/v1/summaries",
        {
            "article": {"id": "1", "title": "온새미증권", "text": "온새미증권이 새 지점을 열었다."},
            "options": {"output_tokens": 4},
        },
    )
    assert answer["summary"]
    assert answer["engine"]["output_tokens"] == 4


def test_a_run_is_benchmarked_into_the_runs_folder(stack: Stack) -> None:
    run = a_finished_run(stack)
    perf = json.loads((run / "perf.json").read_text())
    schema = json.loads((REPOSITORY / "docs/schema/perf.schema.json").read_text())
    jsonschema.validate(perf, schema)
    assert perf["totals"]["requests"] == 4
    assert perf["totals"]["failed"] == 0
    assert perf["host"]["instance_type"] == "test.large"
    assert (run / "report.html").is_file()


def test_the_runner_sees_the_engine_in_the_other_container(stack: Stack) -> None:
    run = a_finished_run(stack)
    resources = json.loads((run / "perf.json").read_text())["resources"]
    assert resources["engine_rss_peak_bytes"] > 10 * MB
    assert resources["engine_pss_bytes"] > 10 * MB
    assert resources["engine_cpu_percent"] > 0


@pytest.mark.parametrize("job", ["summarizer", "node", "runs"])
def test_prometheus_scrapes_every_target_of_the_host(stack: Stack, job: str) -> None:
    found = eventually(
        lambda: stack.query(f'up{{job="{job}"}} == 1'), deadline_s=SCRAPE_S, what=f"job {job}"
    )
    if job != "runs":
        assert [series["metric"]["instance_type"] for series in found] == ["test.large"]


def test_prometheus_knows_the_alertmanager(stack: Stack) -> None:
    def known() -> list[object]:
        answer = get_json(f"{stack.prometheus}/api/v1/alertmanagers")
        found: list[object] = answer["data"]["activeAlertmanagers"]
        return found

    assert len(eventually(known, deadline_s=SCRAPE_S, what="Alertmanager")) == 1


def test_prometheus_has_the_rules_and_their_thresholds(stack: Stack) -> None:
    groups = get_json(f"{stack.prometheus}/api/v1/rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {"recording", "alerting"} <= {rule["type"] for rule in rules}
    assert [rule["name"] for rule in rules if rule["health"] == "err"] == []


def test_what_was_benchmarked_is_in_prometheus(stack: Stack) -> None:
    run = a_finished_run(stack)
    found = eventually(
        lambda: stack.query(f'yoyak_run_total_seconds{{run_id="{run.name}"}}'),
        deadline_s=SCRAPE_S,
        what="the finished run",
    )
    assert found[0]["metric"]["instance_type"] == "test.large"
    assert stack.query('yoyak_requests_total{phase="measured",outcome="ok"}')


def test_the_old_study_can_be_compared_with(stack: Stack) -> None:
    found = eventually(
        lambda: stack.query('yoyak_run_total_with_load_seconds{instance_type="g5.16xlarge"}'),
        deadline_s=SCRAPE_S,
        what="the old study's runs",
    )
    assert found[0]["value"][1] == "41.351"


def test_a_configuration_is_benchmarked_once_and_again_when_asked_for(stack: Stack) -> None:
    first = a_finished_run(stack)
    runner_says(stack, f"benchmarked: {first.name}")
    stack.compose(
        "up", "--detach", "--wait", "--no-build", "--force-recreate", "--no-deps", "runner"
    )
    runner_says(stack, f"this configuration is benchmarked: {first.name}")
    assert stack.finished_runs() == [first]

    stack.compose(
        "up", "--detach", "--wait", "--no-build", "--no-deps", "runner", also={"YOYAK_RERUN": "1"}
    )
    eventually(lambda: len(stack.finished_runs()) > 1, deadline_s=BENCHMARK_S, what="a second run")
    assert len(stack.finished_runs()) == 2


def test_prometheus_told_to_quit_is_started_again_keeps_what_it_had_and_goes_on(
    stack: Stack,
) -> None:
    a_finished_run(stack)
    scrapes = "count_over_time(yoyak_engine_up[1h])"
    before = float(
        eventually(lambda: stack.query(scrapes), deadline_s=SCRAPE_S, what="a scrape")[0]["value"][
            1
        ]
    )
    # As anybody on the host can (docs/ec2.md); the engine of containers starts it again.
    urllib.request.urlopen(f"{stack.prometheus}/-/quit", b"", timeout=ANSWER_S).close()  # noqa: S310 - loopback
    eventually(
        lambda: [s for s in stack.query(scrapes) if float(s["value"][1]) > before],
        deadline_s=SCRAPE_S,
        what="more scrapes than before",
    )


def test_down_and_up_again_keeps_model_metrics_and_runs(stack: Stack) -> None:
    runs = stack.finished_runs()
    eventually(
        lambda: stack.query('yoyak_requests_total{outcome="ok"}'),
        deadline_s=SCRAPE_S,
        what="a scrape",
    )
    seen_s = time.time()
    stack.compose("down", "--timeout", "10")
    stack.compose("up", "--detach", "--wait", "--no-build", *SERVICES)
    assert "making" not in stack.compose("logs", "model").stdout
    assert stack.query(f"count_over_time(yoyak_requests_total[30s] @ {seen_s:.3f})")
    runner_says(stack, "this configuration is benchmarked")
    assert stack.finished_runs() == runs
