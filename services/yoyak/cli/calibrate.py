"""`yoyak calibrate`: this host's own measuring error, against ollama_replay."""

from pathlib import Path

import click

from yoyak.bench.calibrate import CONCURRENCIES, ENGINES, calibrate
from yoyak.bench.calibration_cache import keep
from yoyak.cli.consoles import results_console
from yoyak.cli.formats import OUTPUT_FORMATS
from yoyak.cli.progress import progress_on_stderr
from yoyak.config import RunConfig
from yoyak.errors import MeasuredFailure, UsageError
from yoyak.report.calibration_forms import (
    calibration_csv,
    calibration_markdown,
    render_calibration,
)
from yoyak.store.codec import to_json

MOST_STREAMS = 4096


def concurrencies(text: str) -> tuple[int, ...]:
    """Return numbers of streams from a list such as "1,16,64".

    Raises:
        UsageError: it is none.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(
        part.isascii() and part.isdecimal() and 1 <= int(part) <= MOST_STREAMS for part in parts
    ):
        raise UsageError(
            f'--concurrency "{text}" is no list of numbers from 1 to {MOST_STREAMS}; '
            "give one such as 1,16,64"
        )
    return tuple(int(part) for part in parts)


@click.command("calibrate", epilog="Example: yoyak calibrate --concurrency 1,16,64")
@click.option(
    "--concurrency",
    default=",".join(str(one) for one in CONCURRENCIES),
    show_default=True,
    help="Streams at a time, a level each.",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default=ENGINES[0],
    show_default=True,
    help="The adapter to calibrate.",
)
@click.option(
    "--realtime",
    is_flag=True,
    help="Run client and ruler under SCHED_FIFO, so that other work does not disturb them; needs"
    " CAP_SYS_NICE, and then says less of a real run.",
)
@click.option("--cache", type=click.Path(path_type=Path), default=RunConfig().cache)
@click.option("--format", "form", type=click.Choice(OUTPUT_FORMATS), default="text")
def calibrate_command(
    concurrency: str, engine: str, realtime: bool, cache: Path, form: str
) -> None:
    """Measure this host's own error, and keep it for `yoyak run` to print beside its results."""
    levels = concurrencies(concurrency)
    progress = progress_on_stderr()
    result = calibrate(levels, engine=engine, is_realtime=realtime, progress=progress)
    path = keep(result, cache.expanduser().absolute())
    if form == "json":
        click.echo(to_json(result, indent=2))
    elif form == "csv":
        click.echo(calibration_csv(result), nl=False)
    elif form == "markdown":
        click.echo(calibration_markdown(result))
    else:
        results_console().print(render_calibration(result))
    progress.note(f"kept in {path}")
    failed = sum(level.failed for level in result.levels)
    if failed:
        raise MeasuredFailure(
            f"{failed} requests failed against the ruler; calibrate again with fewer streams: "
            "--concurrency"
        )
