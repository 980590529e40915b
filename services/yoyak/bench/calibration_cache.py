"""Calibrations kept by host and version, so that a run finds its own."""

import hashlib
import json
import platform
from pathlib import Path

from yoyak import __version__
from yoyak.errors import HostError, UsageError
from yoyak.host.kernel_files import read_text
from yoyak.host.topology import read_topology
from yoyak.records import SCHEMA_VERSION, Calibration
from yoyak.store.codec import from_json, to_json
from yoyak.store.run_folder import CALIBRATION, replace_file

FOLDER = "calibration"


def host_id() -> str:
    """Return 16 hex digits for this host: its name, kernel, CPU and number of CPUs.

    A new kernel or another number of CPUs makes another host of it, for the error may be another.
    """
    topology = read_topology()
    cpuinfo = read_text(Path("/proc/cpuinfo")) or ""
    models = [line for line in cpuinfo.splitlines() if line.startswith(("model name", "CPU part"))]
    known = [
        platform.node(),
        platform.release(),
        platform.machine(),
        models[:1],
        None if topology is None else topology.logical_cpus,
    ]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def calibration_path(cache: Path) -> Path:
    """Return where the calibration of this host by this version lies."""
    return cache / FOLDER / f"{host_id()}-{__version__}.json"


def keep(calibration: Calibration, cache: Path) -> Path:
    """Write a calibration of this host into the cache and return its path.

    Raises:
        HostError: the cache cannot be written.
    """
    path = calibration_path(cache)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HostError(
            f'the cache "{cache}" cannot be written ({error.strerror}); name another with --cache'
        ) from error
    replace_file(path, to_json(calibration, indent=2) + "\n")
    return path


def known(cache: Path) -> Calibration | None:
    """Return the calibration of this host by this version, or None if there is none of use."""
    return read_calibration(calibration_path(cache))


def copy_known(cache: Path, run: Path) -> None:
    """Write the calibration of this host into a run's folder, if there is one.

    The results are made of the folder alone, perhaps on another host.
    """
    calibration = known(cache)
    if calibration is not None:
        replace_file(run / CALIBRATION, to_json(calibration, indent=2) + "\n")


def read_calibration(path: Path) -> Calibration | None:
    """Return the calibration in a file; None if there is none, or it is of another schema."""
    try:
        found = from_json(Calibration, path.read_bytes(), where=str(path))
    except (OSError, UsageError):  # a broken one is made anew, as a missing one is
        return None
    return found if found.schema_version <= SCHEMA_VERSION else None
