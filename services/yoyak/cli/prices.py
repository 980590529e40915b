"""`yoyak prices`: what hosts cost an hour, and today's prices from AWS."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.table import Table

from yoyak.analysis.prices import PriceTable, embedded_prices, parse_prices
from yoyak.cli.consoles import messages_console, results_console
from yoyak.errors import UsageError
from yoyak.store.run_folder import read_text

FILE = Path("prices.json")
COLUMNS = ("region", "instance_type", "usd_per_hour", "date", "source")
Row = tuple[str, str, float, str, str]


@click.group(epilog="Example: yoyak prices refresh --region us-east-1 --out prices.json")
def prices() -> None:
    """Show what hosts cost an hour, or ask AWS for today's prices."""


@prices.command(epilog="Example: yoyak prices show r5.4xlarge g5.16xlarge --region us-east-1")
@click.argument("instance_types", metavar="[TYPE...]", nargs=-1)
@click.option("--prices", "file", type=click.Path(path_type=Path), help="A price file.")
@click.option("--region", "regions", multiple=True, help="Only this one; may be given again.")
@click.option("--format", "form", type=click.Choice(("text", "json", "csv")), default="text")
def show(
    instance_types: tuple[str, ...], file: Path | None, regions: tuple[str, ...], form: str
) -> None:
    """List prices with their date and source: those of a file, or those that come with yoyak."""
    table = embedded_prices() if file is None else parse_prices(read_text(file), where=str(file))
    rows = _rows(table, instance_types, regions)
    if form == "json":
        listed = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        click.echo(json.dumps(listed, ensure_ascii=False, indent=2))
    elif form == "csv":
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([COLUMNS, *rows])
        click.echo(out.getvalue(), nl=False)
    else:
        _print(rows)


@prices.command(epilog="Example: yoyak prices refresh --region us-east-1 --out prices.json")
@click.option("--region", "regions", multiple=True, required=True, help="May be given again.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=FILE,
    show_default=True,
    help="Price file; of one that is there the other regions stay.",
)
def refresh(regions: tuple[str, ...], out: Path) -> None:
    """Ask the AWS Pricing API for on-demand prices: Linux, shared tenancy, no software.

    Needs AWS credentials with the right pricing:GetProducts, and boto3 (pip install 'yoyak[aws]').
    Then: yoyak compare --prices FILE.
    """
    # boto3 takes a while to import, and only this verb needs it.
    from yoyak.bench.aws_prices import refresh_prices

    found = refresh_prices(out, regions, today=datetime.now(UTC).date())
    for region, listed in zip(regions, found, strict=True):
        count = len(listed.prices.usd_per_hour)
        date = listed.prices.published or listed.prices.retrieved
        click.echo(f"{out}: {count} types in {region}, prices of {date}")
        if listed.ambiguous:
            messages_console().print(
                f"left out, since they have several prices: {', '.join(listed.ambiguous)}",
                soft_wrap=True,
            )


def _rows(
    table: PriceTable, instance_types: tuple[str, ...], regions: tuple[str, ...]
) -> list[Row]:
    for region in regions:
        if region not in table.regions:
            known = ", ".join(table.regions) or "none"
            raise UsageError(f'no prices are known for the region "{region}"; there are {known}')
    rows = [
        (region, kind, usd, found.published or found.retrieved, found.source)
        for region, found in table.regions.items()
        if not regions or region in regions
        for kind, usd in found.usd_per_hour.items()
        if not instance_types or kind in instance_types
    ]
    missing = set(instance_types) - {row[1] for row in rows}
    if missing:
        raise UsageError(
            f"no price is known for {', '.join(sorted(missing))}; get today's: "
            "yoyak prices refresh, or give one: yoyak compare --price TYPE=USD"
        )
    return rows


def _print(rows: list[Row]) -> None:
    table = Table("region", "instance type", box=None)
    table.add_column("USD an hour", justify="right")
    table.add_column("date")
    for region, kind, usd, date, _ in rows:
        table.add_row(region, kind, f"{usd:.4f}", date)
    console = results_console()
    console.print(table)
    for region, source in dict.fromkeys((row[0], row[4]) for row in rows):
        console.print(f"{region}: {source}", soft_wrap=True)
