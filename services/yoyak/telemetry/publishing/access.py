"""Where a server is and how we prove who we are; secrets come from the environment alone."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from yoyak.errors import UsageError

Service = Literal["GRAFANA", "PUSHGATEWAY"]  # what its variables begin with


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One server; its repr holds no secret."""

    service: Service
    url: str  # without a slash at its end
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None  # None: the system's authorities

    @property
    def is_open_secret(self) -> bool:
        """Whether a secret would cross a network that others can read."""
        parts = urlsplit(self.url)
        has_secret = self.token is not None or self.password is not None
        return has_secret and parts.scheme == "http" and not _is_loopback(parts.hostname or "")


def access_from(service: Service, url: str, environ: Mapping[str, str]) -> Access:
    """Return how to reach a server, from its address and the environment.

    Reads SERVICE_TOKEN or SERVICE_TOKEN_FILE, or SERVICE_USER with SERVICE_PASSWORD or
    SERVICE_PASSWORD_FILE, and SERVICE_CA_FILE. Empty variables count as unset.

    Raises:
        UsageError: not an http address, a secret in the address, half of a login, two ways to log
            in, or a file that cannot be read; tells no secret.
    """
    _check(service, url)
    token = _secret(service, "TOKEN", environ)
    password = _secret(service, "PASSWORD", environ)
    user = environ.get(f"{service}_USER") or None
    if token is not None and (user is not None or password is not None):
        raise UsageError(
            f"{service}_TOKEN and {service}_USER exclude each other; unset one of them"
        )
    if (user is None) != (password is None):
        missing = "USER" if user is None else "PASSWORD"
        raise UsageError(
            f"{service}_{missing} is missing; a login is {service}_USER and a password"
        )
    ca_file = Path(environ[f"{service}_CA_FILE"]) if environ.get(f"{service}_CA_FILE") else None
    if ca_file is not None and not ca_file.is_file():
        raise UsageError(f"{service}_CA_FILE names {ca_file}, which is not there")
    return Access(
        service=service,
        url=url.rstrip("/"),
        token=token,
        user=user,
        password=password,
        ca_file=ca_file,
    )


def _check(service: Service, url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url} is no address ({error})") from error
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            f"the address of {service} holds a login, which others see in the list of processes; "
            f"put it into {service}_USER and {service}_PASSWORD"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise UsageError(f'"{url}" is no address; it takes one such as https://example.org:3000')
    if parts.query or parts.fragment:
        raise UsageError(f'"{url}" is no address of a server: leave out what follows ? or #')


def _secret(service: Service, name: str, environ: Mapping[str, str]) -> str | None:
    variable = f"{service}_{name}"
    file = environ.get(f"{variable}_FILE")
    given = environ.get(variable) or None
    if not file:
        return given
    if given is not None:
        raise UsageError(f"{variable} and {variable}_FILE exclude each other; unset one of them")
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise UsageError(f"{variable}_FILE names {file}, which cannot be read: {reason}") from error
    if not text:
        raise UsageError(f"{variable}_FILE names {file}, which is empty")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
