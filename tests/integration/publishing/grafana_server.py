"""What Grafana 11 answers to the requests of `yoyak publish`: a server with a memory.

It keeps folders, dashboards, annotations and data sources, asks who is there, and refuses where
Grafana refuses: by role, by precondition, by provisioning. Facts are from Grafana's API pages and
its source: how a tag is taken apart, what an Editor may not see, which status says what.
"""

import base64
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

VIEWER, EDITOR, ADMIN = 1, 2, 3  # roles; each may do what those before it may
TOKENS = {"of-an-admin": ADMIN, "of-an-editor": EDITOR, "of-a-viewer": VIEWER}
LOGINS = {("admin", "geheim & 비밀"): ADMIN}

Json = dict[str, Any]


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, message: str, **more: str) -> None:
        super().__init__(message)
        self.code = code
        self.body = {"message": message, **more}


@dataclass
class GrafanaState:
    """What this Grafana has, and how it is set up."""

    annotations: dict[int, Json] = field(default_factory=dict)
    dashboards: dict[str, Json] = field(default_factory=dict)  # {"dashboard", "meta"} by uid
    folders: dict[str, Json] = field(default_factory=dict)
    data_sources: list[Json] = field(default_factory=list)
    path: str = ""  # where it is served, such as "/grafana"
    moved_to: str | None = None  # every request is redirected there
    is_broken: bool = False  # its database is gone
    requests: list[tuple[str, str]] = field(default_factory=list)
    saves: int = 0
    numbers: int = 0

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def provision(self, dashboard: Json) -> None:
        """Have a dashboard as if it were read from a file."""
        meta = {"provisioned": True, "provisionedExternalId": "compare.json", "folderUid": "files"}
        self.dashboards[dashboard["uid"]] = {"dashboard": dashboard, "meta": meta}


def split_tag(tag: str) -> str:
    """A tag as Grafana keeps it: two parts at most, each trimmed."""
    parts = [part.strip(" ") for part in tag.split(":")]
    return parts[0] if len(parts) == 1 else ":".join(parts[:2])


@dataclass(frozen=True)
class Asked:
    """One request: who asks, and what."""

    role: int
    rest: str  # of the path, after the route's name
    query: Mapping[str, list[str]]
    body: Json


