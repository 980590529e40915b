"""`python -m yoyak.bench.stack.configuration BASE FOLDER`: files for those who read no environment.

Prometheus and the gate are told of the hub by files, written anew at each `docker compose up`.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from yoyak.bench.stack import gate_config
from yoyak.bench.stack.gate_config import gate_configuration
from yoyak.bench.stack.hub import PASSWORD, hub_from
from yoyak.bench.stack.prometheus_config import prometheus_configuration
from yoyak.errors import HostError, UsageError, YoyakError

PROMETHEUS = "prometheus.yml"


def write(base: Path, folder: Path, environ: Mapping[str, str]) -> None:
    """Write both files, and beside them what proves who we are to the hub.

    Args:
        base: Prometheus' configuration of a host without a hub.
        folder: of what is written.
        environ: YOYAK_HUB and what belongs to it, YOYAK_TRACES_URL.

    Raises:
        UsageError: a variable that cannot be; names it.
        HostError: a file cannot be read or written.
    """
    hub = hub_from(folder, environ)
    try:
        has_password = hub is not None and hub.sigv4_region is None
        password = (folder / PASSWORD).read_text(encoding="utf-8").strip() if has_password else ""
        _replace(
            folder / PROMETHEUS,
            prometheus_configuration(
                base.read_text(encoding="utf-8"), hub, rules=str(base.parent), secrets=str(folder)
            ),
        )
        _replace(
            folder / gate_config.FILE,
            gate_configuration(
                hub,
                store=environ.get(gate_config.STORE) or gate_config.DEFAULT_STORE,
                password=password,
                secrets=str(folder),
            ),
            mode=0o600,  # it holds the password; nginx runs as the user who writes it
        )
    except OSError as error:
        raise HostError(
            f"{error.filename} cannot be read or written ({error.strerror}) by user {os.getuid()}; "
            "give it to that user, or set YOYAK_UID to its owner's"
        ) from error


def _replace(path: Path, text: str, *, mode: int = 0o644) -> None:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=mode)
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Write the files and return the exit code."""
    try:
        if len(arguments) != 2:
            raise UsageError("BASE and FOLDER are wanted; see compose.yaml")
        write(Path(arguments[0]), Path(arguments[1]), environ)
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
