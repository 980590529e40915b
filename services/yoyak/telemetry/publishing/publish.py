"""Making Grafana have our dashboards and a run's annotation, whatever of them it had before."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from yoyak import __version__
from yoyak.errors import HostError, UsageError
from yoyak.telemetry.dashboards.all import DASHBOARDS
from yoyak.telemetry.names import DASHBOARD_TAG
from yoyak.telemetry.publishing.annotation import RunAnnotation
from yoyak.telemetry.publishing.grafana import Grafana

Change = Literal["new", "changed", "unchanged", "provisioned"]

FOLDER = "yoyak"  # uid and title of the folder that is made where none is named
ROOT_FOLDER = "general"  # as Grafana calls the place outside every folder
PROMETHEUS_TYPES = ("prometheus", "grafana-amazonprometheus-datasource")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What became of one dashboard."""

    title: str
    url: str
    change: Change


def annotate(grafana: Grafana, wanted: RunAnnotation) -> Change:
    """Make a run's annotation be there once, as wanted."""
    there = sorted(
        (
            found
            for found in grafana.annotations((DASHBOARD_TAG, wanted.run_tag))
            # Asked for two tags; whoever answers with more must not have it deleted.
            if {DASHBOARD_TAG, wanted.run_tag} <= set(found.get("tags") or ())
        ),
        key=lambda found: int(found["id"]),
    )
    what = (wanted.text, wanted.tags, wanted.began_ms, wanted.ended_ms)
    if not there:
        grafana.add_annotation(*what)
        return "new"
    first, *doubles = there
    for double in doubles:
        grafana.remove_annotation(int(double["id"]))
    is_same = (
        first.get("text") == wanted.text
        and set(first["tags"]) == set(wanted.tags)
        and (first.get("time"), first.get("timeEnd")) == (wanted.began_ms, wanted.ended_ms)
    )
    if is_same:
        return "changed" if doubles else "unchanged"
    grafana.change_annotation(int(first["id"]), *what)
    return "changed"


def dashboards() -> list[dict[str, Any]]:
    """Return our dashboards."""
    return [json.loads(build()) for build in DASHBOARDS.values()]


def show_first(dashboard: Mapping[str, Any], data_source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dashboard whose metrics come from a data source until its reader picks another."""
    text = json.loads(json.dumps(dashboard))
    for variable in text["templating"]["list"]:
        if variable["type"] == "datasource" and variable["query"] == "prometheus":
            variable["current"] = {
                "selected": True,
                "text": data_source["name"],
                "value": data_source["uid"],
            }
    return dict(text)


def find_folder(grafana: Grafana, name: str) -> str:
    """Return the uid of a folder that a user named by uid or by title.

    Raises:
        UsageError: there is none, or there are several of that title; lists what there is.
    """
    if name.lower() == ROOT_FOLDER:
        return ""
    if grafana.folder(name) is not None:
        return name
    folders = grafana.folders()
    titled = [str(folder["uid"]) for folder in folders if folder.get("title") == name]
    if len(titled) == 1:
        return titled[0]
    if titled:
        raise UsageError(
            f'{grafana.url} has {len(titled)} folders titled "{name}"; give the uid of one: '
            f"{', '.join(titled)}"
        )
    known = ", ".join(f"{folder['uid']} ({folder.get('title')})" for folder in folders)
    raise UsageError(
        f'{grafana.url} has no folder "{name}" that we may see; there are: '
        f"{ROOT_FOLDER}{', ' if known else ''}{known}"
    )


def push(
    grafana: Grafana, made: Sequence[Mapping[str, Any]], *, folder: str | None
) -> list[Pushed]:
    """Make Grafana have these dashboards.

    One that Grafana reads from files is left alone: it would refuse, or lose ours again. One that
    somebody has moved stays where it is, unless a folder is named.

    Args:
        grafana: where to.
        made: dashboards, each with its uid.
        folder: uid or title of a folder that is there; None makes a folder of our own, once a
            dashboard is new.
    """
    named_uid = None if folder is None else find_folder(grafana, folder)
    own_uid: str | None = None
    pushed = []
    for dashboard in made:
        there = grafana.dashboard(str(dashboard["uid"]))
        meta = {} if there is None else there.get("meta") or {}
        url = f"{grafana.url}/d/{dashboard['uid']}"
        change: Change
        if meta.get("provisioned"):
            change = "provisioned"
        else:
            if named_uid is not None:
                folder_uid = named_uid
            elif there is not None:
                folder_uid = str(meta.get("folderUid") or "")
            else:
                own_uid = own_uid or _own_folder(grafana)
                folder_uid = own_uid
            is_there = there is not None and str(meta.get("folderUid") or "") == folder_uid
            if is_there and _content((there or {}).get("dashboard") or {}) == _content(dashboard):
                change = "unchanged"
            else:
                grafana.save_dashboard(
                    dashboard, folder_uid=folder_uid, message=f"yoyak publish {__version__}"
                )
                change = "new" if there is None else "changed"
        pushed.append(Pushed(title=str(dashboard["title"]), url=url, change=change))
    return pushed


def _content(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dashboard without the numbers that Grafana gives it."""
    return {key: value for key, value in dashboard.items() if key not in ("id", "version")}


def _own_folder(grafana: Grafana) -> str:
    if grafana.folder(FOLDER) is not None:
        return FOLDER
    for folder in grafana.folders():
        if folder.get("title") == FOLDER:  # such as the one that provisioning makes
            return str(folder["uid"])
    return str(grafana.create_folder(FOLDER, FOLDER)["uid"])


def prometheus_sources(grafana: Grafana) -> list[dict[str, Any]] | None:
    """Return the data sources with PromQL; None if we may not see them."""
    found = grafana.data_sources()
    if found is None:
        return None
    return [source for source in found if source.get("type") in PROMETHEUS_TYPES]


def find_data_source(grafana: Grafana, name: str) -> dict[str, Any]:
    """Return the Prometheus data source of a name or uid.

    Raises:
        UsageError: there is none; lists what there is.
        HostError: we may not see data sources.
    """
    sources = prometheus_sources(grafana)
    if sources is None:
        raise HostError(
            f"{grafana.url} does not let us see its data sources (403); leave --data-source out, "
            "or use an account with the permission datasources:read"
        )
    for source in sources:
        if name in (source.get("uid"), source.get("name")):
            return source
    known = ", ".join(f"{s.get('name')} ({s.get('uid')})" for s in sources) or "none"
    raise UsageError(
        f'{grafana.url} has no Prometheus data source "{name}"; there are: {known}. '
        "--prometheus URL adds one"
    )


def ensure_data_source(grafana: Grafana, prometheus_url: str) -> tuple[dict[str, Any], Change]:
    """Return the data source of a Prometheus's address, which is added where it is missing."""
    url = prometheus_url.rstrip("/")
    for source in prometheus_sources(grafana) or ():
        if str(source.get("url") or "").rstrip("/") == url:
            return source, "unchanged"
    made = grafana.create_data_source(
        {
            "name": f"{DASHBOARD_TAG} {urlsplit(url).netloc}",
            "type": "prometheus",
            "access": "proxy",
            "url": url,
            "jsonData": {"httpMethod": "POST", "timeInterval": "5s"},
        }
    )
    return made, "new"
