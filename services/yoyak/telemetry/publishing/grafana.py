"""Grafana's HTTP API as far as we use it: each refusal becomes one line that says what to do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any
from urllib.parse import quote, urlsplit

import requests.exceptions
from grafana_client import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException

from yoyak import __version__
from yoyak.errors import HostError, one_line
from yoyak.telemetry.publishing.access import Access

_CONNECT_S = 5.0
_ANSWER_S = 30.0  # saving a dashboard in a busy Grafana takes seconds
_MOST = 1000  # annotations of one run, folders

Json = dict[str, Any]


class NotThere(HostError):
    """Grafana answers 404: what was asked for does not exist, or may not be seen."""


class Forbidden(HostError):
    """Grafana answers 403."""


class Grafana:
    """One Grafana; every method raises HostError where it does not answer as it should."""

    def __init__(self, access: Access) -> None:
        """Open no connection yet."""
        parts = urlsplit(access.url)
        host = parts.hostname or ""
        login: object = access.token
        if access.user is not None and access.password is not None:  # of text it makes Latin-1
            login = (access.user.encode(), access.password.encode())
        self._access = access
        self._api = GrafanaApi(
            login,
            host=f"[{host}]" if ":" in host else host,
            port=parts.port,
            url_path_prefix=f"{parts.path.strip('/')}/" if parts.path.strip("/") else "",
            protocol=parts.scheme,
            verify=True if access.ca_file is None else str(access.ca_file),
            timeout=(_CONNECT_S, _ANSWER_S),
            user_agent=f"yoyak/{__version__}",
        )
        # A POST that is redirected arrives as a GET: nothing is saved and no error is seen.
        self._api.client.s.max_redirects = 0

    def close(self) -> None:
        """Close its connections."""
        self._api.client.s.close()

    @property
    def url(self) -> str:
        """Its address."""
        return self._access.url

    def check(self) -> str | None:
        """Return its version, if it tells, once it is sure that a Grafana answers."""
        try:
            with self._asking("say how it is"):
                said = self._api.health.check()
        except NotThere as error:
            raise self._no_grafana() from error
        if not isinstance(said, dict) or "database" not in said:
            raise self._no_grafana()
        version = said.get("version")
        return str(version) if version else None

    def annotations(self, tags: Sequence[str]) -> list[Json]:
        """Return all annotations of the organization that have every one of these tags."""
        with self._asking("find annotations", "annotations:read"):
            found = self._api.annotations.get_annotation(
                ann_type="annotation", tags=[quote(tag, safe="") for tag in tags], limit=_MOST
            )
        return self._list(found)

    def add_annotation(self, text: str, tags: Sequence[str], began_ms: int, ended_ms: int) -> None:
        """Add a region."""
        with self._asking("add an annotation", "annotations:create"):
            self._api.annotations.add_annotation(
                time_from=began_ms, time_to=ended_ms, tags=list(tags), text=text
            )

    def change_annotation(
        self, number: int, text: str, tags: Sequence[str], began_ms: int, ended_ms: int
    ) -> None:
        """Replace what an annotation says."""
        with self._asking("change an annotation", "annotations:write"):
            self._api.annotations.update_annotation(
                number, time_from=began_ms, time_to=ended_ms, tags=list(tags), text=text
            )

    def remove_annotation(self, number: int) -> None:
        """Delete an annotation."""
        with self._asking("delete an annotation", "annotations:delete"):
            self._api.annotations.delete_annotations_by_id(number)

    def dashboard(self, uid: str) -> Json | None:
        """Return a dashboard with its "meta", or None if there is none."""
        return self._one(lambda: self._api.dashboard.get_dashboard(uid), "dashboards:read")

    def save_dashboard(
        self, dashboard: Mapping[str, Any], *, folder_uid: str, message: str
    ) -> Json:
        """Save a dashboard over the one with its uid; return Grafana's answer."""
        payload = {
            "dashboard": dict(dashboard),
            "folderUid": folder_uid,
            "message": message,
            "overwrite": True,
        }
        with self._asking("save a dashboard", "dashboards:create and dashboards:write"):
            return self._dict(self._api.dashboard.update_dashboard(payload))

    def folders(self) -> list[Json]:
        """Return the folders that we may see."""
        with self._asking("list folders", "folders:read"):
            return self._list(self._api.folder.get_all_folders())

    def folder(self, uid: str) -> Json | None:
        """Return a folder, or None if there is none that we may see."""
        try:
            return self._one(lambda: self._api.folder.get_folder(quote(uid, safe="")), "")
        except Forbidden:  # since roles have scopes, it answers so for a folder that is not there
            return None

    def create_folder(self, title: str, uid: str) -> Json:
        """Create a folder."""
        with self._asking("create a folder", "folders:create"):
            return self._dict(self._api.folder.create_folder(title, uid))

    def data_sources(self) -> list[Json] | None:
        """Return the data sources; None if we may not see them, as an Editor may not."""
        try:
            with self._asking("list data sources", "datasources:read"):
                return self._list(self._api.datasource.list_datasources())
        except Forbidden:
            return None

    def create_data_source(self, data_source: Mapping[str, Any]) -> Json:
        """Create a data source and return it."""
        with self._asking("add a data source", "datasources:create"):
            answer = self._dict(self._api.datasource.create_datasource(dict(data_source)))
        return self._dict(answer.get("datasource", answer))

    def _one(self, ask: Callable[[], object], permission: str) -> Json | None:
        try:
            with self._asking("look", permission):
                return self._dict(ask())
        except NotThere:
            return None

    def _list(self, answer: object) -> list[Json]:
        if isinstance(answer, list) and all(isinstance(one, dict) for one in answer):
            return answer
        raise self._no_grafana()

    def _dict(self, answer: object) -> Json:
        if isinstance(answer, dict):
            return answer
        raise self._no_grafana()

    def _no_grafana(self) -> HostError:
        return HostError(
            f"{self.url} does not answer as Grafana does; give Grafana's address, with its path "
            "if it has one, and not that of a login page before it"
        )

    @contextmanager
    def _asking(self, to_do: str, permission: str = "") -> Iterator[None]:
        """Turn what can go wrong into one line."""
        url = self.url
        try:
            yield
        except GrafanaException as error:
            raise self._refused(error, to_do, permission) from error
        except requests.exceptions.TooManyRedirects as error:
            to = error.response.headers.get("location", "") if error.response is not None else ""
            raise HostError(
                f"{url} sends us on to {one_line(to)}; give the address of Grafana itself"
            ) from error
        except requests.exceptions.SSLError as error:
            raise HostError(
                f"the certificate of {url} cannot be trusted ({_root(error)}); name its authority "
                "in GRAFANA_CA_FILE"
            ) from error
        except requests.exceptions.Timeout as error:
            raise HostError(f"{url} did not answer in time; is Grafana at work there?") from error
        except (JSONDecodeError, requests.exceptions.InvalidJSONError) as error:
            raise self._no_grafana() from error
        except requests.exceptions.RequestException as error:
            raise HostError(
                f"no Grafana answers under {url} ({_root(error)}); start it or mend --grafana"
            ) from error

    def _refused(self, error: GrafanaException, to_do: str, permission: str) -> HostError:
        said = one_line(str(error.message))
        if error.status_code == HTTPStatus.UNAUTHORIZED:
            way = "the login in the environment" if self._is_known else "anonymous requests"
            return HostError(
                f"{self.url} refuses {way} (401); set GRAFANA_TOKEN to a service account's "
                "token, or GRAFANA_USER and GRAFANA_PASSWORD"
            )
        if error.status_code == HTTPStatus.FORBIDDEN:
            return Forbidden(
                f"{self.url} does not let us {to_do} (403); the account needs the role Editor"
                + (f", or the permission {permission}" if permission else "")
            )
        if error.status_code == HTTPStatus.NOT_FOUND and isinstance(error, GrafanaClientError):
            return NotThere(f"{self.url} has not what it takes to {to_do} (404: {said})")
        return HostError(
            f"{self.url} could not {to_do} ({error.status_code}: {said}); its log says why"
        )

    @property
    def _is_known(self) -> bool:
        return self._access.token is not None or self._access.user is not None


def _root(error: BaseException) -> str:
    """Return the reason at the bottom of a stack of wrapped errors, without addresses."""
    reason: BaseException = error
    while (inner := _inner(reason)) is not None:
        reason = inner
    text = getattr(reason, "verify_message", None) or getattr(reason, "strerror", None)
    return one_line(str(text or reason))


def _inner(error: BaseException) -> BaseException | None:
    wrapped = (getattr(error, "reason", None), *error.args, error.__cause__)
    return next((one for one in wrapped if isinstance(one, BaseException)), None)
