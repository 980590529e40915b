"""What .env says of a host's hardware: which compose files it takes, and whose the runs are."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yoyak.errors import HostError, UsageError

BASE, NVIDIA = "compose.yaml", "docker/compose.nvidia.yaml"
FILE = ".env"
IMAGE_USER = 1000  # whom the stack's containers run as if nothing is said
_FILES = "COMPOSE_FILE"
_RUNTIME = ("docker", "info", "--format", "{{json .Runtimes}}")
_CDI = (Path("/etc/cdi"), Path("/var/run/cdi"))  # where nvidia-ctk describes devices
_ANSWER_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StackHost:
    """What decides which files a host takes."""

    has_gpu: bool
    has_toolkit: bool  # NVIDIA's for containers
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class EnvChoice:
    """Lines for .env, and why it is not what it could be."""

    settings: Mapping[str, str]
    notice: str | None = None


def choose(host: StackHost, *, existing: Mapping[str, str]) -> EnvChoice:
    """Return the settings of a host.

    Files that the user added (the embedded engine) stay. The GPU's comes and goes with the GPU.

    Args:
        host: what was found.
        existing: what .env says now.
    """
    files = [f for f in existing.get(_FILES, BASE).split(":") if f and f != NVIDIA]
    if BASE not in files:
        files.insert(0, BASE)
    notice = None
    if host.has_gpu and host.has_toolkit:
        files.insert(files.index(BASE) + 1, NVIDIA)
    elif host.has_gpu:
        notice = (
            "there is a GPU, and containers cannot have it: NVIDIA's container toolkit is missing; "
            "docs/ec2.md installs it, then run this again"
        )
    settings = {_FILES: ":".join(files)}
    if host.uid not in (0, IMAGE_USER):
        settings |= {"YOYAK_UID": str(host.uid), "YOYAK_GID": str(host.gid)}
    return EnvChoice(settings, notice)


def read_settings(text: str) -> dict[str, str]:
    """Return NAME=VALUE of each line that is no comment."""
    found = re.findall(r"^\s*([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE)
    return {name: value.strip().strip("\"'") for name, value in found}


def with_settings(text: str, settings: Mapping[str, str]) -> str:
    """Return the text with each setting in the place of its old line, or else at the end."""
    lines = text.splitlines()
    for name, value in settings.items():
        line = f"{name}={value}"
        at = [i for i, old in enumerate(lines) if re.match(rf"\s*{name}=", old)]
        if at:
            lines[at[-1]] = line  # the last one is what Compose takes
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def write_env(folder: Path, host: StackHost) -> EnvChoice:
    """Write .env of a checkout, keeping what else it says, and return what was chosen.

    Raises:
        UsageError: the folder is no checkout.
        HostError: the file cannot be read or written.
    """
    if not (folder / BASE).is_file():
        raise UsageError(
            f"{folder} holds no {BASE}; run this in the checkout: "
            "cd yoyak && yoyak doctor --write-env"
        )
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        choice = choose(host, existing=read_settings(text))
        part = folder / f".{FILE}.part"
        part.write_text(with_settings(text, choice.settings), encoding="utf-8")
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    except OSError as error:
        raise HostError(f"{path} cannot be written ({error.strerror}); make it writable") from error
    return choice


def look(*, has_gpu: bool) -> StackHost:
    """Look at this host's user and at what containers may use.

    Args:
        has_gpu: whether NVML answers.
    """
    return StackHost(
        has_gpu=has_gpu,
        has_toolkit=has_gpu and (_engine_knows_nvidia() or _is_described()),
        uid=os.getuid(),
        gid=os.getgid(),
    )


def _engine_knows_nvidia() -> bool:
    try:
        done = subprocess.run(
            _RUNTIME, capture_output=True, text=True, timeout=_ANSWER_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and '"nvidia"' in done.stdout


def _is_described() -> bool:
    return any(True for folder in _CDI for _ in folder.glob("nvidia*"))
