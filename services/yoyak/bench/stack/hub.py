"""The hub that a host writes to, from its variables: where, and what proves who we are."""

import os
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from yoyak.errors import HostError, UsageError

HUB, HUB_TRACES = "YOYAK_HUB", "YOYAK_HUB_TRACES"
RECEIVER = "/api/v1/write"  # Prometheus' own; other stores have theirs in their address
TRACES_PORT, TRACES = 9444, "/v1/traces"  # of docker/compose.hub.yaml; of OTLP over HTTP
PASSWORD, CERTIFICATE = "hub-password", "hub-ca.pem"
CERTIFICATE_NAME = "prometheus"  # in every certificate that a hub makes (docker/compose.hub.yaml)
GIVEN = {PASSWORD: Path("/hub/password"), CERTIFICATE: Path("/hub/ca.pem")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A remote-write store, a trace store beside it, and what proves who we are."""

    url: str
    traces_url: str | None  # None: it has no trace store
    host: str  # label of every series: tells two hosts of one instance type apart
    user: str
    has_certificate: bool  # its own authority, else the system's
    sigv4_region: str | None = None  # Amazon Managed Prometheus, in place of a password


def receiver_url(address: str) -> str:
    """Return where samples go: the hub's own path unless the address names another.

    Raises:
        UsageError: no https address. A password would go in clear text.
    """
    return _with_path(HUB, address, RECEIVER)


def traces_url(told: str, *, hub: str) -> str | None:
    """Return where spans go, or None.

    Args:
        told: an address; empty for the trace store of a hub of ours; "none".
        hub: the hub's address. One with a path is another store, which takes samples only.

    Raises:
        UsageError: no https address.
    """
    if told == "none":
        return None
    if told:
        return _with_path(HUB_TRACES, told, TRACES)
    parts = urlsplit(hub)
    if parts.path.strip("/"):
        return None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"https://{host}:{TRACES_PORT}{TRACES}"


def _with_path(variable: str, address: str, path: str) -> str:
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.username:
        raise UsageError(
            f'{variable} is "{address}"; it takes an https:// address, without user and password'
        )
    return address if parts.path.strip("/") else address.rstrip("/") + path


def hub_from(folder: Path, environ: Mapping[str, str]) -> Hub | None:
    """Return the hub, and copy its password and certificate into the folder; None without one.

    Raises:
        UsageError: a variable that cannot be; names it.
        HostError: a file cannot be read or written.
    """
    address = environ.get(HUB, "")
    if not address:
        return None
    url = receiver_url(address)
    spans = traces_url(environ.get(HUB_TRACES, ""), hub=address)
    region = environ.get("YOYAK_HUB_SIGV4_REGION") or None
    has = {name: _copied(path, folder / name) for name, path in GIVEN.items()}
    if region is None and not has[PASSWORD]:
        raise UsageError(
            f"{HUB} is set and no password is there; "
            "put it into a file and name that: YOYAK_HUB_PASSWORD_FILE=./hub-password"
        )
    return Hub(
        url=url,
        traces_url=spans,
        host=environ.get("YOYAK_INSTANCE_ID") or socket.gethostname(),
        user=environ.get("YOYAK_HUB_USER") or "yoyak",
        has_certificate=has[CERTIFICATE],
        sigv4_region=region,
    )


def _copied(path: Path, to: Path) -> bool:
    """Copy a file for its readers, who run as other users; return whether there is one."""
    try:
        if not path.is_file() or path.stat().st_size == 0:  # /dev/null stands for none
            to.unlink(missing_ok=True)
            return False
        shutil.copyfile(path, to)
    except OSError as error:
        raise HostError(
            f"{error.filename} cannot be read or written ({error.strerror}) by user {os.getuid()}; "
            "give it to that user, or set YOYAK_UID to its owner's"
        ) from error
    return True
