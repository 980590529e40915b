"""Seeded simulations of what the statistics promise, and what a large comparison costs.

    .venv/bin/python benchmarks/comparisons.py [--comparisons 2000] [--seed 1]

A simulated host works through the default run: 5 repetitions of 8 articles. Standard deviations of
logarithms: articles differ by 30 %, requests by 1 %, and a repetition's value by 2 % in all. Each
repetition's value is made as analysis.rates makes it: a sum of tokens over a sum of seconds.

- A against A: how often two equal hosts are called different (at most 5 %)
- coverage: how often the 95 % interval holds the true ratio (95 % +- 1.5)
- power: how often a true difference of 5 % is found (at least 90 %), one comparison, before Holm
- five equal hosts: how often any of four is called different from the fifth, after Holm (at most
  5 %)
- A against A with failures: a tenth of the requests failed and articles are paired (at most 5 %)
- compare: seconds and peak memory for 200 runs of 1,000 requests (at most 5 s and 500 MB), files
  read and Python started included

(Named so, since a script beside a module called `statistics` would hide Python's own.)
"""

import argparse
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from yoyak.analysis.compare import compare
from yoyak.analysis.intervals import Ratio, log_ratio, ratio
from yoyak.analysis.multiplicity import ALPHA, holm
from yoyak.analysis.pairing import Observation, needs_requests, paired_logs
from yoyak.analysis.perf import build_perf
from yoyak.analysis.rates import of_values
from yoyak.records import (
    EngineFacts,
    LoadRecord,
    Manifest,
    ModelFacts,
    Option,
    Perf,
    Rate,
    RequestRecord,
    Workload,
)
from yoyak.store.codec import to_json
from yoyak.store.run_folder import PERF, read_perf
from yoyak.units import KIB, MIB, NS_PER_S, PERCENT

REPETITIONS, ARTICLES = 5, 8
ARTICLE_SD, REQUEST_SD, REPETITION_SD = 0.3, 0.01, 0.02
EFFECT = 1.05
HOSTS = 5
FAILING = 0.1
RUNS, REQUESTS, CHUNKS = 200, 1000, 200


def main() -> None:
    """Print one line a promise, with its limit and whether it is kept."""
    parser = argparse.ArgumentParser(description="What the statistics promise, simulated.")
    parser.add_argument("--comparisons", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)  # the measured child
    options = parser.parse_args()
    if options.folder is not None:
        compare_folder(options.folder)
        return
    simulate(np.random.default_rng(options.seed), options.comparisons)
    cost_of_compare(np.random.default_rng(options.seed))


def simulate(draw: np.random.Generator, n: int) -> None:
    """Run every simulation n times."""
    same = [compare_hosts(draw, 1.0) for _ in range(n)]
    tell("A against A: false alarms", alarms(same), "<= 5 %", most=5.0)
    tell("coverage of the true ratio 1", covered(same, 1.0), "95 +- 1.5 %", least=93.5, most=96.5)
    faster = [compare_hosts(draw, EFFECT) for _ in range(n)]
    tell(
        f"coverage of the true ratio {EFFECT}",
        covered(faster, EFFECT),
        "95 +- 1.5 %",
        least=93.5,
        most=96.5,
    )
    tell("a true difference of 5 % is found", alarms(faster), ">= 90 %", least=90.0)
    families = [any_alarm(draw) for _ in range(n)]
    tell("5 equal hosts: any false alarm", PERCENT * sum(families) / n, "<= 5 %", most=5.0)
    failing = [compare_failing(draw) for _ in range(n)]
    tell("a tenth failed: false alarms", alarms(failing), "<= 5 %", most=5.0)


def tell(
    name: str, percent: float, promise: str, *, least: float = -math.inf, most: float = math.inf
) -> None:
    """Print one result."""
    verdict = "kept" if least <= percent <= most else "NOT KEPT"
    print(f"{name:36} {percent:6.2f} %   {promise:12} {verdict}")


