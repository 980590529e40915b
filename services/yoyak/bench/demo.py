"""The whole pipeline on one machine: newsroom, crawl, synthetic model, summarizer, benchmark."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from yoyak.bench.children import service
from yoyak.bench.eta import guess_start_s
from yoyak.bench.progress import Progress, Step
from yoyak.bench.step_times import StepTimes
from yoyak.config import ResolvedConfig, resolve
from yoyak.dataset import read_dataset
from yoyak.errors import HostError, InterruptedRun, MeasuredFailure, UsageError, YoyakError
from yoyak.host.topology import auto_threads
from yoyak.models import cached, check_ram, planned_bytes

NEWSROOM_READY_S = 30.0
SUMMARIZER_READY_S = 120.0  # includes loading the model
KEYWORD = "온새미증권"  # the firm that the newsroom writes about
ERRORS: dict[int, type[YoyakError]] = {1: MeasuredFailure, 2: UsageError, 130: InterruptedRun}


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What a demo does; the defaults end well within a minute on two cores."""

    preset: str = "small"
    articles: int = 3
    article_chars: int = 500
    repetitions: int = 5
    output_tokens: int = 40
    cache: Path
    out: Path


@contextmanager
def demo_stack(demo: Demo, progress: Progress) -> Iterator[ResolvedConfig]:
    """Crawl, make the model, start the summarizer; yield the configuration of the benchmark.

    Raises:
        YoyakError: a step failed; says which and why.
    """
    dataset = demo.cache / "demo" / "dataset"
    shutil.rmtree(dataset, ignore_errors=True)  # a crawl that is there would only be gone on with
    crawl_newsroom(dataset, progress)
    read = read_dataset(dataset)
    progress.note(f"{read.manifest.articles} articles, {read.manifest.chars:,} characters")
    model = _model(demo, progress)
    threads = auto_threads()
    options = {
        "model": str(model),
        "threads": str(threads),
        "context": "4096",
        "batch": "512",
        "concurrency": "1",
        "port": "0",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    with ExitStack() as stack:
        times = StepTimes(demo.cache)
        title = f"summarizer with its model ({demo.preset})"
        with times.step(progress, title, guess_s=guess_start_s(model.stat().st_size)):
            summarizer = stack.enter_context(
                service("summarizer", (*arguments, "--die-with-parent"), ready_s=SUMMARIZER_READY_S)
            )
        yield resolve(
            {
                "dataset": str(dataset),
                "engine": "summarizer",
                "url": summarizer["url"],
                "articles": str(demo.articles),
                "article_chars": str(demo.article_chars),
                "repetitions": str(demo.repetitions),
                "output_tokens": str(demo.output_tokens),
                "warmup": "1",
                "out": str(demo.out),
                "cache": str(demo.cache),
            },
            environ={},
        )


def crawl_newsroom(dataset: Path, progress: Progress) -> None:
    """Serve the bundled newsroom on a loopback port and crawl it with the real spider."""
    with (
        progress.step("crawl of the bundled newsroom") as step,
        service("newsroom", ("--port", "0", "--die-with-parent"), ready_s=NEWSROOM_READY_S) as site,
    ):
        _crawl(
            (
                "site",
                f"{site['url']}search?query={KEYWORD}",
                *("--query", KEYWORD, "--out", str(dataset)),
                # Explicit, for these are not the crawler's defaults: a loopback site, no delay.
                *("--allow-host", "127.0.0.1", "--delay", "0", "--concurrency", "4"),
                *("--progress", "json", "--format", "json"),
            ),
            step,
        )


def _model(demo: Demo, progress: Progress) -> Path:
    warning = check_ram(demo.preset, planned_bytes(demo.preset))
    if warning is not None:
        progress.note(warning)
    with progress.step(f"synthetic model, the shape of {demo.preset}") as step:
        return cached(demo.preset, cache_dir=demo.cache / "models", progress=step.update)


def _crawl(arguments: tuple[str, ...], step: Step) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "newscrawl", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr is not None  # noqa: S101 - PIPE was asked for above
    try:
        last = _follow(process.stderr, step)
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        process.stderr.close()
    if code != 0:
        raise ERRORS.get(code, HostError)(f"the crawl failed: {last.removeprefix('error: ')}")


def _follow(lines: IO[str], step: Step) -> str:
    """Pass progress on until the crawl ends; return the last line that was no progress."""
    last = "it said nothing"
    for line in lines:
        if line.startswith("{"):
            state = json.loads(line)
            if state.get("event") == "progress":
                step.update(state["done"], state["total"])
        elif line.strip():
            last = line.strip()
    return last
