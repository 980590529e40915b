"""What telemetry costs: CPU of a request's metrics and spans, and what a client notices of it.

    .venv/bin/python benchmarks/traces.py [--rounds N]

Goals (`make bench-telemetry`): at most 100 us of CPU a request for metrics and spans, in batches as
a service under load fills them; with spans and without, requests differ by less than the noise
between two services without; 10 scrapes/s change a request's latency by less than 1 %; a scrape
over HTTP takes at most 10 ms; the number of series stays the same from 100 to 100,000 requests.
The engine is `ollama_replay`: it does the same work at the same time whoever asks.
"""

import argparse
import asyncio
import gc
import http.client
import http.server
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from statistics import mean, median, stdev
from urllib.parse import urlsplit

import uvloop
from metrics import CHUNKS, Row, made_up, print_table, row
from prometheus_client.registry import CollectorRegistry

from ollama_replay import Model, Script, Timeline, running
from otlp_spans.sender import SpanSender
from otlp_spans.settings import settings_from
from otlp_spans.span import Span, TraceContext, new_span_id, new_trace_id
from yoyak import prompts
from yoyak.bench.children import service
from yoyak.engines.base import Engine, GenerationOptions, GenerationRequest
from yoyak.engines.summarizer import SummarizerService
from yoyak.host.facts import host_facts
from yoyak.load.measure import Slot, measure
from yoyak.telemetry import names
from yoyak.telemetry.exposition import Exposition
from yoyak.telemetry.metrics import FinishedRequest, RequestMetrics
from yoyak.telemetry.spans import (
    EngineIdentity,
    ServedRequest,
    Trail,
    resource_attributes,
    service_spans,
)
from yoyak.units import MS_PER_S, NS_PER_S, US_PER_S

MODEL = "replay:latest"
TOKENS = 64
TIMELINE = Timeline(
    first_chunk_s=0.02, warm_load_s=0.002, overhead_s=0.001, gap_s=0.002, unasked_tokens=TOKENS
)
MOST_US = 100.0
MOST_SCRAPE_MS = 10.0
MOST_CHANGE_PERCENT = 1.0
SCRAPES_PER_S = 10
LONELY_BATCHES = 300
BLOCK = 20  # requests between switching the scrapes on and off
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0"}
IDENTITY = EngineIdentity(provider="ollama", model=MODEL, address="127.0.0.1", port=11434)
OPTIONS = GenerationOptions(output_tokens=TOKENS, seed=1, temperature=0.0)
ARTICLE = "가온물산이 월요일 새 물류 창고를 열었다. 회사는 배송이 하루 빨라진다고 밝혔다. " * 20


