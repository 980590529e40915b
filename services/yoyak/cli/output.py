"""A run's results on stdout, in the form that was asked for."""

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from yoyak.cli.consoles import results_console
from yoyak.records import Perf
from yoyak.report.csv_table import perf_csv
from yoyak.report.markdown import perf_markdown
from yoyak.report.terminal import render_run
from yoyak.store.codec import to_json
from yoyak.store.run_folder import REPORT

OUTPUT_FORMATS = ("text", "json", "csv", "markdown")
FORMS: Mapping[str, Callable[[Perf], str]] = {
    "csv": perf_csv,
    "markdown": perf_markdown,
    "json": lambda perf: to_json(perf, indent=2),
}


def print_run(path: Path, perf: Perf, form: str) -> None:
    """Print a run's results; the text form ends with where the report is."""
    if form == "text":
        console = results_console()
        console.print(render_run(perf))
        report = path / REPORT
        if report.is_file():
            console.print(f"report: {report}", soft_wrap=True)
        return
    click.echo(FORMS[form](perf))
