"""Prometheus, Alertmanager and replayed hosts as processes on loopback ports."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "docker/prometheus/prometheus.yml"
HUB_CONFIG = ROOT / "docker/hub/prometheus.yml"
RULES = ROOT / "docker/prometheus/rules/yoyak.yml"
THRESHOLDS = ROOT / "docker/prometheus/thresholds/thresholds.yml"
ALERTMANAGER_CONFIG = ROOT / "docker/alertmanager/alertmanager.yml"

READY_S = 30.0
SETTLE_S = 2.0  # more than a scrape, its timeout and an evaluation of the rules take
_STOP_S = 10.0


def program(*names: str) -> str:
    """Return a program's path; skip the test where this machine lacks it.

    Debian's names differ from upstream's: `prometheus-alertmanager` is `alertmanager`.
    """
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    packages = "prometheus prometheus-alertmanager prometheus-pushgateway"
    why = f"{names[0]} is not installed: apt-get install {packages}"
    if os.environ.get("TESTS_REQUIRE_PROMETHEUS") == "1":
        pytest.fail(why)
    pytest.skip(why)


def wait_until(
    holds: Callable[[], object],
    what: str,
    within_s: float = READY_S,
    alive: "subprocess.Popen[Any] | None" = None,
) -> None:
    """Wait for a condition, and fail by its name, or as soon as a process that it needs ends."""
    deadline = time.monotonic() + within_s
    while not holds():
        if alive is not None and alive.poll() is not None:
            pytest.fail(f"ended with {alive.returncode} before: {what}")
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s:g} s: {what}")
        time.sleep(0.05)


def free_port() -> int:
    """Return a port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(url: str, **parameters: str | float) -> Any:  # noqa: ANN401 - JSON is any of its types
    """Return the JSON answer to a GET."""
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    with urllib.request.urlopen(url + query, timeout=READY_S) as response:  # noqa: S310 - loopback
        return json.load(response)


