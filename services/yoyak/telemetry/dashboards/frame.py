"""What our dashboards have in common: variables, links, annotations, and their text as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DataSourceRef,
    Panel,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from yoyak.telemetry import names
from yoyak.telemetry.dashboards.panels import PROMETHEUS, link
from yoyak.telemetry.run_gauges import MODEL, RUN_ID, RUN_INFO

INSTANCE = "instance"
DASHBOARDS = {  # uid to title in links, in the order of a reader's way
    "yoyak-compare": "Compare instances",
    "yoyak-host": "One host",
    "yoyak-requests": "Requests",
    "yoyak-crawl": "Crawl",
}
WINDOW = "$__rate_interval"  # Grafana's: at least four scrapes

OF_TYPE = f'{names.INSTANCE_TYPE}=~"$instance_type"'
OF_MODEL = f'{names.GENAI_MODEL}=~"$model"'
OF_RUN = f'{OF_TYPE},{MODEL}=~"$model",{RUN_ID}=~"$run"'
OF_HOST = f'{INSTANCE}=~"$host"'

_ALERTS = "Alerts"
# What an annotation of an alert says; without these it is a line without a word, and the usual
# step of a minute passes over short ones. Grafana's SDK has no fields for them.
_ALERT_TEXTS = {
    "titleFormat": "{{alertname}}",
    "textFormat": "{{instance_type}} {{instance}}",
    "tagKeys": "severity",
    "step": "15s",
}
_ANY_INFO = f'{{__name__=~"{RUN_INFO.metric.name}|{names.MODEL_INFO.name}"}}'


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and the panels below it."""

    title: str
    panels: Sequence[Builder[Panel]]


def instance_type() -> Builder[VariableModel]:
    """Return the variable for instance types, of live hosts and of finished runs."""
    return _labels("instance_type", "Instance type", _ANY_INFO, names.INSTANCE_TYPE)


def model() -> Builder[VariableModel]:
    """Return the variable for models."""
    return _labels("model", "Model", _ANY_INFO, MODEL).description(
        "Of finished runs and of live latencies; a host's own series bear no model."
    )


def run() -> Builder[VariableModel]:
    """Return the variable for finished runs of those instance types and models."""
    of = f'{RUN_INFO.metric.name}{{{OF_TYPE},{MODEL}=~"$model"}}'
    return _labels("run", "Run", of, RUN_ID)


def host() -> Builder[VariableModel]:
    """Return the variable for one live host of those instance types."""
    of = f"{names.BUILD_INFO.name}{{{OF_TYPE}}}"
    return _query("host", "Host", of, INSTANCE).multi(False).include_all(False)


def trace_store() -> Builder[VariableModel]:
    """Return the variable for the data source with the traces."""
    return dashboard.DatasourceVariable("traces").label("Traces").type("tempo")


def choice(name: str, label: str, values: Sequence[str]) -> Builder[VariableModel]:
    """Return a variable of fixed values, the first of them chosen."""
    return dashboard.CustomVariable(name).label(label).values(",".join(values))


def build(
    *,
    uid: str,
    title: str,
    description: str,
    variables: Sequence[Builder[VariableModel]],
    rows: Sequence[Row],
    time_from: str = "now-30m",
    refresh: str = "10s",
) -> str:
    """Return a dashboard's JSON text.

    Args:
        uid: fixed, so that links to the dashboard stay good.
        title: as Grafana lists it.
        description: what it answers.
        variables: after the data source's.
        rows: from the top.
        time_from: begin of the time range until now.
        refresh: how often an open dashboard asks again.
    """
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([names.DASHBOARD_TAG])
        .editable()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time(time_from, "now")
        .refresh(refresh)
        .variables([_metric_store(), *variables])
        .annotations([_alerts(), _runs()])
        .links([link(name, other) for other, name in DASHBOARDS.items() if other != uid])
    )
    for row in rows:
        made = made.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            made = made.with_panel(panel)
    return _text(made.build())


def _text(made: Dashboard) -> str:
    for number, panel in enumerate(made.panels or [], start=1):
        panel.id_val = number
    complete = json.loads(JSONEncoder().encode(made))
    for annotation in complete["annotations"]["list"]:
        if annotation["name"] == _ALERTS:
            annotation.update(_ALERT_TEXTS)
    return json.dumps(complete, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _metric_store() -> Builder[VariableModel]:
    return dashboard.DatasourceVariable("datasource").label("Metrics").type("prometheus")


def _labels(name: str, label: str, of: str, values_of: str) -> dashboard.QueryVariable:
    # ".*" and not the list of values: it also matches a host that has no such label.
    everything = VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        _query(name, label, of, values_of)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(everything)
    )


def _query(name: str, label: str, of: str, values_of: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query(f"label_values({of}, {values_of})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
    )


def _alerts() -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name(_ALERTS)
        .datasource(PROMETHEUS)
        .enable(True)
        .icon_color("red")
        .expr('ALERTS{alertstate="firing",alertname=~"Yoyak.*"}')
    )


def _runs() -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name("Runs")
        .datasource(DataSourceRef(type_val="grafana", uid="-- Grafana --"))
        .enable(True)
        .icon_color("blue")
        .target(
            dashboard.AnnotationTarget()
            .type("tags")
            .tags([names.DASHBOARD_TAG])
            .limit(100)
            .match_any(True)
        )
    )
