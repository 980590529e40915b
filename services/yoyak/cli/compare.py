"""`yoyak compare`: runs side by side, what differs for certain, and what it costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from yoyak.analysis.choice import LatencyTarget, parse_target
from yoyak.analysis.compare import compare as compare_runs
from yoyak.analysis.comparison import Comparison, Language
from yoyak.analysis.pairing import Observations, observe
from yoyak.analysis.perf import is_open_loop
from yoyak.analysis.prices import GIVEN, check_price, parse_prices
from yoyak.analysis.repetitions import complete_repetitions, measured_repetitions, plan_of
from yoyak.bench.finish import results
from yoyak.cli.consoles import results_console
from yoyak.cli.formats import OUTPUT_FORMATS
from yoyak.cli.output import image_formats, tell_images
from yoyak.errors import UsageError
from yoyak.records import Cost, Perf
from yoyak.report.comparison_csv import comparison_csv
from yoyak.report.comparison_figures import Latencies, runs_with_curves
from yoyak.report.html import comparison_html
from yoyak.report.images import write_comparison_images
from yoyak.report.markdown import comparison_markdown
from yoyak.report.series import latencies_s
from yoyak.report.terminal import render_comparison
from yoyak.store.codec import to_json
from yoyak.store.locate import located
from yoyak.store.run_folder import (
    PERF,
    read_manifest,
    read_perf,
    read_requests,
    read_results,
    read_run,
    read_text,
    replace_file,
)

FORMS: Mapping[str, Callable[[Comparison], str]] = {
    "csv": comparison_csv,
    "markdown": comparison_markdown,
    "json": lambda comparison: to_json(comparison, indent=2),
}


@click.command(epilog="Example: yoyak compare examples/ec2/*")
@click.argument("run_names", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--baseline", help="Label, run id or instance type; the cheapest by default.")
@click.option("--allow", multiple=True, metavar="CODE", help="A condition that may differ.")
@click.option(
    "--price", "given", multiple=True, metavar="NAME=USD", help="Price an hour of a host."
)
@click.option("--prices", type=click.Path(path_type=Path), help="Price file, as the embedded one.")
@click.option("--region", help="Whose prices to take for hosts that did not record theirs.")
@click.option("--target", metavar="METRIC=SECONDS", help="Limit to meet, e.g. end_to_end_s.p95=20.")
@click.option("--language", type=click.Choice(("en", "ko")), default="en", show_default=True)
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    help="Draw every chart into this folder, set1_metrics.png and set2_metrics.png among them.",
)
@click.option("--svg", is_flag=True, help="Draw SVG files as well as PNG.")
@click.option("--html", type=click.Path(path_type=Path), help="Write the HTML page here as well.")
@click.option("--format", "form", type=click.Choice(OUTPUT_FORMATS), default="text")
def compare(
    run_names: tuple[str, ...],
    baseline: str | None,
    allow: tuple[str, ...],
    given: tuple[str, ...],
    prices: Path | None,
    region: str | None,
    target: str | None,
    language: Language,
    images: Path | None,
    svg: bool,
    html: Path | None,
    form: str,
) -> None:
    """Compare runs: folders, perf.json files, or addresses such as s3://bucket/runs/ID.

    Runs that did not do the same work are refused, with the reason and the way out.
    """
    read = {name: _read(name) for name in run_names}
    named = {perf.run_id: name for name, perf in read.items()}
    perfs = with_prices([read[name] for name in run_names], given)
    comparison = compare_runs(
        perfs,
        baseline=baseline,
        allow=allow,
        observe=lambda perf: _observe(named[perf.run_id]),
        prices=None if prices is None else parse_prices(read_text(prices), where=str(prices)),
        region=region,
        target=None if target is None else _target(target),
        language=language,
    )
    if html is not None or images is not None:
        latencies = _latencies(comparison, named)
    if html is not None:
        replace_file(html, comparison_html(comparison, perfs, latencies))
    if images is not None:
        tell_images(
            write_comparison_images(
                comparison, images, latencies=latencies, formats=image_formats(svg=svg)
            )
        )
    if form == "text":
        results_console().print(render_comparison(comparison))
    else:
        click.echo(FORMS[form](comparison))


def with_prices(perfs: Sequence[Perf], given: Sequence[str]) -> tuple[Perf, ...]:
    """Return the runs with the prices that --price gives by run id, instance type or host name.

    Raises:
        UsageError: no "NAME=USD", or a name that no run has.
    """
    priced = list(perfs)
    for text in given:
        name, separator, usd = text.rpartition("=")
        try:
            price = float(usd)
        except ValueError:
            separator = ""
        if not separator or not name:
            raise UsageError(
                f'--price takes NAME=USD an hour, such as r5.4xlarge=1.0, not "{text}"'
            )
        check_price(price, f"--price {name}")
        matching = [i for i, perf in enumerate(perfs) if name in _names(perf)]
        if not matching:
            known = ", ".join(sorted({n for perf in perfs for n in _names(perf)}))
            raise UsageError(f'--price: no run has the name "{name}"; there are {known}')
        for i in matching:
            cost = Cost(  # what the work costs is worked out from it
                usd_per_hour=price,
                price_source=GIVEN,
                usd_per_1000_articles=None,
                usd_per_million_output_tokens=None,
            )
            priced[i] = replace(priced[i], cost=cost)
    return tuple(priced)


def _names(perf: Perf) -> set[str]:
    host = perf.host
    return {
        str(name)
        for name in (perf.run_id, host.get("instance_type"), host.get("hostname"))
        if name is not None
    }


def _read(name: str) -> Perf:
    """Return a run's results, worked out from its records where it was killed before its end."""
    with located(name, records=False) as path:
        if not path.is_dir():
            return read_perf(path)
        if (path / PERF).is_file():
            return read_results(path, read_manifest(path))
        return results(read_run(path))


def _latencies(comparison: Comparison, named: Mapping[str, str]) -> Latencies:
    """Return the latencies of the runs that are drawn, where their requests are at hand."""
    run_ids = {s.label: s.run_ids[0] for s in comparison.subjects if s.level == "run"}
    found = {}
    for label in runs_with_curves(comparison):
        with located(named[run_ids[label]]) as path:
            if path.is_dir():
                manifest = read_manifest(path)
                found[label] = latencies_s(
                    read_requests(path, manifest), open_loop=is_open_loop(manifest.workload)
                )
    return found


def _observe(name: str) -> Observations | None:
    """Return what a comparison needs of a run's requests; None for a perf.json alone."""
    with located(name) as path:
        if not path.is_dir():
            return None
        manifest = read_manifest(path)
        requests = read_requests(path, manifest)
    repetitions = measured_repetitions(requests, open_loop=is_open_loop(manifest.workload))
    return observe(complete_repetitions(repetitions, plan_of(manifest)))


def _target(text: str) -> LatencyTarget:
    metric, _, limit = text.partition("=")
    try:
        limit_s = float(limit.removesuffix("s"))
    except ValueError as error:
        raise UsageError(
            f'--target takes METRIC=SECONDS, such as end_to_end_s.p95=20, not "{text}"'
        ) from error
    return parse_target(metric, limit_s)
