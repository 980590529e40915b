"""What the stack of a host costs: from `up` to the first scraped sample, and idle.

`make bench-stack` runs it, where docker answers and the images of others are present. The embedded
engine with the tiny model takes Ollama's place; Grafana and Tempo are left out where their
images are not there, and the table says so. Processes are read from /proc, so that it takes root.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
FILES = ("compose.yaml", "docker/compose.embedded.yaml")
ALWAYS = ("summarizer", "runner", "prometheus", "alertmanager", "node-exporter", "spans")
IF_PRESENT = {"grafana": "YOYAK_IMAGE_GRAFANA", "tempo": "YOYAK_IMAGE_TEMPO"}
COMPOSE = ("docker", "compose", "--project-name", "yoyak-bench", "--env-file", os.devnull)
ENGINE = "yoyak.engines.llamacpp_server"  # in the command of the engine's process
DEADLINE_S = 300
UP_GOAL_S, CPU_GOAL_PERCENT, MEMORY_GOAL_MB = 60, 3, 1000
PORTS = {"YOYAK_API_PORT": "18080", "YOYAK_PROMETHEUS_PORT": "19090"}
OTHER_PORTS = {"YOYAK_ALERTMANAGER_PORT": "19093", "YOYAK_GRAFANA_PORT": "13000"}
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MB = 1_000_000


def compose(*arguments: str, environment: dict[str, str]) -> str:
    """Return what `docker compose` prints."""
    files = [part for file in FILES for part in ("--file", file)]
    return subprocess.run(
        (*COMPOSE, *files, *arguments),
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def services(environment: dict[str, str]) -> tuple[str, ...]:
    """Return what can be started here."""
    told = json.loads(compose("config", "--format", "json", environment=environment))["services"]
    present = [
        name
        for name in IF_PRESENT
        if subprocess.run(
            ("docker", "image", "inspect", told[name]["image"]), capture_output=True, check=False
        ).returncode
        == 0
    ]
    return (*ALWAYS, *present)


def query(promql: str) -> list[object]:
    """Return the result vector of a query; empty while nothing answers."""
    asked = urllib.parse.urlencode({"query": promql})
    url = f"http://127.0.0.1:{PORTS['YOYAK_PROMETHEUS_PORT']}/api/v1/query?{asked}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found: list[object] = json.load(answer)["data"]["result"]
            return found
    except OSError:
        return []


def wait_for(ask: Callable[[], object], what: str) -> None:
    """Wait for a truthy answer."""
    end = time.monotonic() + DEADLINE_S
    while not ask():
        if time.monotonic() > end:
            sys.exit(f"error: waited {DEADLINE_S} s in vain for {what}")
        time.sleep(0.1)


def processes(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Yield (service, pid) of every process of the stack but the engine's."""
    for identity in compose("ps", "--quiet", environment=environment).split():
        (told,) = json.loads(
            subprocess.run(("docker", "inspect", identity), capture_output=True, check=True).stdout
        )
        service = told["Config"]["Labels"]["com.docker.compose.service"]
        todo = [int(told["State"]["Pid"])]
        while todo:
            pid = todo.pop()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
            if ENGINE in command:
                continue  # and what it started
            yield service, pid
            for task in Path(f"/proc/{pid}/task").iterdir():
                todo += [int(child) for child in (task / "children").read_text().split()]


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process, its ended children's included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS_PER_S


def pss_bytes(pid: int) -> int:
    """Return its memory, pages shared with others in parts."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def idle(environment: dict[str, str], seconds: float) -> dict[str, tuple[float, float]]:
    """Return (CPU in % of one core, memory in MB) of each service over that time."""
    before = {pid: (service, cpu_s(pid)) for service, pid in processes(environment)}
    start = time.monotonic()
    time.sleep(seconds)
    spent_s = time.monotonic() - start
    found: dict[str, tuple[float, float]] = {}
    for pid, (service, then_s) in before.items():
        if not Path(f"/proc/{pid}").exists():
            continue  # a health check's
        cpu, memory = found.get(service, (0.0, 0.0))
        found[service] = (
            cpu + 100 * (cpu_s(pid) - then_s) / spent_s,
            memory + pss_bytes(pid) / MB,
        )
    return found


@contextmanager
def stack() -> Iterator[dict[str, str]]:
    """Yield the variables of a stack that is taken away afterwards."""
    with tempfile.TemporaryDirectory() as runs:
        Path(runs).chmod(0o777)
        environment = {
            **PORTS,
            **OTHER_PORTS,
            "YOYAK_MODEL": "synthetic-tiny.gguf",
            "YOYAK_RUNS": runs,
            "YOYAK_RUN_ARTICLES": "2",
            "YOYAK_RUN_ARTICLE_CHARS": "800",
            "YOYAK_RUN_REPETITIONS": "2",
            "YOYAK_RUN_WARMUP": "1",
            "YOYAK_RUN_OUTPUT_TOKENS": "8",
        }
        try:
            yield environment
        finally:
            compose("down", "--volumes", "--timeout", "10", environment=environment)


def main() -> None:
    """Print the tables of docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle-s", type=float, default=60)
    seconds = parser.parse_args().idle_s
    with stack() as environment:
        names = services(environment)
        started = time.monotonic()
        compose("up", "--detach", "--wait", "--no-build", *names, environment=environment)
        up_s = time.monotonic() - started
        wait_for(lambda: query('yoyak_requests_total{outcome="ok"} > 0'), "a scraped sample")
        sample_s = time.monotonic() - started
        runs = Path(environment["YOYAK_RUNS"])
        # Written after `yoyak run` has ended: its CPU time, a child's, is then in what went before.
        wait_for((runs / "benchmarked.json").exists, "the end of the benchmark")
        found = idle(environment, seconds)
    load = Path("/proc/loadavg").read_text().split()[0]
    missing = [name for name in IF_PRESENT if name not in names]
    print("| what | measured | goal |\n| --- | --- | --- |")
    print(f"| `up --wait` returned | {up_s:.1f} s | - |")
    print(f"| first scraped sample of a benchmark | {sample_s:.1f} s | at most {UP_GOAL_S} s |")
    cpu, memory = (sum(values[i] for values in found.values()) for i in (0, 1))
    print(
        f"| idle over {seconds:.0f} s, CPU of one core | {cpu:.2f} % | under {CPU_GOAL_PERCENT} % |"
    )
    print(f"| idle, memory (PSS) | {memory:.0f} MB | under {MEMORY_GOAL_MB} MB |")
    print("\n| service | CPU of one core | memory (PSS) |\n| --- | --- | --- |")
    for name, (one_cpu, one_memory) in sorted(found.items()):
        print(f"| {name} | {one_cpu:.2f} % | {one_memory:.0f} MB |")
    print(
        f"\nLoad average after it: {load}.", f"Not there: {', '.join(missing)}." if missing else ""
    )


if __name__ == "__main__":
    main()