def alarms(found: Iterable[Ratio]) -> float:
    """Return the percentage of comparisons that call the hosts different."""
    called = [f.p_value is not None and f.p_value <= ALPHA for f in found]
    return PERCENT * sum(called) / len(called)


def covered(found: Sequence[Ratio], truth: float) -> float:
    """Return the percentage of intervals that hold the true ratio."""
    holding = [f.interval is not None and f.interval[0] <= truth <= f.interval[1] for f in found]
    return PERCENT * sum(holding) / len(holding)


def article_slowness(draw: np.random.Generator) -> np.ndarray:
    """Return how much slower than others each article is, on the log scale; alike on all hosts."""
    return draw.normal(0, ARTICLE_SD, ARTICLES)


def log_rates(draw: np.random.Generator, articles: np.ndarray, speed: float) -> np.ndarray:
    """Return each request's log rate, shape (REPETITIONS, ARTICLES).

    The noise of requests averages out within a repetition but for REQUEST_SD^2 / ARTICLES, so the
    noise that all its requests share is drawn with what is left to REPETITION_SD.
    """
    shared_sd = math.sqrt(REPETITION_SD**2 - REQUEST_SD**2 / ARTICLES)
    shared = draw.normal(0, shared_sd, (REPETITIONS, 1))
    single = draw.normal(0, REQUEST_SD, (REPETITIONS, ARTICLES))
    rates: np.ndarray = math.log(10 * speed) - articles + shared + single
    return rates


def repetition_values(rates: np.ndarray) -> list[float]:
    """Return the sum of tokens over the sum of seconds of each repetition, tokens being equal."""
    return [float(value) for value in rates.shape[1] / np.exp(-rates).sum(axis=1)]


def compare_hosts(draw: np.random.Generator, speed: float) -> Ratio:
    """Compare a host that is `speed` times as fast with another."""
    articles = article_slowness(draw)
    return ratio(
        repetition_values(log_rates(draw, articles, speed)),
        repetition_values(log_rates(draw, articles, 1.0)),
    )


def any_alarm(draw: np.random.Generator) -> bool:
    """Say whether any of the equal hosts is called different from the baseline, after Holm."""
    articles = article_slowness(draw)
    base, *others = (repetition_values(log_rates(draw, articles, 1.0)) for _ in range(HOSTS))
    p_values = [ratio(other, base).p_value for other in others]
    return min(holm([p for p in p_values if p is not None])) <= ALPHA


def compare_failing(draw: np.random.Generator) -> Ratio:
    """Compare two equal hosts of which a tenth of the requests failed, articles paired."""
    articles = article_slowness(draw)
    logs = paired_logs(*(_observe(draw, articles) for _ in range(2)))
    if logs is None:
        raise RuntimeError("the simulated hosts share no article")
    return log_ratio(*logs)


def _observe(draw: np.random.Generator, articles: np.ndarray) -> list[Observation]:
    rates = log_rates(draw, articles, 1.0)
    kept = draw.random(rates.shape) >= FAILING
    return [
        Observation(r, str(a), float(rates[r, a]))
        for r in range(REPETITIONS)
        for a in range(ARTICLES)
        if kept[r, a]
    ]


def cost_of_compare(draw: np.random.Generator) -> None:
    """Print what comparing RUNS runs costs, in a process of its own."""
    template = made_up_run()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for i in range(RUNS):
            (folder / str(i)).mkdir()
            perf = other_host(template, i, float(draw.uniform(0.5, 2)))
            (folder / str(i) / PERF).write_text(to_json(perf), encoding="utf-8")
        started = time.monotonic()
        child = subprocess.run(
            [sys.executable, __file__, "--folder", name], capture_output=True, text=True, check=True
        )
        wall_s = time.monotonic() - started
    own_s, peak_mib = map(float, child.stdout.split())
    verdict = "kept" if wall_s <= 5 and peak_mib <= 500 else "NOT KEPT"
    print(
        f"compare {RUNS} runs of {REQUESTS} requests: {wall_s:.2f} s with start-up, {own_s:.2f} s "
        f"of it reading and comparing, {peak_mib:.0f} MiB   <= 5 s, 500 MB   {verdict}"
    )


