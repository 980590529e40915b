"""`yoyak report`: show a run again, from its files alone."""

from dataclasses import replace
from pathlib import Path

import click

from yoyak.bench.finish import finish_run, results
from yoyak.cli.consoles import messages_console
from yoyak.cli.output import OUTPUT_FORMATS, print_run
from yoyak.errors import UsageError
from yoyak.records import Perf
from yoyak.report.html import run_html
from yoyak.store.locate import located, read_located
from yoyak.store.run_folder import PERF, replace_file


@click.command(
    epilog="Example: yoyak report runs/20261123T054400Z-r5.4xlarge-1f3c --format markdown"
)
@click.argument("run_name", metavar="RUN")
@click.option("--format", "form", type=click.Choice(OUTPUT_FORMATS), default="text")
@click.option("--html", type=click.Path(path_type=Path), help="Write the HTML page here as well.")
@click.option("--language", type=click.Choice(("en", "ko")), default="en", show_default=True)
@click.option(
    "--recompute", is_flag=True, help="Make perf.json, summary.json and report.html anew."
)
def report(run_name: str, form: str, html: Path | None, language: str, recompute: bool) -> None:
    """Show a run: a folder, a perf.json, or an address such as s3://bucket/runs/ID.

    A run that was killed has no perf.json: its results are worked out from the records that it
    left, and --recompute writes them into its folder.
    """
    with located(run_name) as path:
        if recompute:
            _recompute(run_name, path)
        run = read_located(path)
    if isinstance(run, Perf):
        print_run(Path(run_name).parent, run, form)
        return
    if run.perf is not None:
        perf = run.perf
    else:
        perf = results(run)
        messages_console().print(
            f"{run.path} has no {PERF}: the run was killed or still goes on; "
            f"these are the results of its {len(run.requests)} records"
        )
    if html is not None:
        replace_file(html, run_html(replace(run, perf=perf), language=language))
    print_run(run.path if html is None else html.parent, perf, form)


def _recompute(name: str, path: Path) -> None:
    """Make a folder's results anew, before anything reads those that are there."""
    if "://" in name or not path.is_dir():
        raise UsageError(f"--recompute writes into a run's folder, and {name} is none on this host")
    finish_run(path)
