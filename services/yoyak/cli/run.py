"""`yoyak run`: benchmark an engine on a dataset."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from otlp_spans.settings import settings_from as traces_from
from yoyak.cli.formats import OUTPUT_FORMATS
from yoyak.config import PARSERS, ResolvedConfig, RunConfig, api_key, resolve
from yoyak.errors import InterruptedRun, MeasuredFailure

if TYPE_CHECKING:
    from yoyak.bench.resume import ResumePoint
    from yoyak.bench.run import RunOutcome

F = TypeVar("F", bound=Callable[..., Any])
_DEFAULTS = RunConfig()
_AUTO = ("threads", "slots", "warmup")

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
    "slo": 'Search for the highest rate with e.g. "ttft_p95=2s" (also tpot, e2e; p50 p90 p95 p99); '
    "several joined by commas, or given again. --rate is then the first one tried.",
    "duration": 'Length of a repetition, e.g. "5m"; without it each article goes once, and with '
    "--slo as many requests as the percentile needs.",
    "repetitions": "Blocks that begin with unload and load; the unit of the statistics.",
    "warmup": 'Requests left out at the head of a repetition; "auto": until steady.',
    "cooldown": "Rest before each repetition but the first.",
    "output_tokens": "Tokens to write, exactly, where the engine can.",
    "threads": '"auto": physical cores within affinity and quota.',
    "slots": 'Requests that llamacpp works on at once; "auto": --concurrency, in open loop 1. '
    "Of an engine that runs already: how many it has.",
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
        shown = "auto" if default is None and name in _AUTO else default
        option = click.option(
            f"--{name.replace('_', '-')}",
            name,
            default=None,
            multiple=name == "slo",
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
@click.option(
    "--resume",
    metavar="RUN",
    type=click.Path(path_type=Path),
    help="Go on with a run that was cut off; it keeps its options.",
)
@click.option("--format", "form", type=click.Choice(OUTPUT_FORMATS), default="text")
def run(file: Path | None, resume: Path | None, form: str, **flags: object) -> None:
    """Benchmark an engine on a dataset, and write a run folder.

    Flags beat environment (YOYAK_RUN_ARTICLES, ...) beats --config beats default. An API key is
    taken from YOYAK_API_KEY, else OPENAI_API_KEY with --engine openai, and is written nowhere.
    """
    slo = flags.pop("slo", ())
    flags["slo"] = ",".join(slo) if isinstance(slo, tuple) and slo else None
    resolved = resolve(flags, environ=os.environ, file=file)
    traces = traces_from(os.environ)
    point: ResumePoint | None = None
    if resume is not None:
        from yoyak.bench.resume import resume_point, resumed_config

        point = resume_point(resume)
        resolved = resumed_config(point, resolved)

    from yoyak.cli.interrupts import run_with_interrupts

    outcome = run_with_interrupts(
        resolved,
        command=("yoyak", *sys.argv[1:]),
        traces=traces,
        resume=point,
        api_key=api_key(os.environ, engine=resolved.config.engine),
    )

    from yoyak.cli.output import print_run
    from yoyak.store.run_folder import REPORT

    print_run(outcome.perf, form, report=outcome.path / REPORT)
    _raise_for(outcome, resolved)


def _raise_for(outcome: "RunOutcome", resolved: ResolvedConfig) -> None:
    """Raise what decides the exit code: interrupted, a missed target, or failed requests."""
    records = f"{outcome.path}/requests.jsonl"
    if outcome.is_interrupted:
        raise InterruptedRun(
            f"stopped early; what was finished is in {outcome.path}; go on with it: "
            f"yoyak run --resume {outcome.path}"
        )
    sweep = outcome.perf.sweep
    if sweep is not None:
        if not sweep.steps:
            raise MeasuredFailure(
                "no warm-up request succeeded, so no rate was tried; see error_message in "
                f"{records}"
            )
        if sweep.highest_met_per_s is None:
            raise MeasuredFailure(
                f"no rate meets {resolved.config.slo}: {sweep.lowest_missed_per_s:g} requests a "
                "second, the lowest that was tried, missed it; raise the limit, shorten "
                "--output-tokens, or use a faster host"
            )
        return
    if outcome.gave_up:
        raise MeasuredFailure(
            f"the engine failed request after request, so the run was stopped; see error_message "
            f"in {records}, mend the engine, then: yoyak run --resume {outcome.path}"
        )
    if outcome.failed > resolved.config.max_failures:
        raise MeasuredFailure(
            f"{outcome.failed} measured requests failed, --max-failures allows "
            f"{resolved.config.max_failures}; see error_message in {records}"
        )
