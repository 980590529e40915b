"""How long a hub with many hosts takes for each panel of the dashboard Compare instances.

    .venv/bin/python benchmarks/hub.py [--hosts 200] [--hours 1]

A real Prometheus gets the series of simulated hosts (each with the metrics that panels and rules
read, at the 5 s of a host's scrapes) and of a finished run a host, backfilled by promtool; then
promtool evaluates our recording rules over them. Every query goes through the HTTP API as Grafana
sends it. Goal: no panel takes 1 s, and all rules take less than the 15 s between two evaluations.
Beside that: what one recorded series saves, the quantile that is dearest to work out.
Needs Debian's package prometheus, and 4 GB in the temporary folder for an hour of 200 hosts.
"""

import argparse
import json
import math
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any, TextIO

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.data_factories.benchmark_run import HostSpeed, a_run, results_of  # noqa: E402 -- after the path

from yoyak.records import Perf  # noqa: E402 -- as above
from yoyak.telemetry import names  # noqa: E402 -- as above
from yoyak.telemetry.run_gauges import RUN_GAUGES  # noqa: E402 -- as above

DASHBOARD = ROOT / "dashboards/compare.json"
RULES = ROOT / "docker/prometheus/rules/yoyak.yml"
THRESHOLDS = ROOT / "docker/prometheus/thresholds/thresholds.yml"

SCRAPE_S, RUNS_SCRAPE_S, EVALUATION_S = 5, 15, 15
BLOCK_S = 7200
LOOK_BACK_S = 15 * 60  # of the rules, before the range that is shown
POINTS = 900  # that Grafana asks for a panel of half a wide screen
TIMES = 5
MOST_S = 1.0
DEAREST_RULE = "yoyak:time_to_first_chunk_seconds:p95_of_type_rate5m"
TYPES = [
    f"{family}.{size}xlarge" for family in ("r5", "m5", "c7g", "g5") for size in (2, 4, 8, 12, 16)
]
MODEL = "mistral:7b-instruct-q4_0"
GENAI = {
    "gen_ai_operation_name": "chat",
    "gen_ai_provider_name": "ollama",
    "gen_ai_request_model": MODEL,
}


@dataclass(frozen=True, slots=True)
class Host:
    """One simulated host and how fast it is."""

    number: int

    @property
    def instance_type(self) -> str:
        """One of TYPES."""
        return TYPES[self.number % len(TYPES)]

    @property
    def has_gpu(self) -> bool:
        """Whether it is of a family with GPUs."""
        return self.instance_type.startswith("g5")

    @property
    def labels(self) -> dict[str, str]:
        """Of its targets, as a hub has them."""
        return {
            "job": "summarizer",
            "host": f"host-{self.number:03d}",
            "instance": f"i-{self.number:017x}",
            "instance_type": self.instance_type,
        }


class Writer:
    """Samples as OpenMetrics text, all of one family together."""

    def __init__(self, file: TextIO, begin_s: int, end_s: int) -> None:
        self._file = file
        self._ticks = {step: range(begin_s, end_s + 1, step) for step in (SCRAPE_S, RUNS_SCRAPE_S)}
        self._tails: dict[tuple[object, ...], list[str]] = {}  # what hosts of a type share
        self.series = self.samples = 0

    def family(self, name: str, kind: str) -> None:
        """Begin a family; a counter's name comes without _total."""
        self._file.write(f"# TYPE {name} {kind}\n")

    def grows(self, name: str, labels: dict[str, str], a_tick: float) -> None:
        """Write a counter that grows by about so much a scrape."""
        tails = self._tails.get(("grows", a_tick))
        if tails is None:
            value, chance, tails = 0.0, random.Random(str(a_tick)), []
            for at in self._ticks[SCRAPE_S]:
                value += a_tick * chance.random() * 2
                tails.append(f" {value:.3f} {at}\n")
            self._tails["grows", a_tick] = tails
        self._write(name, labels, tails)

    def stays(self, name: str, labels: dict[str, str], value: float, step: int = SCRAPE_S) -> None:
        """Write a gauge."""
        self._write(name, labels, [f" {value!r} {at}\n" for at in self._ticks[step]])

    def histogram(
        self, metric: names.Metric, labels: dict[str, str], typical: float, *, in_buckets: bool
    ) -> None:
        """Write a histogram, or its sum and count alone: an observation a scrape."""
        key = (metric.name, typical)
        bounds = (*metric.buckets, math.inf) if in_buckets else ()
        if (*key, "count") not in self._tails:
            chance = random.Random(str(key))
            seen = [typical * math.exp(chance.gauss(0, 0.3)) for _ in self._ticks[SCRAPE_S]]
            for bound in bounds:
                counts = accumulate(value <= bound for value in seen)
                self._tails[*key, bound] = self._stamped(counts)
            self._tails[*key, "sum"] = self._stamped(accumulate(seen))
            self._tails[*key, "count"] = self._stamped(range(1, len(seen) + 1))
        for bound in bounds:
            le = "+Inf" if bound == math.inf else repr(bound)
            self._write(f"{metric.name}_bucket", {**labels, "le": le}, self._tails[*key, bound])
        for series in ("sum", "count"):
            self._write(f"{metric.name}_{series}", labels, self._tails[*key, series])

    def _stamped(self, values: Iterable[float]) -> list[str]:
        pairs = zip(self._ticks[SCRAPE_S], values, strict=True)
        return [f" {value:.6g} {at}\n" for at, value in pairs]

    def _write(self, name: str, labels: dict[str, str], tails: Sequence[str]) -> None:
        of = ",".join(f'{key}="{value}"' for key, value in labels.items())
        self._file.write(f"{name}{{{of}}}".join(["", *tails]))
        self.series += 1
        self.samples += len(tails)


