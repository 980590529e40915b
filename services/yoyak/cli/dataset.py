"""`yoyak dataset`: verify or show a dataset."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from yoyak.cli.consoles import results_console
from yoyak.dataset import read_dataset


@click.group()
def dataset() -> None:
    """Verify or show a dataset folder."""


@dataset.command(epilog="Example: yoyak dataset verify examples/dataset")
@click.argument("folder", type=click.Path(path_type=Path))
def verify(folder: Path) -> None:
    """Check every hash of a dataset and print its digest."""
    manifest = read_dataset(folder).manifest
    click.echo(
        f"{manifest.dataset_sha256}  {manifest.articles} articles, {manifest.chars} characters"
    )


@dataset.command(epilog="Example: yoyak dataset show examples/dataset --format json")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
def show(folder: Path, form: str) -> None:
    """List a dataset's articles."""
    read = read_dataset(folder)
    if form == "json":
        click.echo(json.dumps(asdict(read.manifest), ensure_ascii=False, indent=2))
        return
    table = Table("id", "title", "press", "published", box=None)
    table.add_column("chars", justify="right")
    for article in read.articles:
        table.add_row(
            article.id,
            article.title,
            article.press or "-",
            (article.published_at or "-")[:16],
            f"{len(article.text):,}",
        )
    console = results_console()
    console.print(table)
    console.print(f"{read.manifest.articles} articles, dataset {read.manifest.dataset_sha256[:12]}")
