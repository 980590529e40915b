"""`yoyak alerts`: thresholds of the alert rules."""

import json
from pathlib import Path

import click
from rich.table import Table

from yoyak.cli.consoles import messages_console, results_console
from yoyak.errors import UsageError
from yoyak.telemetry.prometheus_reload import NoPrometheus, reload_prometheus
from yoyak.telemetry.thresholds import (
    THRESHOLDS,
    parse_setting,
    read_thresholds,
    write_thresholds,
)

FILE = Path("docker/prometheus/thresholds/thresholds.yml")
PROMETHEUS = "http://127.0.0.1:9090"

_FILE_OPTION = click.option(
    "--file",
    type=click.Path(path_type=Path),
    help=f"A rules file that Prometheus' rule_files name.  [default: {FILE}]",
)


@click.group(epilog="Example: yoyak alerts set ttft_p95=2s")
def alerts() -> None:
    """Show or set the thresholds at which alerts begin."""


@alerts.command(epilog="Example: yoyak alerts show")
@_FILE_OPTION
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
def show(file: Path | None, form: str) -> None:
    """List every threshold, its value and what it means."""
    values = read_thresholds(file or FILE)
    if form == "json":
        click.echo(json.dumps(values, indent=2))
        return
    table = Table("name", "alerts", "meaning", box=None)
    for threshold in THRESHOLDS.values():
        value = values[threshold.name]
        is_default = value == threshold.default
        shown = threshold.unit.show(value) + (" (default)" if is_default else "")
        table.add_row(threshold.name, f"{threshold.alerts} {shown}", threshold.meaning)
    results_console().print(table)


@alerts.command("set", epilog="Example: yoyak alerts set ttft_p95=2s error_ratio=1%")
@click.argument("settings", metavar="NAME=VALUE...", nargs=-1, required=True)
@_FILE_OPTION
@click.option(
    "--prometheus",
    "url",
    metavar="URL",
    help=f"The Prometheus to reload.  [default: {PROMETHEUS}, if one answers there]",
)
def set_thresholds(settings: tuple[str, ...], file: Path | None, url: str | None) -> None:
    """Set thresholds, and make Prometheus read them.

    NAME=default takes a threshold back to its default. A --file that is not there yet is made.
    """
    if url is not None and not url.startswith(("http://", "https://")):
        raise UsageError(f'--prometheus is "{url}"; it takes an address such as {PROMETHEUS}')
    changes = dict(parse_setting(setting) for setting in settings)
    path = file or FILE
    known = read_thresholds(path) if file is None or file.exists() else {}
    values = known | changes
    write_thresholds(path, values)
    for name in changes:
        threshold = THRESHOLDS[name]
        click.echo(f"{name}: alerts {threshold.alerts} {threshold.unit.show(values[name])}")
    try:
        reload_prometheus(url or PROMETHEUS, changes)
    except NoPrometheus as error:
        if url is not None:
            raise
        messages_console().print(f"{error}; it takes {path} when it starts", soft_wrap=True)
    else:
        messages_console().print(f"{url or PROMETHEUS} has them", soft_wrap=True)