def write_series(writer: Writer, hosts: Sequence[Host]) -> None:
    """Write all that compare's panels and the recording rules read."""
    _write_requests(writer, hosts)
    _write_machines(writer, hosts)


def _write_requests(writer: Writer, hosts: Sequence[Host]) -> None:
    measured = {names.PHASE: "measured"}
    for metric, typical, labels_of_each, in_buckets in (
        (names.TIME_TO_FIRST_CHUNK, 2.0, [{**GENAI, **measured}], True),
        (names.OPERATION_DURATION, 20.0, [{**GENAI, names.ERROR_TYPE: "", **measured}], True),
        (names.OUTPUT_CHARS_RATE, 30.0, [measured], False),
        (names.DECODE, 18.0, [measured], False),
        (
            names.TOKEN_USAGE,
            200.0,
            [{**GENAI, names.GENAI_TOKEN_TYPE: kind, **measured} for kind in names.TOKEN_TYPES],
            False,
        ),
    ):
        writer.family(metric.name, "histogram" if in_buckets else "summary")
        for host in hosts:
            for labels in labels_of_each:
                speed = 1 + host.number % len(TYPES)
                of = {**host.labels, **labels}
                writer.histogram(metric, of, typical / speed, in_buckets=in_buckets)
    for metric, a_tick, labels_of_each in (
        (names.OUTPUT_CHARS, 200.0, [measured]),
        (names.REQUESTS, 0.2, [{names.OUTCOME: end, **measured} for end in ("ok", "timeout")]),
        (names.ENGINE_CPU, 40.0, [{}]),
        (names.HOST_CPU, 5.0, [{names.MODE: mode} for mode in names.CPU_MODES]),
    ):
        writer.family(metric.name.removesuffix("_total"), "counter")
        for host in hosts:
            for labels in labels_of_each:
                writer.grows(metric.name, {**host.labels, **labels}, a_tick)


def _write_machines(writer: Writer, hosts: Sequence[Host]) -> None:
    for gauge, value in (
        (names.IN_FLIGHT, 1.0),
        (names.QUEUE_DEPTH, 0.0),
        (names.ENGINE_UP, 1.0),
        (names.ENGINE_RSS, 5e9),
        (names.ENGINE_MEMORY_LIMIT, 16e9),
        (names.HOST_MEMORY_AVAILABLE, 60e9),
        (names.HOST_MEMORY_TOTAL, 128e9),
    ):
        writer.family(gauge.name, "gauge")
        for host in hosts:
            writer.stays(gauge.name, host.labels, value * (1 + host.number / 1000))
    writer.family("up", "gauge")
    for host in hosts:
        writer.stays("up", host.labels, 1.0)
    writer.family(names.MODEL_INFO.name, "gauge")
    for host in hosts:
        of = {
            "engine": "ollama",
            "engine_version": "0.33.0",
            "model": MODEL,
            "quantization": "Q4_0",
        }
        writer.stays(names.MODEL_INFO.name, {**host.labels, **of}, 1.0)
    writer.family(names.GPU_UTILIZATION.name, "gauge")
    for host in hosts:
        if host.has_gpu:
            writer.stays(names.GPU_UTILIZATION.name, {**host.labels, "gpu": "0"}, 0.9)


