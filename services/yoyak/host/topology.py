"""CPUs and the physical cores behind them: how many threads an engine should get."""

import math
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from yoyak.host.cgroup import cgroup_limits, cpus_of_list
from yoyak.host.kernel_files import entries, read_int, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Online CPUs, and for each the physical core that it is a hardware thread of."""

    core_of_cpu: dict[int, str]  # a core is named by the list of its siblings, unique on a host
    sockets: int | None
    numa_nodes: int | None

    @property
    def logical_cpus(self) -> int:
        """CPUs that the scheduler sees."""
        return len(self.core_of_cpu)

    @property
    def physical_cores(self) -> int:
        """Cores, hardware threads of one core counted once."""
        return len(set(self.core_of_cpu.values()))


def read_topology(root: Path = Path("/")) -> Topology | None:
    """Return the host's CPUs, or None if neither /sys nor /proc lists them.

    A CPU whose siblings nobody tells (some containers hide /sys) is taken as a core of its own
    unless /proc/cpuinfo names its core.
    """
    devices = root / "sys/devices/system/cpu"
    described = _cpuinfo_cores(root)
    online = cpus_of_list(read_text(devices / "online") or "") or frozenset(described)
    if not online:
        return None
    core_of_cpu = {}
    sockets = set()
    for cpu in online:
        topology = devices / f"cpu{cpu}" / "topology"
        siblings = read_text(topology / "core_cpus_list")  # from 5.3; the next is its old name
        siblings = siblings or read_text(topology / "thread_siblings_list")
        core_of_cpu[cpu] = siblings or described.get(cpu) or str(cpu)
        sockets.add(read_int(topology / "physical_package_id"))
    nodes = [name for name in entries(root / "sys/devices/system/node") if _is_node(name)]
    # Some arm64 machines say -1 for "no such thing".
    known_sockets = {socket for socket in sockets if socket is not None and socket >= 0}
    return Topology(
        core_of_cpu=core_of_cpu,
        sockets=len(known_sockets) or None,
        numa_nodes=len(nodes) or None,
    )


def auto_threads(root: Path = Path("/"), *, affinity: Collection[int] | None = None) -> int:
    """Return the thread count of `--threads auto`: physical cores within affinity and quota.

    min(cores that have a CPU in the affinity mask and the cpuset, floor of the cgroup's CPU
    quota), at least 1. Hardware threads of one core share its vector units, which a matrix
    product fills, so siblings count once. A quota is rounded down because a thread that is
    throttled makes the others wait at the next barrier.

    Args:
        root: where /proc and /sys are.
        affinity: CPUs that this process may run on; the calling process's own if None.
    """
    allowed = set(os.sched_getaffinity(0) if affinity is None else affinity)
    limits = cgroup_limits(root)
    if limits.cpuset:
        allowed &= cpus_of_list(limits.cpuset)
    topology = read_topology(root)
    if topology is None:
        cores = len(allowed)
    else:
        cores = len({core for cpu, core in topology.core_of_cpu.items() if cpu in allowed})
    if limits.cpu_quota_cores is not None:
        cores = min(cores, math.floor(limits.cpu_quota_cores))
    return max(1, cores)


def _cpuinfo_cores(root: Path) -> dict[int, str]:
    """Return each CPU of /proc/cpuinfo with the core that it names, or its own number."""
    cores = {}
    for block in (read_text(root / "proc/cpuinfo") or "").split("\n\n"):
        values = {}
        for line in block.splitlines():
            name, _, value = line.partition(":")
            values[name.strip()] = value.strip()
        cpu = values.get("processor", "")
        if cpu.isdigit():
            socket, core = values.get("physical id"), values.get("core id")
            cores[int(cpu)] = f"socket {socket} core {core}" if socket and core else cpu
    return cores


def _is_node(name: str) -> bool:
    return name.startswith("node") and name[4:].isdigit()