def compare_folder(folder: Path) -> None:
    """Compare every run of a folder and print seconds and peak MiB."""
    import resource  # only here, where it is asked

    started = time.monotonic()
    perfs = [read_perf(path) for path in sorted(folder.glob(f"*/{PERF}"))]
    if any(map(needs_requests, perfs)):
        raise RuntimeError("these runs hold the same articles throughout")
    comparison = compare(perfs)
    if len(comparison.verdicts) != RUNS - 1:
        raise RuntimeError("a run got no verdict")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB / MIB
    print(time.monotonic() - started, peak)


def other_host(perf: Perf, number: int, speed: float) -> Perf:
    """Return the run as another host of this speed had it."""

    def scaled(name: str) -> Rate:
        rate: Rate = getattr(perf.rates, name)
        values = [
            v * speed * (1 + 0.01 * math.sin(i)) for i, v in enumerate(rate.repetition_values)
        ]
        return of_values(values, rate.source or "client")

    names = perf.rates.__dataclass_fields__
    return replace(
        perf,
        run_id=f"run-{number}",
        host={
            "instance_type": f"f{number % 20}.{2 ** (number // 20)}xlarge",
            "hostname": f"h{number}",
        },
        rates=replace(perf.rates, **{name: scaled(name) for name in names}),
    )


def made_up_run() -> Perf:
    """Return the results of REQUESTS requests of CHUNKS chunks each."""
    articles = tuple(f"a{i}" for i in range(REQUESTS // REPETITIONS))
    requests = [_request(r, i, name) for r in range(REPETITIONS) for i, name in enumerate(articles)]
    loads = [
        LoadRecord(
            repetition=r,
            started_ns=0,
            done_ns=NS_PER_S,
            load_s=1.0 + 0.01 * r,
            state="page_cache",
            cached_ratio=1.0,
        )
        for r in range(REPETITIONS)
    ]
    model = ModelFacts(name="m", weights_sha256="w" * 64, quantization="Q4_0", synthetic=True)
    manifest = Manifest(
        schema_version=1,
        run_id="run",
        started_at="2026-11-23T00:00:00Z",
        origin_monotonic_ns=0,
        command=(),
        options={"threads": Option(value=2, origin="default")},
        workload=Workload(
            dataset_sha256="d" * 64,
            article_ids=articles,
            template_sha256="t" * 64,
            output_tokens=CHUNKS,
            output_length_forced=True,
            context_tokens=4096,
            batch_tokens=512,
            seed=1,
            temperature=0.0,
            concurrency=1,
            rate_per_s=None,
            arrivals="closed",
            repetitions=REPETITIONS,
            threads_rule="auto",
        ),
        host={},
        engine=EngineFacts(name="llamacpp", version="b1", cache_prompt=False, model=model),
        versions={},
        clock={},
    )
    return build_perf(manifest, requests, loads, (), finished_at=None)


def _request(repetition: int, place: int, article: str) -> RequestRecord:
    start = (repetition * 10_000 + place * 3) * NS_PER_S
    step = NS_PER_S // 100
    return RequestRecord(
        request_id=f"run-{repetition}-{place}",
        article_id=article,
        repetition=repetition,
        is_warmup=False,
        scheduled_ns=start,
        sent_ns=start,
        chunk_ns=tuple(start + (50 + i) * step for i in range(CHUNKS)),
        done_ns=start + (50 + CHUNKS) * step,
        article_chars=1000,
        prompt_chars=1100,
        output_chars=300,
        prompt_tokens=1200,
        cached_tokens=0,
        output_tokens=CHUNKS,
        engine_load_s=None,
        prompt_eval_s=0.49,
        decode_s=(CHUNKS - 1) / 100 * (1 + 0.01 * math.sin(repetition)),
        engine_total_s=None,
        finish_reason="length",
        http_status=200,
        error=None,
    )


if __name__ == "__main__":
    main()
