"""Where an engine is reached: the parts of an http or https URL, and requests to it as bytes."""

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from yoyak.errors import UsageError

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A server: where to connect, and what goes before each path."""

    scheme: str
    host: str
    port: int
    prefix: str = ""  # such as "/v1", without a slash at its end

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"{self.scheme}://{self.authority}{self.prefix}"

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return what verifies the server, by the system's authorities; None for plain http."""
        return ssl.create_default_context() if self.scheme == "https" else None


def parse_address(url: str) -> Address:
    """Return the parts of an http or https URL.

    Raises:
        UsageError: it is none, or holds what has no place in it (credentials, a query).
    """
    example = "give one such as http://127.0.0.1:11434"
    try:
        parts = urlsplit(url)
        port = parts.port
        if parts.hostname and ":" in parts.hostname:
            ipaddress.IPv6Address(parts.hostname.partition("%")[0])
    except ValueError as error:
        raise UsageError(f'"{url}" is no address of an engine ({error}); {example}') from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise UsageError(f'"{url}" is no address of an engine; {example}')
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            f'"{parts.hostname}": an address of an engine has no user, query or fragment; {example}'
        )
    if not parts.path.isascii() or not parts.hostname.isascii() or " " in parts.path:
        raise UsageError(f'"{url}" has characters that an address cannot have; {example}')
    return Address(
        scheme=parts.scheme,
        host=parts.hostname,
        port=_DEFAULT_PORTS[parts.scheme] if port is None else port,
        prefix=parts.path.rstrip("/"),
    )


def header_lines(headers: Mapping[str, str]) -> bytes:
    """Return header fields as they are sent.

    Raises:
        UsageError: a value that would end its line, or that is not ASCII; it is not shown, since it
            may be a secret.
    """
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise UsageError(
                f"the header {name} would hold characters that a header cannot; "
                "check the key or id that goes into it"
            )
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")


def request_head(
    address: Address, method: str, path: str, *, fields: bytes, content_length: int
) -> bytes:
    """Return request line and header fields, up to the body.

    Args:
        address: the server.
        method: GET, POST or DELETE.
        path: begins with a slash; the address's prefix goes before it.
        fields: further fields, from `header_lines`.
        content_length: of the body, in bytes.
    """
    head = (
        f"{method} {address.prefix}{path} HTTP/1.1\r\n"
        f"Host: {address.authority}\r\n"
        "User-Agent: yoyak\r\n"
        "Accept-Encoding: identity\r\n"
    )
    if content_length or method != "GET":
        head += f"Content-Type: application/json\r\nContent-Length: {content_length}\r\n"
    return head.encode("ascii") + fields + b"\r\n"
