"""`yoyak doctor`: what is missing or wrong on this host, and the command that mends it."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from yoyak.bench.doctor import examine
from yoyak.bench.stack import env_file
from yoyak.cli.consoles import results_console
from yoyak.config import RunConfig

HOST_NOT_READY = 3
_MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failure": "[red]failure[/]"}


@click.command(epilog="Example: yoyak doctor")
@click.option("--cache", type=click.Path(path_type=Path), default=RunConfig().cache)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
@click.option(
    "--write-env", is_flag=True, help="Write the compose files that fit this host into .env."
)
def doctor(cache: Path, form: str, write_env: bool) -> int:
    """Look at this host; exits with 3 if something keeps a benchmark from running."""
    if write_env:
        _write_env()
    checks = examine(cache.expanduser().absolute())
    if form == "json":
        click.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=2))
    else:
        table = Table("check", "state", "found", "mend", box=None)
        for check in checks:
            table.add_row(check.name, _MARKS[check.state], check.found, check.mend or "")
        results_console().print(table)
    return HOST_NOT_READY if any(check.state == "failure" for check in checks) else 0


def _write_env() -> None:
    from yoyak.host.gpu import open_gpus  # loads the driver's library

    choice = env_file.write_env(Path.cwd(), env_file.look(has_gpu=open_gpus() is not None))
    for name, value in choice.settings.items():
        click.echo(f"{env_file.FILE}: {name}={value}", err=True)
    if choice.notice is not None:
        click.echo(f"warning: {choice.notice}", err=True)