def is_listening(port: int) -> bool:
    """Return whether somebody takes connections on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    """Return whether an address answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - loopback
            return True
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus."""

    url: str
    process: "subprocess.Popen[bytes]"

    def query(self, promql: str, at_s: float | None = None) -> list[dict[str, Any]]:
        """Return the instant vector; an error of the query fails the test with its text."""
        moment = {} if at_s is None else {"time": at_s}
        return self._result("query", query=promql, **moment)

    def query_range(self, promql: str, end_s: float, over_s: float) -> list[dict[str, Any]]:
        """Return the range vector in 15 steps."""
        return self._result(
            "query_range", query=promql, start=end_s - over_s, end=end_s, step=over_s / 15
        )

    def exemplars(self, promql: str, end_s: float, over_s: float) -> list[dict[str, Any]]:
        """Return the exemplars of the series in a query."""
        found: list[dict[str, Any]] = get(
            f"{self.url}/api/v1/query_exemplars", query=promql, start=end_s - over_s, end=end_s
        )["data"]
        return found

    def value(self, promql: str, at_s: float | None = None) -> float | None:
        """Return the value of the one series of a query, or None if there is none."""
        found = self.query(promql, at_s)
        assert len(found) <= 1, f"{promql}: {len(found)} series"
        return float(found[0]["value"][1]) if found else None

    def label_values(self, selector: str, label: str) -> list[str]:
        """Return the values of a label among the series of a selector."""
        values: list[str] = get(f"{self.url}/api/v1/label/{label}/values", **{"match[]": selector})[
            "data"
        ]
        return values

    def settled_s(self, after_s: float) -> float:
        """Wait for a moment at which all that was scraped and recorded is newer than `after_s`.

        Returns:
            Its Unix time, SETTLE_S ago. A scrape carries the time of its beginning; one that a busy
            machine breaks off ends each of its series then, after somebody looked at that moment.
        """
        moment_s = 0.0

        def is_settled() -> bool:
            nonlocal moment_s
            moment_s = time.time() - SETTLE_S
            are_up = f"min(min_over_time(up[3s])) and min(timestamp(up)) > {after_s}"
            recorded_s = self.value("min(timestamp(yoyak:errors:ratio_rate5m))", moment_s)
            return self.value(are_up, moment_s) == 1 and (recorded_s or 0) > after_s + 1

        wait_until(is_settled, "every target was scraped, and the rules were evaluated after that")
        return moment_s

    def firing(self) -> set[str]:
        """Return the names of the alerts that fire."""
        alerts = get(f"{self.url}/api/v1/alerts")["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def _result(self, kind: str, **parameters: str | float) -> list[dict[str, Any]]:
        try:
            data = get(f"{self.url}/api/v1/{kind}", **parameters)["data"]
        except urllib.error.HTTPError as error:
            pytest.fail(f"{parameters['query']}: {json.load(error)['error']}")
        result: list[dict[str, Any]] = data["result"]
        return result


@contextmanager
def prometheus(
    config: Mapping[str, Any], folder: Path, *, can_reload: bool = True
) -> Iterator[Prometheus]:
    """Run Prometheus with a configuration until the block ends."""
    binary = program("prometheus")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(dict(config)))
    port = free_port()
    command = [
        binary,
        f"--config.file={path}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--{'' if can_reload else 'no-'}web.enable-lifecycle",
        "--enable-feature=exemplar-storage",
        # For 5 s after a reload it knows no Alertmanager, and it repeats itself once a minute.
        "--rules.alert.resend-delay=1s",
        "--log.level=warn",
    ]
    with _running(command, folder / "prometheus.log") as process:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/-/ready"), "Prometheus is ready", alive=process)
        yield Prometheus(url, process)


@contextmanager
def alertmanager(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Run Alertmanager with a configuration until the block ends; yield its host:port."""
    binary = program("alertmanager", "prometheus-alertmanager")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(dict(config)))
    address = f"127.0.0.1:{free_port()}"
    command = [
        binary,
        f"--config.file={path}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    with _running(command, folder / "alertmanager.log") as process:
        wait_until(
            lambda: answers(f"http://{address}/-/ready"), "Alertmanager is ready", alive=process
        )
        yield address


@contextmanager
def pushgateway(folder: Path, web: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Run a Pushgateway, with a web configuration if given, until the block ends.

    Yields:
        Its host:port.
    """
    binary = program("pushgateway", "prometheus-pushgateway")
    port = free_port()
    command = [binary, f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    if web is not None:
        path = folder / "web.yml"
        path.write_text(yaml.safe_dump(dict(web)))
        command.append(f"--web.config.file={path}")
    with _running(command, folder / "pushgateway.log") as process:
        wait_until(lambda: is_listening(port), "Pushgateway listens", alive=process)
        yield f"127.0.0.1:{port}"


@dataclass(frozen=True, slots=True)
class ReplayedHost:
    """A running `replayed_host` process."""

    instance_type: str
    port: int
    runs_port: int
    process: "subprocess.Popen[str]"

    def tell(self, command: str) -> None:
        """Send a command and wait until it is done."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        assert json.loads(self.process.stdout.readline())["done"] == command


@contextmanager
def replayed_host(**options: object) -> Iterator[ReplayedHost]:
    """Run a host that replays a run, until the block ends."""
    command = [
        sys.executable,
        "-m",
        "tests.integration.prometheus.replayed_host",
        json.dumps(options),
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline() or pytest.fail("the replayed host ended"))
        yield ReplayedHost(str(options["instance_type"]), **ports, process=process)
    finally:
        _stop(process)


def scrape_config(
    hosts: Sequence[str],
    *,
    runs: str | None = None,
    alertmanager: str | None = None,
    rule_files: Sequence[Path] = (RULES, THRESHOLDS),
) -> dict[str, Any]:
    """Return the committed configuration with these addresses, and a second for an interval.

    Args:
        hosts: host:port of services that answer /sd.
        runs: host:port of what serves the finished runs.
        alertmanager: host:port.
        rule_files: instead of the committed ones.
    """
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    config["global"] = {
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
        "evaluation_interval": "1s",
    }
    config["rule_files"] = [str(path) for path in rule_files]
    config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = (
        [] if alertmanager is None else [alertmanager]
    )
    for job in config["scrape_configs"]:
        if "http_sd_configs" in job:
            job["http_sd_configs"] = [
                {"url": f"http://{host}/sd", "refresh_interval": "1s"} for host in hosts
            ]
        else:
            job["static_configs"][0]["targets"] = [] if runs is None else [runs]
            job["scrape_interval"] = job["scrape_timeout"] = "1s"
    return config


@contextmanager
def _running(command: Sequence[str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[Any]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
