"""`yoyak demo`: the whole pipeline on this machine."""

import os
import sys
from pathlib import Path

import click

from otlp_spans.settings import settings_from as traces_from
from yoyak.bench.demo import Demo, demo_stack
from yoyak.cli.interrupts import run_with_interrupts
from yoyak.cli.output import print_run
from yoyak.cli.progress import progress_on_stderr
from yoyak.config import RunConfig
from yoyak.errors import InterruptedRun, MeasuredFailure
from yoyak.models import PRESETS
from yoyak.store.run_folder import REPORT


@click.command(epilog="Example: yoyak demo --preset 1b")
@click.option(
    "--preset",
    type=click.Choice(sorted(PRESETS)),
    default="small",
    show_default=True,
    help="Shape of the synthetic model.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    default=RunConfig().cache,
    show_default=True,
    help="Folder for the dataset and the model.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=RunConfig().out,
    show_default=True,
    help="Folder that takes the run's folder.",
)
def demo(preset: str, cache: Path, out: Path) -> None:
    """Run the whole pipeline: no Docker, no Ollama, no account, no download.

    Serves a bundled synthetic news site on a loopback port, crawls it, makes a model with random
    weights, starts the summarizer on the embedded llama.cpp, benchmarks it and writes a report.
    """
    progress = progress_on_stderr()
    what = Demo(preset=preset, cache=cache.expanduser().absolute(), out=out)
    traces = traces_from(os.environ)
    with demo_stack(what, progress) as resolved:
        outcome = run_with_interrupts(
            resolved, command=("yoyak", *sys.argv[1:]), traces=traces, progress=progress
        )
    print_run(outcome.perf, "text", report=outcome.path / REPORT)
    if outcome.is_interrupted:
        raise InterruptedRun(f"stopped early; what was finished is in {outcome.path}")
    if outcome.failed:
        raise MeasuredFailure(
            f"{outcome.failed} requests failed; see {outcome.path}/requests.jsonl"
        )
