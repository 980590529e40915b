"""`python -m yoyak.bench.stack.hub_keys FOLDER NAME...`: what a hub is reached with.

A password, its hashes as Prometheus and nginx want them, and a certificate for the names given,
signed by itself. A certificate of the user's own (cert.pem and key.pem in the folder) stays.
"""

import base64
import hashlib
import secrets
import subprocess
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from yoyak.bench.stack.passwords import keep_password
from yoyak.errors import HostError, UsageError, YoyakError

USER = "yoyak"
DAYS = 825  # the longest that browsers take
_ROUNDS = 10  # of bcrypt: 50 ms; Prometheus remembers a password that was right
_OPENSSL_S = 60
_SALT = 8  # bytes


def make_keys(folder: Path, names: Sequence[str]) -> None:
    """Make what is missing in the folder.

    Raises:
        UsageError: a name that no certificate can hold.
        HostError: the folder cannot be written, or openssl fails.
    """
    password = keep_password(folder / "password")
    try:
        if not (folder / "cert.pem").exists():
            _make_certificate(folder, names)
        _replace(folder / "web.yml", _web_configuration(password))
        _replace(folder / "htpasswd", htpasswd(USER, password, salt=secrets.token_bytes(_SALT)))
        _replace(folder / "client.yml", _client_configuration(folder))
    except OSError as error:
        raise HostError(
            f"{error.filename} cannot be written ({error.strerror}); make its folder writable"
        ) from error


def subject_names(names: Sequence[str]) -> str:
    """Return the names and addresses in openssl's form.

    Raises:
        UsageError: none, or one that holds what no name does.
    """
    found = []
    for name in dict.fromkeys(names):
        if not name or not all(c.isalnum() or c in ".-:*" for c in name):
            raise UsageError(f'YOYAK_HUB_NAMES holds "{name}"; it takes host names and addresses')
        try:
            found.append(f"IP:{ip_address(name)}")
        except ValueError:
            found.append(f"DNS:{name}")
    if not found:
        raise UsageError("a certificate needs a name; set YOYAK_HUB_NAMES")
    return ",".join(found)


def _make_certificate(folder: Path, names: Sequence[str]) -> None:
    part = folder / ".cert.pem.part"
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-noenc", "-days", str(DAYS), "-subj", "/CN=yoyak hub"),
        *("-addext", f"subjectAltName={subject_names(names)}"),
        *("-keyout", str(folder / "key.pem"), "-out", str(part)),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_OPENSSL_S, check=False
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise HostError(f"openssl cannot make a certificate ({error})") from error
    if done.returncode != 0:
        raise HostError(f"openssl cannot make a certificate: {done.stderr.strip()[-200:]}")
    # Prometheus and Grafana, under users of their own, are all that mount this folder.
    (folder / "key.pem").chmod(0o444)
    part.replace(folder / "cert.pem")


def _web_configuration(password: str) -> str:
    import bcrypt  # of the runner's image; no other part of yoyak needs it

    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(_ROUNDS)).decode()
    return (
        "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n  min_version: TLS12\n"
        f"basic_auth_users:\n  {USER}: {hashed}\n"
    )


def htpasswd(user: str, password: str, *, salt: bytes) -> str:
    """Return nginx's line: salted SHA-1, since nginx computes it for every request anew and bcrypt
    would hold its one worker for 50 ms. Of 144 drawn bits no hash can be turned back."""
    digest = hashlib.sha1(password.encode() + salt).digest()  # noqa: S324 - nginx' own scheme
    return f"{user}:{{SSHA}}{base64.b64encode(digest + salt).decode()}\n"


def _client_configuration(folder: Path) -> str:
    """Return promtool's, for the health check: the certificate may not hold our own name."""
    return (
        f"basic_auth:\n  username: {USER}\n  password_file: {folder}/password\n"
        "tls_config:\n  insecure_skip_verify: true\n"
    )


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="ascii")
    part.replace(path)


def main(arguments: Sequence[str]) -> int:
    """Make the keys and return the exit code."""
    try:
        if not arguments:
            raise UsageError("FOLDER and NAME... are wanted; see docker/compose.hub.yaml")
        make_keys(Path(arguments[0]), [n for a in arguments[1:] for n in a.split(",") if n])
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    sys.stderr.write(
        f"user {USER}; for the hosts: docker compose -f docker/compose.hub.yaml cp "
        "prometheus:/keys/password hub-password, and prometheus:/keys/cert.pem hub-ca.pem\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
