"""`yoyak publish`: a finished run into Grafana (annotation, dashboards) and Prometheus (series)."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from yoyak.cli.consoles import messages_console
from yoyak.errors import UsageError
from yoyak.records import Perf
from yoyak.store.locate import located
from yoyak.store.run_folder import PERF, read_perf
from yoyak.telemetry.publishing.access import Access, access_from

Line = dict[str, str]


@click.command(
    epilog="Example: yoyak publish runs/20261123T054400Z-r5.4xlarge-1f3c "
    "--grafana http://127.0.0.1:3000"
)
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--grafana", metavar="URL", help="Grafana's address.  [environment: GRAFANA_URL]")
@click.option(
    "--dashboards/--no-dashboards",
    "with_dashboards",
    default=True,
    help="Whether Grafana gets the dashboards as well.  [default: it does]",
)
@click.option(
    "--folder", help="Uid or title of a Grafana folder.  [default: yoyak, made if needed]"
)
@click.option("--data-source", help="Which Prometheus of Grafana's the dashboards show first.")
@click.option(
    "--prometheus", metavar="URL", help="A Prometheus, as Grafana reaches it: added if missing."
)
@click.option(
    "--pushgateway",
    metavar="URL",
    help="A Pushgateway that Prometheus scrapes.  [environment: PUSHGATEWAY_URL]",
)
@click.option(
    "--runs-folder",
    type=click.Path(path_type=Path),
    help="A folder of runs that a runner shows to Prometheus.",
)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
def publish(
    runs: tuple[str, ...],
    grafana: str | None,
    with_dashboards: bool,
    folder: str | None,
    data_source: str | None,
    prometheus: str | None,
    pushgateway: str | None,
    runs_folder: Path | None,
    form: str,
) -> None:
    """Put finished runs into Grafana and Prometheus; doing it again changes nothing.

    Grafana gets a run's start and end as an annotation, and the dashboards; Prometheus gets its
    results as yoyak_run_* series, through a Pushgateway or a runner's folder. RUN is a folder, a
    perf.json, or an address such as s3://bucket/runs/ID; without one Grafana gets the dashboards.

    Logins come from the environment: GRAFANA_TOKEN (or GRAFANA_TOKEN_FILE), or GRAFANA_USER with
    GRAFANA_PASSWORD (or GRAFANA_PASSWORD_FILE); GRAFANA_CA_FILE names an authority of your own.
    PUSHGATEWAY_USER, PUSHGATEWAY_PASSWORD and so on likewise.
    """
    grafana_access = _access("GRAFANA", grafana, os.environ)
    # An address in the environment alone asks for nothing where Grafana gets dashboards only.
    is_for_gateway = bool(runs) or pushgateway is not None or grafana_access is None
    gateway_access = _access("PUSHGATEWAY", pushgateway, os.environ) if is_for_gateway else None
    _check(runs, grafana_access, gateway_access, runs_folder)
    for_grafana = {"--folder": folder, "--data-source": data_source, "--prometheus": prometheus}
    _check_grafana_options(for_grafana, grafana_access, with_dashboards=with_dashboards)
    perfs = [_results(name) for name in runs]
    lines: list[Line] = []
    if runs_folder is not None:
        lines += _into_folder(perfs, runs_folder)
    if gateway_access is not None:
        lines += _to_gateway(perfs, gateway_access)
    if grafana_access is not None:
        lines += _to_grafana(
            perfs,
            grafana_access,
            with_dashboards=with_dashboards,
            folder=folder,
            data_source=data_source,
            prometheus=prometheus,
        )
    if form == "json":
        click.echo(json.dumps(lines, ensure_ascii=False, indent=2))
        return
    for line in lines:
        click.echo(f"{line['what']} {line['name']}: {line['change']}, {line['where']}")


def _access(service: Any, flag: str | None, environ: Mapping[str, str]) -> Access | None:  # noqa: ANN401 - a Literal
    url = flag or environ.get(f"{service}_URL")
    if not url:
        return None
    access = access_from(service, url, environ)
    if access.is_open_secret:
        _warn(f"the login for {access.url} goes over the network as it is; use https")
    return access


def _check(
    runs: Sequence[str], grafana: Access | None, gateway: Access | None, folder: Path | None
) -> None:
    if grafana is None and gateway is None and folder is None:
        raise UsageError(
            "nowhere to publish to; give --grafana URL, --pushgateway URL or --runs-folder DIR"
        )
    if not runs and (grafana is None or gateway is not None or folder is not None):
        raise UsageError("no run is named; give a run folder, a perf.json or an address of one")


def _check_grafana_options(
    options: Mapping[str, str | None], grafana: Access | None, *, with_dashboards: bool
) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given and grafana is None:
        raise UsageError(f"{given[0]} is for Grafana; give --grafana URL as well")
    if given and not with_dashboards:
        raise UsageError(f"{given[0]} is about dashboards, which --no-dashboards leaves out")
    url = options["--prometheus"]
    if url is not None and not url.startswith(("http://", "https://")):
        raise UsageError(f'--prometheus is "{url}"; it takes an address as Grafana reaches it')
    if "--data-source" in given and "--prometheus" in given:
        raise UsageError("--data-source and --prometheus both name a data source; give one")


def _results(name: str) -> Perf:
    with located(name, records=False) as path:
        results = path / PERF if path.is_dir() else path
        if results.is_file():
            return read_perf(results)
    raise UsageError(
        f"{name} has no {PERF}: the run was killed or still goes on; once it has ended: "
        f"yoyak report {name} --recompute"
    )


def _into_folder(perfs: Sequence[Perf], folder: Path) -> list[Line]:
    from yoyak.telemetry.publishing.series import put_into_folder  # seldom needed: imported late

    return [
        _line("series of", perf.run_id, put_into_folder(perf, folder), str(folder))
        for perf in perfs
    ]


def _to_gateway(perfs: Sequence[Perf], access: Access) -> list[Line]:
    from yoyak.telemetry.publishing.series import push_to_gateway

    lines = []
    for perf in perfs:
        push_to_gateway(perf, access)
        lines.append(_line("series of", perf.run_id, "pushed", access.url))
    return lines


def _to_grafana(
    perfs: Sequence[Perf],
    access: Access,
    *,
    with_dashboards: bool,
    folder: str | None,
    data_source: str | None,
    prometheus: str | None,
) -> list[Line]:
    from yoyak.telemetry.publishing.annotation import run_annotation
    from yoyak.telemetry.publishing.grafana import Grafana
    from yoyak.telemetry.publishing.publish import annotate

    lines = []
    with closing(Grafana(access)) as grafana:
        grafana.check()
        if with_dashboards:
            lines += _dashboards(
                grafana, folder=folder, data_source=data_source, prometheus=prometheus
            )
        for perf in perfs:
            wanted = run_annotation(perf)
            if wanted is None:
                _warn(f"{perf.run_id} does not say when it began and ended: no annotation")
                continue
            where = f"{perf.started_at} to {perf.finished_at}"
            lines.append(_line("annotation of", perf.run_id, annotate(grafana, wanted), where))
    return lines


def _dashboards(
    grafana: Any,  # noqa: ANN401 - Grafana, whose import waits until it is needed
    *,
    folder: str | None,
    data_source: str | None,
    prometheus: str | None,
) -> list[Line]:
    from yoyak.telemetry.publishing.publish import (
        dashboards,
        ensure_data_source,
        find_data_source,
        prometheus_sources,
        push,
        show_first,
    )

    lines = []
    made = dashboards()
    shown = None
    if prometheus is not None:
        shown, change = ensure_data_source(grafana, prometheus)
        lines.append(_line("data source", str(shown["name"]), change, prometheus))
    elif data_source is not None:
        shown = find_data_source(grafana, data_source)
    elif prometheus_sources(grafana) == []:
        _warn(
            f"{grafana.url} has no Prometheus data source, so panels stay empty; "
            "--prometheus URL adds one"
        )
    if shown is not None:
        made = [show_first(dashboard, shown) for dashboard in made]
    for pushed in push(grafana, made, folder=folder):
        lines.append(_line("dashboard", pushed.title, pushed.change, pushed.url))
        if pushed.change == "provisioned" and (folder is not None or shown is not None):
            _warn(f"{pushed.title} is read from files there: it was left as it is")
    return lines


def _line(what: str, name: str, change: str, where: str) -> Line:
    return {"what": what, "name": name, "change": change, "where": where}


def _warn(text: str) -> None:
    messages_console().print(f"warning: {text}", soft_wrap=True, markup=False)