def write_runs(writer: Writer, runs: Sequence[Perf]) -> None:
    """Write the gauges of finished runs, one run a host."""
    for gauge in RUN_GAUGES:
        writer.family(gauge.metric.name, "gauge")
        for number, perf in enumerate(runs):
            own = (perf.run_id, str(perf.host["instance_type"]), perf.model.name, perf.engine.name)
            for labels, value in gauge.read(perf):
                if value is not None:
                    of = dict(zip(gauge.metric.labels, (*own, *labels), strict=True))
                    target = {
                        "job": "runs",
                        "instance": "runner:8081",
                        "host": f"host-{number:03d}",
                    }
                    writer.stays(gauge.metric.name, {**target, **of}, float(value), RUNS_SCRAPE_S)


def finished_runs(count: int) -> list[Perf]:
    """Return runs that differ in id, machine and speed as those of many hosts do."""
    speed = HostSpeed(gpus=1)
    run = a_run(speed=speed, articles=4, repetitions=3, output_tokens=8, samples_per_s=1.0)
    perf = results_of(run)
    found = []
    for number in range(count):
        rate = perf.rates.output_chars_per_s
        faster = 1 + number / count
        found.append(
            replace(
                perf,
                run_id=f"20261123T054400Z-{TYPES[number % len(TYPES)]}-{number:04x}",
                host={**perf.host, "instance_type": TYPES[number % len(TYPES)]},
                rates=replace(
                    perf.rates,
                    output_chars_per_s=replace(rate, value=(rate.value or 1.0) * faster),
                ),
            )
        )
    return found


@contextmanager
def prometheus(data: Path, config: Path) -> Iterator[str]:
    """Run a Prometheus over a folder of blocks until the block ends; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=1y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 60
        while not _is_ready(url):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("Prometheus did not become ready")
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=1):  # noqa: S310 - loopback
            return True
    except OSError:
        return False


def ask(url: str, kind: str, **parameters: str | float) -> tuple[float, list[dict[str, Any]]]:
    """Return (seconds until the whole answer was there, its series)."""
    body = urllib.parse.urlencode(parameters).encode()
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(f"{url}/api/v1/{kind}", data=body) as response:  # noqa: S310 - as above
            answer = response.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{parameters['query']}: {error.read().decode()}")
    took_s = time.perf_counter() - began
    found: list[dict[str, Any]] = json.loads(answer)["data"]["result"]
    return took_s, found


def filled_in(query: str, step_s: int) -> str:
    """Return a query as Grafana sends it with every variable at All."""
    window = f"{max(step_s + SCRAPE_S, 4 * SCRAPE_S)}s"
    query = query.replace("$__rate_interval", window)
    for variable in ("instance_type", "model", "run"):
        query = query.replace(f"${variable}", ".*")
    return query


def ask_range(url: str, query: str, end_s: int, hours: float) -> tuple[float, list[dict[str, Any]]]:
    """Ask for the points of a panel that ends at `end_s`."""
    begin_s, step_s = end_s - hours * 3600, panel_step_s(hours)
    return ask(url, "query_range", query=query, start=begin_s, end=end_s, step=step_s)


def panel_step_s(hours: float) -> int:
    """Return the seconds between two points of a panel."""
    return max(SCRAPE_S, math.ceil(hours * 3600 / POINTS))


def panel_times(url: str, end_s: int, hours: float) -> list[tuple[str, float, float, int]]:
    """Return (title, median s, longest s, series) of each panel, all its queries one by one."""
    rows = []
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        if panel["type"] == "row":
            continue
        took, series = [], 0
        for _ in range(TIMES):
            total_s, series = 0.0, 0
            for target in panel["targets"]:
                query = filled_in(target["expr"], panel_step_s(hours))
                if target.get("instant"):
                    one_s, found = ask(url, "query", query=query, time=end_s)
                else:
                    one_s, found = ask_range(url, query, end_s, hours)
                total_s += one_s
                series += len(found)
            took.append(total_s)
        rows.append((panel["title"], median(took), max(took), series))
    return rows


def all_rules() -> list[dict[str, str]]:
    """Return our recording rules and alerts."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def recorded_and_not_s(url: str, end_s: int, hours: float) -> tuple[float, float]:
    """Return the median s of a panel of DEAREST_RULE as it is recorded, and of its expression."""
    (expression,) = (rule["expr"] for rule in all_rules() if rule.get("record") == DEAREST_RULE)
    recorded_s, worked_out_s = (
        median(ask_range(url, query, end_s, hours)[0] for _ in range(TIMES))
        for query in (DEAREST_RULE, expression)
    )
    return recorded_s, worked_out_s