def main() -> int:
    """Print the table; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000, help="whose CPU is counted")
    parser.add_argument("--rounds", type=int, default=200, help="of three requests each")
    parser.add_argument("--be", choices=("sink", "scraper"), help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.be == "sink":
        return be_sink()
    if given.be == "scraper":
        return be_scraper(given.url)
    rows = [*cardinality(), *cpu_of_requests(given.requests)]
    rows += uvloop.run(latencies(given.rounds))
    return print_table(rows)


def cardinality() -> Iterator[Row]:
    """Count the series after 100 requests and after 100,000."""
    registry = CollectorRegistry()
    metrics = RequestMetrics(registry)
    metrics.identify(provider="ollama", model=MODEL)
    exposition = Exposition(registry)
    draw = random.Random(1)
    requests = [made_up(draw) for _ in range(1_000)]
    # Every kind of request is among the first hundred; what follows differs in ids and times only.
    for outcome in names.OUTCOMES:
        for phase in names.PHASES:
            metrics.record(replace(requests[0], outcome=outcome, phase=phase))
    counts = []
    for count in (50, 100_000):
        for number in range(count):
            metrics.record(requests[number % len(requests)])
        counts.append(len(exposition.render("")[0].splitlines()))
    yield row(
        "lines of `/metrics` after 100 and after 100,000 requests",
        f"{counts[0]:,} and {counts[1]:,}",
        "the same",
        is_met=counts[0] == counts[1],
    )


def cpu_of_requests(count: int) -> Iterator[Row]:
    """Measure this process's CPU for metrics and spans, sent over HTTP to another process."""
    draw = random.Random(1)
    finished = [made_up(draw) for _ in range(min(count, 1_000))]
    with child("sink") as url:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = url
        settings = settings_from(os.environ)
        if settings is None:
            raise RuntimeError("an endpoint was set")
        from otlp_spans.exporter import open_exporter  # imports the SDK

        exporter = open_exporter(
            settings,
            resource=resource_attributes("benchmark", host_facts(ask_metadata=False)),
            scope=names.SCOPE,
            version="0",
            schema_url=names.SCHEMA_URL,
        )
        name = f"CPU of a request of {CHUNKS} chunks"
        for label, is_traced in (
            (f"{name}, metrics alone", False),
            (f"{name}, metrics and spans, encoded and sent over HTTP", True),
        ):
            metrics = RequestMetrics(CollectorRegistry())
            metrics.identify(provider="ollama", model=MODEL)
            sender = SpanSender(
                exporter.export,
                where=url,
                warn=sys.stderr.write,
                queue_most=2 * count + 1,
                wait_s=1.0,
            )
            gc.collect()
            began = time.process_time()
            for number in range(count):
                one = finished[number % len(finished)]
                metrics.record(one)
                if is_traced:
                    sender.add(spans_of(one))
            sender.close(600.0)
            us = (time.process_time() - began) / count * US_PER_S
            yield row(label, f"{us:.0f} us", f"at most {MOST_US:.0f} us", is_met=us <= MOST_US)
            if sender.dropped:
                raise RuntimeError(f"{sender.dropped} spans were dropped")
        began = time.process_time()
        for number in range(LONELY_BATCHES):
            failure = exporter.export(spans_of(finished[number % len(finished)]))
            if failure is not None:
                raise RuntimeError(failure)
        ms = (time.process_time() - began) / LONELY_BATCHES * MS_PER_S
        yield row("CPU of a batch with the spans of one request", f"{ms:.1f} ms", "-")
        exporter.close()
    del os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"]


def spans_of(finished: FinishedRequest) -> list[Span]:
    """Return what a service builds of a request, in a trace of its own."""
    trace_id = new_trace_id()
    trail = Trail(
        server=TraceContext(trace_id, new_span_id()),
        chat=TraceContext(trace_id, new_span_id()),
        parent_span_id=None,
    )
    served = ServedRequest(
        finished=finished,
        trail=trail,
        request_id="r",
        article_id="a",
        status=200,
        engine=IDENTITY,
        options=OPTIONS,
        is_streaming=True,
        asked_ns=finished.arrived_ns,
        answered_ns=finished.done_ns,
    )
    return service_spans(served, offset_ns=time.time_ns() - time.monotonic_ns())


