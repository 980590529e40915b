"""`python -m yoyak.bench.stack.prometheus_config BASE OUT`: what a Prometheus of a host reads.

Without a hub it is the base file. With one (YOYAK_HUB) it also writes every sample there.
Prometheus reads no environment, so the file is written anew at each `docker compose up`.
"""

import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from yoyak.errors import HostError, UsageError, YoyakError

HUB = "YOYAK_HUB"
RECEIVER = "/api/v1/write"  # Prometheus' own; other stores have theirs in their address
PASSWORD, CERTIFICATE = "hub-password", "hub-ca.pem"
# Rules are the hub's to evaluate, over all hosts; the same results from here would come twice.
OWN_RESULTS = "ALERTS|ALERTS_FOR_STATE|yoyak_alert_threshold|[a-z_]+:.*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A remote-write store, and what proves who we are."""

    url: str
    host: str  # label of every series: tells two hosts of one instance type apart
    user: str
    has_certificate: bool  # its own authority, else the system's
    sigv4_region: str | None = None  # Amazon Managed Prometheus, in place of a password


def receiver_url(address: str) -> str:
    """Return where samples go: the hub's own path unless the address names another.

    Raises:
        UsageError: no https address. A password would go in clear text.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.username:
        raise UsageError(
            f'{HUB} is "{address}"; it takes an https:// address, without user and password'
        )
    return address if parts.path.strip("/") else address.rstrip("/") + RECEIVER


def configuration(base: str, hub: Hub | None, *, rules: str, secrets: str) -> str:
    """Return the text of prometheus.yml.

    Args:
        base: the file of a host without a hub.
        hub: None without one.
        rules: folder of the base file, whose relative paths are made absolute.
        secrets: folder with the hub's password and certificate, as Prometheus sees it.
    """
    text = "".join(
        line.replace("- ", f"- {rules}/", 1) if _is_rule_path(line) else line
        for line in base.splitlines(keepends=True)
    )
    if hub is None:
        return text
    text = text.replace(
        "global:\n", f"global:\n  external_labels:\n    host: {json.dumps(hub.host)}\n", 1
    )
    lines = [
        "",
        "remote_write:",
        "  - name: hub",
        f"    url: {json.dumps(hub.url)}",
        "    send_exemplars: true",
    ]
    if hub.sigv4_region is None:
        lines += [
            "    basic_auth:",
            f"      username: {json.dumps(hub.user)}",
            f"      password_file: {secrets}/{PASSWORD}",
        ]
    else:
        lines += ["    sigv4:", f"      region: {json.dumps(hub.sigv4_region)}"]
    if hub.has_certificate:
        lines += ["    tls_config:", f"      ca_file: {secrets}/{CERTIFICATE}"]
    lines += [
        "    write_relabel_configs:",
        "      - source_labels: [__name__]",
        f"        regex: {json.dumps(OWN_RESULTS)}",
        "        action: drop",
    ]
    return text + "\n".join(lines) + "\n"


def _is_rule_path(line: str) -> bool:
    return line.strip().startswith(("- rules/", "- thresholds/"))


def write(base: Path, out: Path, environ: Mapping[str, str]) -> None:
    """Write the configuration, and beside it what proves who we are to the hub.

    Raises:
        UsageError: a variable that cannot be; names it.
        HostError: a file cannot be read or written.
    """
    try:
        hub = _hub(out.parent, environ)
        text = configuration(
            base.read_text(encoding="utf-8"),
            hub,
            rules=str(base.parent),
            secrets=str(out.parent),
        )
        part = out.with_name(f".{out.name}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(out)
    except OSError as error:
        raise HostError(
            f"{error.filename} cannot be read or written ({error.strerror}) by user {os.getuid()}; "
            "give it to that user, or set YOYAK_UID to its owner's"
        ) from error


def _hub(folder: Path, environ: Mapping[str, str]) -> Hub | None:
    address = environ.get(HUB, "")
    if not address:
        return None
    url = receiver_url(address)
    region = environ.get("YOYAK_HUB_SIGV4_REGION") or None
    given = {
        PASSWORD: Path("/hub/password"),
        CERTIFICATE: Path("/hub/ca.pem"),
    }
    has = {name: _copied(path, folder / name) for name, path in given.items()}
    if region is None and not has[PASSWORD]:
        raise UsageError(
            f"{HUB} is set and no password is there; "
            "put it into a file and name that: YOYAK_HUB_PASSWORD_FILE=./hub-password"
        )
    return Hub(
        url=url,
        host=environ.get("YOYAK_INSTANCE_ID") or socket.gethostname(),
        user=environ.get("YOYAK_HUB_USER") or "yoyak",
        has_certificate=has[CERTIFICATE],
        sigv4_region=region,
    )


def _copied(path: Path, to: Path) -> bool:
    """Copy a file for Prometheus, which runs as another user; return whether there is one."""
    if not path.is_file() or path.stat().st_size == 0:  # /dev/null stands for none
        to.unlink(missing_ok=True)
        return False
    shutil.copyfile(path, to)
    return True


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Write the configuration and return the exit code."""
    try:
        if len(arguments) != 2:
            raise UsageError("BASE and OUT are wanted; see compose.yaml")
        write(Path(arguments[0]), Path(arguments[1]), environ)
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
