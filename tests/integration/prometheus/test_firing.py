"""An alert's way: metrics, Prometheus, the threshold that a user set, Alertmanager, a webhook."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.integration.prometheus.running import (
    ALERTMANAGER_CONFIG,
    Prometheus,
    ReplayedHost,
    alertmanager,
    get,
    prometheus,
    replayed_host,
    scrape_config,
    wait_until,
)

from yoyak.cli.main import run_command_line
from yoyak.telemetry.rules import ALERTS, rules_text
from yoyak.telemetry.thresholds import write_thresholds

Alert = dict[str, Any]


class Webhook:
    """What a person would be told: every alert that arrived, in order."""

    def __init__(self) -> None:
        self.received: list[Alert] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                received.extend(json.loads(body)["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def first(self, name: str, status: str = "firing") -> Alert | None:
        for alert in self.received:
            if alert["labels"]["alertname"] == name and alert["status"] == status:
                return alert
        return None

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass(frozen=True, slots=True)
class Watch:
    """A host, what watches it, and who is told."""

    host: ReplayedHost
    prometheus: Prometheus
    alertmanager: str
    webhook: Webhook
    thresholds: Path

    def set_thresholds(self, *settings: str) -> None:
        where = ("--file", str(self.thresholds), "--prometheus", self.prometheus.url)
        assert run_command_line(["alerts", "set", *settings, *where]) == 0

    def wait_for_alert(self, name: str, status: str = "firing") -> Alert:
        wait_until(
            lambda: self.webhook.first(name, status), f"the webhook is told that {name} is {status}"
        )
        alert = self.webhook.first(name, status)
        assert alert is not None
        return alert


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    rules, thresholds = tmp_path / "rules.yml", tmp_path / "thresholds.yml"
    # The committed rules, but for the minutes for which they hold.
    rules.write_text(rules_text(alerts=[replace(alert, hold="1s") for alert in ALERTS]))
    write_thresholds(thresholds, {})
    with ExitStack() as stack:
        webhook = Webhook()
        stack.callback(webhook.close)
        config = yaml.safe_load(ALERTMANAGER_CONFIG.read_text())
        (receiver,) = config["receivers"]
        receiver["webhook_configs"] = [{"url": webhook.url}]
        config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
        manager = stack.enter_context(alertmanager(config, tmp_path / "alertmanager"))
        host = stack.enter_context(replayed_host(instance_type="r5.4xlarge"))
        server = stack.enter_context(
            prometheus(
                scrape_config(
                    [f"127.0.0.1:{host.port}"],
                    alertmanager=manager,
                    rule_files=(rules, thresholds),
                ),
                tmp_path / "prometheus",
            )
        )
        wait_until(
            lambda: server.query("yoyak_engine_up == 1") and not server.firing(),
            "the service was scraped, and nothing is wrong with it",
        )
        yield Watch(host, server, manager, webhook, thresholds)


def test_a_threshold_that_a_user_sets_decides_what_the_webhook_receives(watch: Watch) -> None:
    watch.host.tell("queue 9")
    wait_until(lambda: watch.prometheus.value("yoyak_queue_depth") == 9, "the queue was scraped")
    assert watch.prometheus.firing() == set()

    watch.set_thresholds("queue_depth=5")
    alert = watch.wait_for_alert("YoyakQueueLong")
    assert alert["labels"]["instance_type"] == "r5.4xlarge"
    assert alert["labels"]["severity"] == "warning"
    assert alert["annotations"]["summary"].startswith("r5.4xlarge i-r5.4xlarge: ")
    assert alert["annotations"]["summary"].endswith(" requests wait for the engine")

    watch.set_thresholds("queue_depth=default")
    watch.wait_for_alert("YoyakQueueLong", "resolved")


def test_an_engine_that_is_down_is_told_and_silences_news_of_its_speed(watch: Watch) -> None:
    watch.set_thresholds("engine_down=3s", "queue_depth=5")
    watch.host.tell("engine down")
    watch.wait_for_alert("YoyakEngineDown")
    watch.host.tell("queue 9")

    def states() -> dict[str, str]:
        alerts = get(f"http://{watch.alertmanager}/api/v2/alerts")
        return {alert["labels"]["alertname"]: alert["status"]["state"] for alert in alerts}

    wait_until(lambda: states().get("YoyakQueueLong") == "suppressed", "the queue is no news")
    assert watch.webhook.first("YoyakQueueLong") is None

    watch.host.tell("engine up")
    watch.wait_for_alert("YoyakEngineDown", "resolved")


def test_a_service_that_dies_is_told(watch: Watch) -> None:
    watch.set_thresholds("scrape_missing=3s")
    watch.host.process.kill()
    alert = watch.wait_for_alert("YoyakScrapeFailing")
    assert alert["labels"]["instance"] == "i-r5.4xlarge"