async def latencies(rounds: int) -> list[Row]:
    """Compare three services on one engine, and one of them with scrapes and without."""
    rows: list[Row] = []
    with ExitStack() as stack:
        engine = stack.enter_context(
            running(Script(timeline=TIMELINE, models=(Model(name=MODEL),), parallel=8))
        )
        sink = stack.enter_context(child("sink"))
        arguments = ("--port", "0", "--engine", "ollama", "--engine-url", engine.url)
        urls = []
        for endpoint in (None, None, sink):
            if endpoint is not None:
                os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
            started = service("summarizer", (*arguments, "--model", MODEL), ready_s=60)
            urls.append(stack.enter_context(started)["url"])
        os.environ.pop("OTEL_EXPORTER_OTLP_ENDPOINT")
        clients = [SummarizerService(url, timeout_s=60, change_timeout_s=60) for url in urls]
        for client in clients:
            await client.describe()
        plain, other, traced = await rounds_of(clients, rounds)
        for what, index in (("first chunk", 0), ("whole request", 1)):
            noise_ms = stdev(b[index] - a[index] for a, b in zip(plain, other, strict=True))
            change_ms = median(b[index] - a[index] for a, b in zip(plain, traced, strict=True))
            same_ms = median(b[index] - a[index] for a, b in zip(plain, other, strict=True))
            sys.stderr.write(f"{what}: two services without differ by {same_ms:.2f} ms\n")
            rows.append(
                row(
                    f"{what}, with spans less without, median of {rounds} pairs",
                    f"{change_ms:.2f} ms",
                    f"the noise, {noise_ms:.1f} ms",
                    is_met=abs(change_ms) <= noise_ms,
                )
            )
        rows.append(await with_scrapes(clients[2], urls[2], max(4, rounds // BLOCK)))
        rows.append(await scrape_after_requests(clients[2], urls[2]))
        for client in clients:
            await client.close()
    return rows


async def rounds_of(
    clients: list[SummarizerService], rounds: int
) -> tuple[list[tuple[float, float]], ...]:
    """Return for each service (first chunk, whole request) in ms, asked in turning order."""
    found: tuple[list[tuple[float, float]], ...] = tuple([] for _ in clients)
    for number in range(rounds + 5):
        order = [(number + step) % len(clients) for step in range(len(clients))]
        for index in order:
            times = await ask(clients[index])
            if number >= 5:  # the first ones warm caches
                found[index].append(times)
    return found


async def with_scrapes(client: SummarizerService, url: str, blocks: int) -> Row:
    """Compare blocks of requests with 10 scrapes/s and without, in turns."""
    changes = []
    for _ in range(blocks):
        means = []
        for is_scraped in (False, True):
            with ExitStack() as stack:
                if is_scraped:
                    stack.enter_context(child("scraper", url))
                means.append(mean([(await ask(client))[1] for _ in range(BLOCK)]))
        changes.append(100 * math.log(means[1] / means[0]))
    spread = 2 * stdev(changes) / math.sqrt(len(changes))
    return row(
        f"{SCRAPES_PER_S} scrapes/s change a request's latency by",
        f"{mean(changes):.1f} +- {spread:.1f} %",
        f"under {MOST_CHANGE_PERCENT:.0f} %",
        is_met=mean(changes) < MOST_CHANGE_PERCENT,
    )


async def scrape_after_requests(client: SummarizerService, url: str) -> Row:
    """Measure a scrape over HTTP, each right after a request that changed the series."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    times_ms = []
    for _ in range(30):
        await ask(client)
        began = time.perf_counter()
        await asyncio.to_thread(scrape, connection)
        times_ms.append((time.perf_counter() - began) * MS_PER_S)
    connection.close()
    return row(
        "scrape over HTTP after a request, median",
        f"{median(times_ms):.1f} ms",
        f"at most {MOST_SCRAPE_MS:.0f} ms",
        is_met=median(times_ms) <= MOST_SCRAPE_MS,
    )


def scrape(connection: http.client.HTTPConnection) -> None:
    """Read /metrics once."""
    connection.request("GET", "/metrics", headers=OPENMETRICS)
    connection.getresponse().read()


async def ask(engine: Engine) -> tuple[float, float]:
    """Return the ms until the first chunk, and until the end, of one request."""
    nonce = f"{random.getrandbits(50) % 10**16:016d}"
    request = GenerationRequest(
        request_id="benchmark",
        article_id="a",
        title="제목",
        text=ARTICLE,
        nonce=nonce,
        prompt=prompts.build_prompt(nonce=nonce, title="제목", text=ARTICLE),
        options=OPTIONS,
        traceparent=TraceContext(new_trace_id(), new_span_id()).traceparent,
    )
    record = await measure(engine, request, Slot(repetition=0, is_warmup=False), origin_ns=0)
    if record.error is not None:
        raise RuntimeError(record.error_message)
    return (
        (record.chunk_ns[0] - record.sent_ns) / NS_PER_S * MS_PER_S,
        (record.done_ns - record.sent_ns) / NS_PER_S * MS_PER_S,
    )


@contextmanager
def child(what: str, url: str = "") -> Iterator[str]:
    """Run this program as a sink or a scraper until the context ends; yield what it prints."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--be", what, "--url", url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdout is None:
        raise RuntimeError("a pipe was asked for")
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def be_sink() -> int:
    """Take whatever is posted."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Read and answer."""
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
    return 0


def be_scraper(url: str) -> int:
    """Scrape at a steady rate."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    scrape(connection)
    sys.stdout.write("scraping\n")
    sys.stdout.flush()
    due_s = time.monotonic()
    while True:
        scrape(connection)
        due_s += 1 / SCRAPES_PER_S
        time.sleep(max(0.0, due_s - time.monotonic()))


if __name__ == "__main__":
    sys.exit(main())