class Routes:
    """The API: a method for each verb and first part of the path."""

    def __init__(self, state: GrafanaState) -> None:
        self.state = state

    def answer(self, method: str, path: str, asked: Asked) -> object:
        name = path.partition("/")[0]
        if (method, path) == ("GET", "health"):
            return {"database": "ok", "version": "11.6.0", "commit": "0000000"}
        if asked.role == 0:
            raise Refusal(401, "Unauthorized")
        route = getattr(self, f"{method.lower()}_{name}", None)
        if route is None:
            raise Refusal(404, "Not found")
        found: object = route(asked)
        return found

    def get_annotations(self, asked: Asked) -> object:
        wanted = {split_tag(tag) for tag in asked.query.get("tags", ())}
        found = [one for one in self.state.annotations.values() if wanted <= set(one["tags"])]
        found.sort(key=lambda one: -int(one["time"]))
        return found[: int(asked.query.get("limit", ["100"])[0])]

    def post_annotations(self, asked: Asked) -> object:
        need(asked.role, EDITOR, "annotations:create")
        number = self.state.number()
        self.state.annotations[number] = {"id": number, **kept(asked.body)}
        return {"message": "Annotation added", "id": number}

    def put_annotations(self, asked: Asked) -> object:
        need(asked.role, EDITOR, "annotations:write")
        if int(asked.rest) not in self.state.annotations:
            raise Refusal(404, "Could not find annotation to update")
        self.state.annotations[int(asked.rest)] |= kept(asked.body)
        return {"message": "Annotation updated"}

    def delete_annotations(self, asked: Asked) -> object:
        need(asked.role, EDITOR, "annotations:delete")
        del self.state.annotations[int(asked.rest)]
        return {"message": "Annotation deleted"}

    def get_dashboards(self, asked: Asked) -> object:
        found = self.state.dashboards.get(asked.rest.removeprefix("uid/"))
        if found is None:
            raise Refusal(404, "Dashboard not found")
        return found

    def post_dashboards(self, asked: Asked) -> object:
        need(asked.role, EDITOR, "dashboards:write")
        dashboard, folder = asked.body["dashboard"], asked.body.get("folderUid", "")
        if folder and folder not in self.state.folders:
            raise Refusal(400, "folder not found")
        uid = dashboard["uid"]
        before = self.state.dashboards.get(uid)
        if before is not None and before["meta"].get("provisioned"):
            raise Refusal(400, "Cannot save provisioned dashboard")
        if before is not None and not asked.body.get("overwrite"):
            raise Refusal(412, "The dashboard has been changed", status="version-mismatch")
        self.state.saves += 1
        version = 1 if before is None else before["dashboard"]["version"] + 1
        number = self.state.number() if before is None else before["dashboard"]["id"]
        self.state.dashboards[uid] = {
            "dashboard": {**dashboard, "id": number, "version": version},
            "meta": {"provisioned": False, "folderUid": folder, "version": version},
        }
        return {"id": number, "uid": uid, "status": "success", "version": version}

    def get_folders(self, asked: Asked) -> object:
        if not asked.rest:
            return list(self.state.folders.values())
        if asked.rest not in self.state.folders:
            if asked.role < ADMIN:
                raise Refusal(403, "You'll need additional permissions to perform this action.")
            raise Refusal(404, "folder not found", status="not-found")
        return self.state.folders[asked.rest]

    def post_folders(self, asked: Asked) -> object:
        need(asked.role, EDITOR, "folders:create")
        self.state.folders[asked.body["uid"]] = {
            "uid": asked.body["uid"],
            "title": asked.body["title"],
        }
        return self.state.folders[asked.body["uid"]]

    def get_datasources(self, asked: Asked) -> object:
        need(asked.role, ADMIN, "datasources:read")
        return self.state.data_sources

    def post_datasources(self, asked: Asked) -> object:
        need(asked.role, ADMIN, "datasources:create")
        if asked.body["name"] in [one["name"] for one in self.state.data_sources]:
            raise Refusal(409, "data source with the same name already exists")
        made = {**asked.body, "uid": f"made{self.state.number()}"}
        self.state.data_sources.append(made)
        return {"datasource": made, "message": "Datasource added", "name": asked.body["name"]}


def kept(body: Json) -> Json:
    """What of an annotation Grafana keeps."""
    tags = list(dict.fromkeys(split_tag(tag) for tag in body["tags"]))
    return {"text": body["text"], "time": body["time"], "timeEnd": body["timeEnd"], "tags": tags}


def need(role: int, least: int, permission: str) -> None:
    if role < least:
        raise Refusal(403, f"You'll need additional permissions. Permissions needed: {permission}")


def role_of(header: str | None) -> int:
    kind, _, value = (header or "").partition(" ")
    if kind == "Bearer":
        return TOKENS.get(value, 0)
    if kind == "Basic":
        user, _, password = base64.b64decode(value).decode().partition(":")
        return LOGINS.get((user, password), 0)
    return 0


@contextmanager
def grafana_server(state: GrafanaState, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve until the block ends; yield the address."""
    routes = Routes(state)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            state.requests.append((self.command, parts.path))
            if state.moved_to is not None:
                self._send(301, b"", location=state.moved_to + self.path)
            elif state.is_broken:
                self._send(503, json.dumps({"database": "failing", "version": "11.6.0"}).encode())
            elif not parts.path.startswith(f"{state.path}/api/"):
                self._send(404, b"<html>no such page</html>", kind="text/html")
            else:
                path = parts.path.removeprefix(f"{state.path}/api/").rstrip("/")
                asked = Asked(
                    role_of(self.headers.get("authorization")),
                    unquote(path.partition("/")[2]),
                    parse_qs(parts.query),
                    json.loads(body) if body else {},
                )
                try:
                    found = routes.answer(self.command, path, asked)
                    self._send(200, json.dumps(found).encode())
                except Refusal as refusal:
                    self._send(refusal.code, json.dumps(refusal.body).encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

        def _send(
            self, status: int, body: bytes, *, kind: str = "application/json", location: str = ""
        ) -> None:
            self.send_response(status)
            if location:
                self.send_header("location", location)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        scheme, host = ("http", "127.0.0.1") if tls is None else ("https", "localhost")
        yield f"{scheme}://{host}:{server.server_address[1]}{state.path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
