"""`yoyak report`: show a run again, from its files alone."""

from dataclasses import replace
from pathlib import Path

import click

from yoyak.bench.finish import finish_run, results
from yoyak.cli.consoles import messages_console
from yoyak.cli.formats import OUTPUT_FORMATS
from yoyak.cli.output import image_formats, print_run, tell_images
from yoyak.errors import UsageError
from yoyak.records import Perf
from yoyak.report.html import run_html
from yoyak.report.images import write_run_images
from yoyak.store.locate import located, read_located
from yoyak.store.run_folder import PERF, REPORT, replace_file


@click.command(
    epilog="Example: yoyak report runs/20261123T054400Z-r5.4xlarge-1f3c --format markdown"
)
@click.argument("run_name", metavar="RUN")
@click.option("--format", "form", type=click.Choice(OUTPUT_FORMATS), default="text")
@click.option("--html", type=click.Path(path_type=Path), help="Write the HTML page here as well.")
@click.option(
    "--images", type=click.Path(path_type=Path), help="Draw every chart into this folder."
)
@click.option("--svg", is_flag=True, help="Draw SVG files as well as PNG.")
@click.option("--full", "is_full", is_flag=True, help="Print every number of perf.json.")
@click.option("--language", type=click.Choice(("en", "ko")), default="en", show_default=True)
@click.option(
    "--recompute", is_flag=True, help="Make perf.json, summary.json and report.html anew."
)
def report(
    run_name: str,
    form: str,
    html: Path | None,
    images: Path | None,
    svg: bool,
    is_full: bool,
    language: str,
    recompute: bool,
) -> None:
    """Show a run: a folder, a perf.json, or an address such as s3://bucket/runs/ID.

    A run that was killed has no perf.json: its results are worked out from the records that it
    left, and --recompute writes them into its folder.
    """
    with located(run_name) as path:
        if recompute:
            _recompute(run_name, path)
        run = read_located(path)
    if isinstance(run, Perf):
        if html is not None or images is not None:
            raise UsageError(f"{run_name} is a {PERF} alone; a page or charts need its run folder")
        print_run(run, form, language=language, is_full=is_full)
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
    if images is not None:
        drawn = write_run_images(
            replace(run, perf=perf), images, language=language, formats=image_formats(svg=svg)
        )
        tell_images(drawn)
    print_run(perf, form, report=html or run.path / REPORT, language=language, is_full=is_full)


def _recompute(name: str, path: Path) -> None:
    """Make a folder's results anew, before anything reads those that are there."""
    if "://" in name or not path.is_dir():
        raise UsageError(f"--recompute writes into a run's folder, and {name} is none on this host")
    finish_run(path)
