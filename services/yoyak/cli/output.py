"""A run's results on stdout, in the form that was asked for."""

from pathlib import Path

import click

from yoyak.cli.consoles import messages_console, results_console
from yoyak.records import Perf
from yoyak.report.csv_table import perf_csv
from yoyak.report.images import Format, ImageFiles
from yoyak.report.markdown import perf_markdown
from yoyak.report.terminal import render_run
from yoyak.store.codec import to_json


def print_run(
    perf: Perf,
    form: str,
    *,
    report: Path | None = None,
    language: str = "en",
    is_full: bool = False,
) -> None:
    """Print a run's results; the text form ends with where the page is, if it is there."""
    if form == "csv":
        click.echo(perf_csv(perf), nl=False)
    elif form == "markdown":
        click.echo(perf_markdown(perf, language=language))
    elif form == "json":
        click.echo(to_json(perf, indent=2))
    else:
        console = results_console()
        console.print(render_run(perf, language=language, is_full=is_full))
        if report is not None and report.is_file():
            console.print(f"report: {report}", soft_wrap=True)


def image_formats(*, svg: bool) -> tuple[Format, ...]:
    """Return the kinds of image files to write."""
    return ("png", "svg") if svg else ("png",)


def tell_images(drawn: ImageFiles) -> None:
    """Say on stderr what was drawn, and what was missing for it."""
    console = messages_console()
    console.print(f"{len(drawn.paths)} charts in {drawn.paths[0].parent}", soft_wrap=True)
    if drawn.notice is not None:
        console.print(drawn.notice, soft_wrap=True)
