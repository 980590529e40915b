"""Whether a model of a given size can be loaded in the memory that is left."""

import re
from collections.abc import Iterator
from pathlib import Path

from yoyak.errors import HostError
from yoyak.units import GIB, KIB

# llama.cpp repacks q4_0 weights at load. Measured with xllamacpp 2026.10.11549 on the 1b preset
# (637 MB): 667 MB anonymous (the repacked weights, a context of 2048) and 641 MB of mapped file.
COMFORTABLE_RATIO = 2.0


def check_ram(
    name: str, size_bytes: int, *, context_bytes: int = 0, available_bytes: int | None = None
) -> str | None:
    """Check that a model can be loaded on the CPU.

    The repacked weights, about the size of the file, must fit. The file itself is mapped; where it
    does not fit as well, the kernel drops its pages and loading takes longer.

    Args:
        name: the file or preset, for the message.
        size_bytes: size of the model file.
        context_bytes: of the context of all slots, which must fit beside the weights.
        available_bytes: None for `available_ram_bytes()`; where that is unknown too, nothing is
            checked.

    Returns:
        None when there is room, or one line of warning when the load will be tight.

    Raises:
        HostError: the weights do not fit.
    """
    if available_bytes is None:
        available_bytes = available_ram_bytes()
    if available_bytes is None:
        return None
    has = f"{available_bytes / GIB:.1f} GiB of memory is available"
    if available_bytes < size_bytes + context_bytes:
        of_it, smaller = "", "a smaller model"
        if context_bytes:
            of_it = f" ({context_bytes / GIB:.1f} of it for its context)"
            smaller = "a smaller model, a smaller --context or fewer --slots"
        raise HostError(
            f'"{name}" needs at least {(size_bytes + context_bytes) / GIB:.1f} GiB of memory'
            f"{of_it} and {has}; stop other programs, or take {smaller}"
        )
    comfortable_bytes = size_bytes * COMFORTABLE_RATIO + context_bytes
    if available_bytes < comfortable_bytes:
        return (
            f'"{name}" loads well with {comfortable_bytes / GIB:.1f} GiB of memory and {has}; '
            "expect a slow load, or take a smaller model"
        )
    return None


def available_ram_bytes(
    *, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")
) -> int | None:
    """Return the memory that a new process can take without swapping; None where unknown.

    The least of the kernel's MemAvailable and, for each control group (version 2) around this
    process that has a limit, limit - usage + inactive file pages (which are given back on demand).
    """
    known = [available for available in _cgroups_bytes(proc, cgroups) if available is not None]
    meminfo = re.search(r"^MemAvailable:\s+(\d+) kB$", _read(proc / "meminfo"), re.MULTILINE)
    if meminfo:
        known.append(int(meminfo[1]) * KIB)
    return min(known, default=None)


def _cgroups_bytes(proc: Path, cgroups: Path) -> Iterator[int | None]:
    own = re.search(r"^0::/(.*)$", _read(proc / "self" / "cgroup"), re.MULTILINE)
    if own is None:
        return
    folder = cgroups / own[1]
    for group in (folder, *folder.parents):
        if group != cgroups and cgroups not in group.parents:
            return
        yield _cgroup_bytes(group)


def _cgroup_bytes(group: Path) -> int | None:
    limit, usage = _read(group / "memory.max").strip(), _read(group / "memory.current").strip()
    inactive = re.search(r"^inactive_file (\d+)$", _read(group / "memory.stat"), re.MULTILINE)
    if not (limit.isdigit() and usage.isdigit() and inactive):
        return None
    return max(0, int(limit) - int(usage) + int(inactive[1]))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""  # not Linux, version 1, or the root group, which has no limit
