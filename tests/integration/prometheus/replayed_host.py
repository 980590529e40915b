"""A host that replays a recorded run through the real metrics: a process to be scraped.

    python -m tests.integration.prometheus.replayed_host '{"instance_type": ..., ...}'

It prints its address as JSON, and plays the run once for each line it reads: a request a tick,
with the recorded stamps, so that what Prometheus must find is known. It ends with its stdin.
"""

import json
import os
import sys
import threading
import time
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from prometheus_client.registry import CollectorRegistry
from tests.integration.prometheus.recorded import recorded
from tests.unit.yoyak.host.replayed_nvml import ReplayedNvml

from newscrawl.metrics import CrawlMetrics
from summarizer.service_discovery import target_groups
from summarizer.settings import SdTarget
from yoyak.engines.base import Usage
from yoyak.host.cloud import CloudIdentity
from yoyak.host.facts import host_facts
from yoyak.host.gpu import Gpus
from yoyak.host.sampler import Sampler
from yoyak.records import RequestRecord
from yoyak.records.sample import HostSample
from yoyak.telemetry.exposition import Exposition
from yoyak.telemetry.finished_runs import FinishedRuns
from yoyak.telemetry.host_metrics import HostMetrics
from yoyak.telemetry.live_metrics import LiveMetrics, LiveState
from yoyak.telemetry.metrics import FinishedRequest, RequestMetrics
from yoyak.telemetry.run_gauges import RunGauges
from yoyak.units import GIB

TICK_S = 0.1
JOULES_PER_S = 241.35  # the power that the replayed board reports
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e{:04x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the parent wants of this host."""

    instance_type: str  # one of recorded.HOSTS
    nvml: str | None = None  # whose recorded answers
    runs: tuple[str, ...] = ()  # folders whose finished runs are shown


class Host:
    """The metrics of one host, and the run that moves them."""

    def __init__(self, options: Options) -> None:
        self.registry = CollectorRegistry()
        self.run = recorded(options.instance_type)
        self.is_engine_up = True
        self.queue_depth = 0
        self._in_flight = 0
        self._began_s = time.monotonic()
        self._nvml = None if options.nvml is None else ReplayedNvml(options.nvml)
        self._gpus = None if self._nvml is None else Gpus(self._nvml, sees_host_pids=True)
        if self._nvml is not None:
            for process in self._nvml.answers["nvmlDeviceGetComputeRunningProcesses 0"]:
                process["pid"] = os.getpid()
        self._sampler = Sampler(gpus=self._gpus, engine_pid=os.getpid())
        told = CloudIdentity(
            instance_type=options.instance_type,
            instance_id=f"i-{options.instance_type}",
            availability_zone="ap-northeast-2a",
        )
        self.facts = host_facts(told=told, ask_metadata=False)
        self.accelerator = None if self._gpus is None else ", ".join(self._gpus.names)
        self.requests = RequestMetrics(self.registry)
        engine = self.run.manifest.engine
        self.requests.identify(provider=engine.name, model=engine.model.name)
        HostMetrics(self.registry, self._sample, lambda: 2 * GIB)
        LiveMetrics(self.registry, self._live)

    def play(self) -> None:
        """Finish one recorded request a tick."""
        for load in self.run.loads:
            self.requests.record_load(load.load_s, load.state)
        for index, record in enumerate(self.run.requests):
            self._in_flight = 1
            time.sleep(TICK_S)
            self.requests.record(_finished(record, TRACE_ID.format(index)))
        self._in_flight = 0
        for outcome in ("queue_full", "invalid"):
            self.requests.refuse(outcome, "measured")

    def _live(self) -> LiveState:
        return LiveState(
            in_flight=self._in_flight,
            queue_depth=self.queue_depth,
            is_engine_up=self.is_engine_up,
            engine=self.run.manifest.engine,
            host=self.facts,
            spans_dropped=0,
        )

    def _sample(self) -> HostSample:
        up_s = time.monotonic() - self._began_s
        if self._nvml is not None:
            joules = JOULES_PER_S * up_s
            self._nvml.answers["nvmlDeviceGetTotalEnergyConsumption 0"] = int(joules * 1000)
        sample = self._sampler.sample(time.monotonic_ns())
        # A machine without a quota has no throttling to show; this host was held back for 1 %.
        return replace(sample, cgroup_throttled_s=0.01 * up_s)


def _finished(record: RequestRecord, trace_id: str) -> FinishedRequest:
    return FinishedRequest(
        outcome=record.error or "ok",
        phase="warmup" if record.is_warmup else "measured",
        arrived_ns=record.sent_ns,
        queue_s=0.0015,
        chunk_ns=record.chunk_ns,
        done_ns=record.done_ns,
        prompt_chars=record.prompt_chars,
        output_chars=record.output_chars,
        usage=Usage(
            prompt_tokens=record.prompt_tokens,
            cached_tokens=record.cached_tokens,
            output_tokens=record.output_tokens,
            prompt_eval_s=record.prompt_eval_s,
            decode_s=record.decode_s,
        ),
        trace_id=trace_id,
    )


def crawl_registry() -> CollectorRegistry:
    """Return a crawl in progress."""
    crawl = CrawlMetrics()
    for _ in range(38):
        crawl.kept()
    for reason in ("robots", "robots", "timeout", "too_short", "duplicate"):
        crawl.skipped(reason)
    threading.Thread(target=_crawl_forever, args=(crawl,), daemon=True).start()
    return crawl.registry


def _crawl_forever(crawl: CrawlMetrics) -> None:
    while True:
        crawl.extracted(0.015)
        crawl.fed(1.5)
        time.sleep(TICK_S)


def serve(pages: dict[str, Any]) -> int:
    """Serve what the functions in `pages` return, by path; return the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = pages.get(self.path)
            if page is None:
                self.send_error(404)
                return
            body, media_type = page(self)
            self.send_response(200)
            self.send_header("content-type", media_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


def metrics_page(registry: CollectorRegistry) -> Any:  # noqa: ANN401 - a handler of `serve`
    """Return a page for /metrics, one scrape at a time."""
    exposition = Exposition(registry)
    lock = threading.Lock()

    def page(handler: BaseHTTPRequestHandler) -> tuple[bytes, str]:
        with lock:
            return exposition.render(handler.headers.get("accept", ""))

    return page


def main() -> None:
    """Serve until stdin ends."""
    options = Options(**json.loads(sys.argv[1]))
    host = Host(options)
    runs = CollectorRegistry()
    RunGauges(runs, FinishedRuns([Path(folder) for folder in options.runs]))
    crawl_port = serve({"/metrics": metrics_page(crawl_registry())})

    def discovery(handler: BaseHTTPRequestHandler) -> tuple[bytes, str]:
        own = handler.headers["host"]
        groups = target_groups(
            [
                SdTarget(job="summarizer", address=own),
                SdTarget(job="crawler", address=f"127.0.0.1:{crawl_port}"),
            ],
            own_address=own,
            host=host.facts,
            accelerator=host.accelerator,
        )
        return json.dumps(groups).encode(), "application/json"

    port = serve({"/metrics": metrics_page(host.registry), "/sd": discovery})
    runs_port = serve({"/metrics": metrics_page(runs)})
    print(json.dumps({"port": port, "runs_port": runs_port}), flush=True)  # noqa: T201 - its answer
    for line in sys.stdin:
        command = line.strip()
        if command == "play":
            host.play()
        elif command.startswith("engine "):
            host.is_engine_up = command == "engine up"
        elif command.startswith("queue "):
            host.queue_depth = int(command.removeprefix("queue "))
        print(json.dumps({"done": command}), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
