"""What the metrics cost: recording a request, and a scrape after 10,000 of them.

    .venv/bin/python benchmarks/metrics.py

Goals (`make bench-telemetry`): at most 100 us of CPU a request; a scrape at most 10 ms and under
150 KB. Needs no engine: the requests are made up with a seed, the host is the real one.
"""

import argparse
import gc
import os
import random
import sys
import time
from collections.abc import Callable
from statistics import median, quantiles

from prometheus_client.registry import CollectorRegistry

from yoyak.engines.base import Usage
from yoyak.errors import ERROR_CLASSES
from yoyak.host.facts import host_facts
from yoyak.host.sampler import Sampler
from yoyak.records import EngineFacts, ModelFacts
from yoyak.telemetry import names
from yoyak.telemetry.exposition import Exposition
from yoyak.telemetry.host_metrics import HostMetrics
from yoyak.telemetry.live_metrics import LiveMetrics, LiveState
from yoyak.telemetry.metrics import FinishedRequest, RequestMetrics
from yoyak.units import KIB, MS_PER_S, NS_PER_S, US_PER_S

CHUNKS = 200  # the default of --output-tokens
SCRAPES = 200
MODEL = "mistral-7b-instruct-q4_0"
MOST_US = 100.0
MOST_MS = 10.0
MOST_KB = 150.0
ACCEPTS = {
    "text": "text/plain;version=0.0.4",
    "OpenMetrics": "application/openmetrics-text;version=1.0.0",
}


def main() -> int:
    """Print the table; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    count = parser.parse_args().requests
    registry = CollectorRegistry()
    metrics = RequestMetrics(registry)
    metrics.identify(provider="llamacpp", model=MODEL)
    sampler = Sampler(engine_pid=os.getpid())
    HostMetrics(registry, lambda: sampler.sample(time.monotonic_ns()), lambda: None)
    live = LiveState(
        in_flight=1,
        queue_depth=0,
        is_engine_up=True,
        engine=EngineFacts(name="llamacpp", model=ModelFacts(name=MODEL)),
        host=host_facts(ask_metadata=False),
    )
    LiveMetrics(registry, lambda: live)
    draw = random.Random(1)
    requests = [made_up(draw) for _ in range(count)]
    gc.collect()
    gc.freeze()
    began = time.process_time()
    for request in requests:
        metrics.record(request)
    recorded_us = (time.process_time() - began) / count * US_PER_S
    rows = [row(f"CPU of one record ({CHUNKS} chunks)", recorded_us, "us", MOST_US)]
    exposition = Exposition(registry)
    for name, accept in ACCEPTS.items():
        for when, between in (
            ("after a request", lambda: metrics.record(requests[0])),
            ("nothing new", lambda: None),
        ):
            scrapes_ms, size_kb = scrape(exposition, accept, between)
            p95_ms = quantiles(scrapes_ms, n=20)[-1]
            rows.append(row(f"{name}, {when}, median", median(scrapes_ms), "ms", MOST_MS))
            rows.append(row(f"{name}, {when}, p95", p95_ms, "ms", MOST_MS))
        rows.append(row(f"{name}, size", size_kb, "KB", MOST_KB))
    sampler.close()
    lines = [f"| after {count:,} requests | measured | goal | |", "| --- | ---: | ---: | --- |"]
    sys.stdout.write("\n".join([*lines, *(text for text, _ in rows)]) + "\n")
    return 0 if all(is_met for _, is_met in rows) else 1


def made_up(draw: random.Random) -> FinishedRequest:
    """Return a request of plausible times; one in 50 fails, one in 10 is a warm-up."""
    first_ns = draw.randrange(NS_PER_S // 10, 20 * NS_PER_S)
    gap_ns = draw.randrange(NS_PER_S // 500, NS_PER_S // 3)
    chunks = tuple(first_ns + n * gap_ns + draw.randrange(gap_ns // 2) for n in range(CHUNKS))
    failed = draw.random() < 0.02
    return FinishedRequest(
        outcome=draw.choice(sorted(ERROR_CLASSES)[:3]) if failed else names.OK,
        phase="warmup" if draw.random() < 0.1 else "measured",
        arrived_ns=0,
        queue_s=draw.random(),
        chunk_ns=chunks,
        done_ns=chunks[-1],
        prompt_chars=1500,
        output_chars=400,
        usage=Usage(
            prompt_tokens=1650,
            cached_tokens=0,
            output_tokens=CHUNKS,
            prompt_eval_s=first_ns / NS_PER_S,
            decode_s=(chunks[-1] - first_ns) / NS_PER_S,
        ),
        trace_id=f"{draw.getrandbits(128):032x}",
    )


def scrape(
    exposition: Exposition, accept: str, between: Callable[[], None]
) -> tuple[list[float], float]:
    """Return the wall times of the scrapes in ms, and the size of one in KB (1,024 bytes)."""
    times_ms = []
    body = b""
    for _ in range(SCRAPES):
        between()
        began = time.perf_counter()
        body, _ = exposition.render(accept)
        times_ms.append((time.perf_counter() - began) * MS_PER_S)
    return times_ms, len(body) / KIB


def row(what: str, value: float, unit: str, most: float) -> tuple[str, bool]:
    """Return a table line, and whether its goal is met."""
    is_met = value <= most
    verdict = "met" if is_met else "missed"
    return f"| {what} | {value:.1f} {unit} | {most:.0f} {unit} | {verdict} |", is_met


if __name__ == "__main__":
    sys.exit(main())
