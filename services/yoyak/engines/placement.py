"""Where an engine that we start runs: a CPU of its own for each thread, and memory in huge pages.

Left to the kernel, neither is the same from one load to the next, and the speed is not either;
docs/decisions/0012-placement.md has the figures.
"""

import os
import re
from collections.abc import Collection, Mapping

_MOST_CPUS = 512  # of llama.cpp's masks (GGML_MAX_N_THREADS)
_GLIBC_THAT_ASKS = (2, 35)
_TUNABLES = "GLIBC_TUNABLES"
_HUGE_PAGES = "glibc.malloc.hugetlb"  # 1: what malloc maps is advised to be in huge pages


def cpus_to_bind(threads: int, allowed: Collection[int]) -> tuple[int, ...]:
    """Return the CPUs for an engine's threads, one each, or none: the kernel is to place them.

    Bound only where every CPU that the process may use has its thread. Then the kernel, which
    moves threads when others wake, can only put two of them on one CPU, and both wait at ggml's
    barriers meanwhile. Where a CPU is free the others go there by themselves.

    Args:
        threads: that compute.
        allowed: CPU numbers of the affinity mask.
    """
    if threads != len(allowed) or max(allowed) >= _MOST_CPUS:
        return ()
    return tuple(sorted(allowed))


def mask_of(cpus: Collection[int]) -> str:
    """Return the CPUs as llama.cpp's programs take them: hexadecimal, CPU 0 the last bit."""
    return f"{sum(1 << cpu for cpu in cpus):x}"


def asks_huge_pages(libc: str | None = None) -> bool:
    """Say whether `with_huge_pages` has a process of this host ask: its libc must know how.

    Args:
        libc: name and version, such as "glibc 2.36"; this process's own if None.
    """
    if libc is None:
        try:
            libc = os.confstr("CS_GNU_LIBC_VERSION")
        except ValueError:  # another libc
            libc = None
    found = re.match(r"glibc (\d+)\.(\d+)", libc or "")
    return found is not None and tuple(map(int, found.groups())) >= _GLIBC_THAT_ASKS


def with_huge_pages(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that asks the kernel for huge pages.

    glibc 2.35 and later do so by madvise, for which the mode "madvise" of transparent huge pages,
    most distributions' default, waits. Elsewhere it changes nothing.
    """
    others = [
        setting
        for setting in environment.get(_TUNABLES, "").split(":")
        if setting and not setting.startswith(f"{_HUGE_PAGES}=")
    ]
    return {**environment, _TUNABLES: ":".join([*others, f"{_HUGE_PAGES}=1"])}