def rule_times(url: str, end_s: int) -> list[tuple[str, float]]:
    """Return (rule, median s) of one evaluation of each rule."""
    found = []
    for rule in all_rules():
        took = [ask(url, "query", query=rule["expr"], time=end_s)[0] for _ in range(TIMES)]
        found.append((rule.get("record") or rule["alert"], median(took)))
    return found


def backfill(text: Path, data: Path) -> None:
    """Make blocks of OpenMetrics text."""
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
    subprocess.run([*command, str(text), str(data)], check=True, stdout=subprocess.DEVNULL)


def record(url: str, data: Path, begin_s: int, end_s: int) -> None:
    """Evaluate the recording rules over a range and make blocks of what they record."""
    command = ["promtool", "tsdb", "create-blocks-from", "rules", f"--url={url}"]
    times = [f"--start={begin_s}", f"--end={end_s}", f"--eval-interval={EVALUATION_S}s"]
    files = [f"--output-dir={data}", str(RULES), str(THRESHOLDS)]
    subprocess.run(
        [*command, *times, *files], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def main() -> int:
    """Print the table; exit 1 if a panel or the rules are too slow, 3 without Prometheus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--hours", type=float, default=1.0, help="range that the panels show")
    given = parser.parse_args()
    if shutil.which("promtool") is None or shutil.which("prometheus") is None:
        print("error: prometheus is missing; apt-get install prometheus", file=sys.stderr)
        return 3
    # Within one block of Prometheus' own two hours where it fits, and never in the future.
    length_s = int(given.hours * 3600) + LOOK_BACK_S
    end_s = int(time.time()) // BLOCK_S * BLOCK_S - SCRAPE_S * 12
    begin_s = end_s - length_s
    with tempfile.TemporaryDirectory(prefix="yoyak-hub-") as folder:
        data, text, config = Path(folder, "data"), Path(folder, "series"), Path(folder, "p.yml")
        config.write_text("{}\n")
        began = time.perf_counter()
        with text.open("w") as file:
            writer = Writer(file, begin_s, end_s)
            write_series(writer, [Host(number) for number in range(given.hosts)])
            write_runs(writer, finished_runs(given.hosts))
            file.write("# EOF\n")
        backfill(text, data)
        text.unlink()
        made_s = time.perf_counter() - began
        print(
            f"{given.hosts} hosts and as many finished runs over {given.hours:g} h: "
            f"{writer.series:,} series, {writer.samples / 1e6:.1f} million samples\n"
        )
        print(f"made in {made_s:.0f} s", file=sys.stderr)
        with prometheus(data, config) as url:
            record(url, data, begin_s + 300, end_s)
        with prometheus(data, config) as url:
            panels = panel_times(url, end_s, given.hours)
            rules = rule_times(url, end_s)
            recorded_s, worked_out_s = recorded_and_not_s(url, end_s, given.hours)
    for title, middle_s, longest_s, series in sorted(panels, key=lambda row: -row[1]):
        print(f"{title:<46} {middle_s:9.3f} {longest_s:10.3f} {series:7d}", file=sys.stderr)
    for name, middle_s in sorted(rules, key=lambda row: -row[1]):
        print(f"{name:<60} {middle_s:9.3f}", file=sys.stderr)
    slowest, slowest_s, longest_s, _ = max(panels, key=lambda row: row[1])
    rules_s = sum(took_s for _, took_s in rules)
    is_slow, are_rules_slow = slowest_s >= MOST_S, rules_s >= EVALUATION_S
    print(
        f"| what | measured | goal |\n| --- | --- | --- |\n"
        f'| the slowest panel of *Compare instances*, "{slowest}" | {slowest_s:.2f} s (longest of '
        f"{TIMES}: {longest_s:.2f} s){missed(is_slow)} | under {MOST_S:g} s |\n"
        f"| all its {len(panels)} panels, one after the other | "
        f"{sum(row[1] for row in panels):.2f} s | - |\n"
        f"| all {len(rules)} rules, once | {rules_s:.2f} s{missed(are_rules_slow)} | "
        f"under the {EVALUATION_S} s between two evaluations |\n"
        f"| p95 of the first chunk by instance type, as it is recorded | {recorded_s:.2f} s | - |\n"
        f"| the same worked out from the hosts' buckets | {worked_out_s:.2f} s | - |"
    )
    empty = [title for title, _, _, series in panels if series == 0]
    if empty:
        print(f"error: no data in {', '.join(empty)}", file=sys.stderr)
    return 1 if is_slow or empty or are_rules_slow else 0


def missed(is_missed: bool) -> str:
    """Return the word for a figure that misses its goal."""
    return " (missed)" if is_missed else ""


if __name__ == "__main__":
    sys.exit(main())
