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
from collections.abc import Callable, Sequence
from statistics import median

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
TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"

Row = tuple[str, bool]  # a line of the table, and whether its goal is met


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
    one = requests[0]
    gc.collect()
    gc.freeze()
    began = time.process_time()
    for request in requests:
        metrics.record(request)
    recorded_us = (time.process_time() - began) / count * US_PER_S
    rows = [
        row(
            f"one record of {CHUNKS} chunks",
            f"{recorded_us:.0f} us of CPU",
            f"at most {MOST_US:.0f} us",
            is_met=recorded_us <= MOST_US,
        )
    ]
    exposition = Exposition(registry)
    for what, accept, between in (
        ("scrape after a request, OpenMetrics, median", OPENMETRICS, lambda: metrics.record(one)),
        ("the same, text format", TEXT, lambda: metrics.record(one)),
        ("scrape with nothing new, OpenMetrics", OPENMETRICS, lambda: None),
    ):
        scrape_ms, size_kb = scrape(exposition, accept, between)
        goal = f"at most {MOST_MS:.0f} ms"
        rows.append(row(what, f"{scrape_ms:.1f} ms", goal, is_met=scrape_ms <= MOST_MS))
    goal = f"under {MOST_KB:.0f} KB"
    rows.append(row("size of `/metrics`", f"{size_kb:.0f} KB", goal, is_met=size_kb < MOST_KB))
    sampler.close()
    sys.stdout.write(f"{count:,} requests recorded before the scrapes\n\n")
    return print_table(rows)


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


def scrape(exposition: Exposition, accept: str, between: Callable[[], None]) -> tuple[float, float]:
    """Return the median wall time of a scrape in ms, and the size of the last one in KiB."""
    times_ms = []
    body = b""
    for _ in range(SCRAPES):
        between()
        began = time.perf_counter()
        body, _ = exposition.render(accept)
        times_ms.append((time.perf_counter() - began) * MS_PER_S)
    return median(times_ms), len(body) / KIB


def row(what: str, measured: str, goal: str, *, is_met: bool = True) -> Row:
    """Return a line of the table in docs/performance.md."""
    return f"| {what} | {measured}{'' if is_met else ' (missed)'} | {goal} |", is_met


def print_table(rows: Sequence[Row]) -> int:
    """Print the table; return 1 if a goal is missed."""
    lines = ["| what | measured | goal |", "| --- | --- | --- |", *(text for text, _ in rows)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if all(is_met for _, is_met in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
