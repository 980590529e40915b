"""`yoyak doctor`: what is missing or wrong on this host, and the command that mends it."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from yoyak.bench.doctor import examine
from yoyak.cli.consoles import results_console
from yoyak.config import RunConfig

HOST_NOT_READY = 3
_MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failure": "[red]failure[/]"}


@click.command(epilog="Example: yoyak doctor")
@click.option("--cache", type=click.Path(path_type=Path), default=RunConfig().cache)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
def doctor(cache: Path, form: str) -> int:
    """Look at this host; exits with 3 if something keeps a benchmark from running."""
    checks = examine(cache.expanduser().absolute())
    if form == "json":
        click.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=2))
    else:
        table = Table("check", "state", "found", "mend", box=None)
        for check in checks:
            table.add_row(check.name, _MARKS[check.state], check.found, check.mend or "")
        results_console().print(table)
    return HOST_NOT_READY if any(check.state == "failure" for check in checks) else 0
