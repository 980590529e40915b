"""`yoyak run`: benchmark an engine on a dataset."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from otlp_spans.settings import settings_from as traces_from
from yoyak.cli.interrupts import run_with_interrupts
from yoyak.cli.output import OUTPUT_FORMATS, print_run
from yoyak.config import PARSERS, RunConfig, resolve
from yoyak.errors import InterruptedRun, MeasuredFailure
from yoyak.store.run_folder import REPORT

F = TypeVar("F", bound=Callable[..., Any])
_DEFAULTS = RunConfig()

OPTION_HELP = {
    "dataset": "Folder of articles, as `yoyak crawl` writes it.",
    "articles": "How many articles, the first that are short enough.",
    "article_chars": "Pass over articles longer than this; none is ever cut.",
    "engine": "llamacpp, summarizer, ollama or openai.",
    "url": "Address of a running engine or service; llamacpp without it is started by us.",
    "model": "Model name, or a GGUF file for llamacpp.",
    "build": 'The llama.cpp that we start: native, cuda (yoyak engine build), wheel; "auto": best.',
    "concurrency": "Closed loop: this many requests at a time.",
    "rate": "Open loop: requests a second, timed from the intended start.",
    "arrivals": "Open loop: poisson or constant.",
    "duration": 'Length of a repetition, e.g. "5m"; without it each article goes once.',
    "repetitions": "Blocks that begin with unload and load; the unit of the statistics.",
    "warmup": 'Requests left out at the head of a repetition; "auto": until steady.',
    "output_tokens": "Tokens to write, exactly, where the engine can.",
    "threads": '"auto": physical cores within affinity and quota.',
    "context": "Tokens of a slot's context.",
    "batch": "Tokens of a prompt batch.",
    "seed": "Of orders, arrivals and sampling.",
    "temperature": "Of sampling.",
    "timeout": "Deadline of a request.",
    "max_failures": "Exit with 1 if more measured requests fail.",
    "out": "Folder that takes the run's folder.",
    "price": "US dollars an hour that this host costs.",
    "cache": "Folder for models and hashes.",
    "instance_type": "What this host is, if neither firmware nor metadata tell.",
    "instance_id": "Which one it is.",
    "availability_zone": "Where it is.",
}


def config_options(command: F) -> F:
    """Add a flag for each field of RunConfig, in its order."""
    for name in reversed(list(PARSERS)):
        default = getattr(_DEFAULTS, name)
        shown = "auto" if default is None and name in ("threads", "warmup") else default
        option = click.option(
            f"--{name.replace('_', '-')}",
            name,
            default=None,
            metavar=name.upper(),
            help=OPTION_HELP[name] + ("" if shown is None else f"  [default: {shown}]"),
        )
        command = option(command)
    return command


@click.command(
    epilog="Example: yoyak run --dataset examples/dataset --engine llamacpp --model mistral.gguf"
)
@config_options
@click.option(
    "--config", "file", type=click.Path(path_type=Path), help="TOML file with these options."
)
@click.option("--format", "form", type=click.Choice(OUTPUT_FORMATS), default="text")
def run(file: Path | None, form: str, **flags: object) -> None:
    """Benchmark an engine on a dataset, and write a run folder.

    Flags beat environment (YOYAK_RUN_ARTICLES, ...) beats --config beats default.
    """

    resolved = resolve(flags, environ=os.environ, file=file)
    traces = traces_from(os.environ)
    outcome = run_with_interrupts(resolved, command=("yoyak", *sys.argv[1:]), traces=traces)
    print_run(outcome.perf, form, report=outcome.path / REPORT)
    if outcome.is_interrupted:
        raise InterruptedRun(f"stopped early; what was finished is in {outcome.path}")
    if outcome.failed > resolved.config.max_failures:
        raise MeasuredFailure(
            f"{outcome.failed} measured requests failed, --max-failures allows "
            f"{resolved.config.max_failures}; see error_message in {outcome.path}/requests.jsonl"
        )
