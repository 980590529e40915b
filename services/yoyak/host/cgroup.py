"""The control groups that a process runs in: its limits and how often they held it back."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yoyak.host.kernel_files import read_int, read_text
from yoyak.units import NS_PER_S, US_PER_S

_UNLIMITED_BYTES = 1 << 62  # v1 writes "no limit" as LONG_MAX rounded down to a page


@dataclass(frozen=True, slots=True, kw_only=True)
class CgroupLimits:
    """The tightest limit on the way from the process's group up to the hierarchy's top."""

    version: int | None  # of the hierarchy with the CPU controller: 1 or 2; None: no cgroups
    memory_limit_bytes: int | None  # None: not limited, or not known
    cpu_quota_cores: float | None  # quota over period; None: not limited, or not known
    cpuset: str | None  # the CPUs that it may use, as the kernel lists them: "0-3,8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """cpu.stat of one group: counters since the group was made."""

    throttled_s: float
    throttled_periods: int
    periods: int


def cgroup_limits(root: Path = Path("/"), pid: int | str = "self") -> CgroupLimits:
    """Return the limits that hold for a process, from cgroup v1, v2 or a mixture of both."""
    cpu_groups = list(_groups(root, pid, "cpu"))
    memory = [_memory_limit_bytes(group) for group, _ in _groups(root, pid, "memory")]
    cpu = [_cpu_quota_cores(group, version) for group, version in cpu_groups]
    cpuset = (_cpuset(group) for group, _ in _groups(root, pid, "cpuset"))
    return CgroupLimits(
        version=cpu_groups[0][1] if cpu_groups else None,
        memory_limit_bytes=min((x for x in memory if x is not None), default=None),
        cpu_quota_cores=min((x for x in cpu if x is not None), default=None),
        cpuset=next((x for x in cpuset if x), None),
    )


def throttling_path(root: Path = Path("/"), pid: int | str = "self") -> Path | None:
    """Return the cpu.stat that tells of throttling, or None if there is none.

    Only the group that has the quota counts its throttling, and in Kubernetes or under systemd
    that may be an ancestor: the one with the tightest quota is taken, else the process's own.
    """
    groups = list(_groups(root, pid, "cpu"))
    if not groups:
        return None
    own = groups[0][0]
    quotas = [(_cpu_quota_cores(group, version), group) for group, version in groups]
    limited = [(quota, group) for quota, group in quotas if quota is not None]
    chosen = min(limited, key=lambda pair: pair[0])[1] if limited else own
    return chosen / "cpu.stat"


def parse_throttling(cpu_stat: bytes | None) -> Throttling | None:
    """Return the throttling counters of a cpu.stat, or None where it has none (v2's top group).

    v1 counts `throttled_time` in ns, v2 `throttled_usec`; both sum over the CPUs.
    """
    if cpu_stat is None:
        return None
    throttled_us = _counter(cpu_stat, b"throttled_usec ")
    throttled_ns = _counter(cpu_stat, b"throttled_time ")
    throttled_periods = _counter(cpu_stat, b"nr_throttled ")
    periods = _counter(cpu_stat, b"nr_periods ")
    if throttled_us is not None:
        throttled_s = throttled_us / US_PER_S
    elif throttled_ns is not None:
        throttled_s = throttled_ns / NS_PER_S
    else:
        return None
    if throttled_periods is None or periods is None:
        return None
    return Throttling(throttled_s=throttled_s, throttled_periods=throttled_periods, periods=periods)


def _counter(cpu_stat: bytes, name: bytes) -> int | None:
    start = cpu_stat.find(name)
    if start < 0:
        return None
    value = cpu_stat[start + len(name) :].partition(b"\n")[0]
    return int(value) if value.isdigit() else None


def cpus_of_list(cpu_list: str) -> frozenset[int]:
    """Return the CPUs of a kernel list such as "0-3,8"; an empty list is an empty set."""
    cpus: set[int] = set()
    for part in cpu_list.replace("\n", ",").split(","):
        first, _, last = part.strip().partition("-")
        if first.isdigit():
            cpus.update(range(int(first), int(last if last.isdigit() else first) + 1))
    return frozenset(cpus)


def _groups(root: Path, pid: int | str, controller: str) -> Iterator[tuple[Path, int]]:
    """Yield (directory, version) from the process's own group up to the mount point."""
    memberships = _memberships(root, pid)
    mounts = _mounts(root)
    key = controller if controller in memberships and controller in mounts else ""
    if key not in memberships or key not in mounts:
        return
    mounted, mount_point = mounts[key]
    group = memberships[key]
    # Without a cgroup namespace, a container sees the host's path of its group while only that
    # group is mounted: the part that the mount begins with is not there to walk.
    inside = group.removeprefix(mounted.rstrip("/")).strip("/")
    top = root / mount_point.strip("/")
    directory = top / inside
    if ".." in inside.split("/") or not directory.is_dir():
        # The group is not shown here. What is mounted is our own group then, which says nothing of
        # a process in another one: an engine in another container.
        if group != _memberships(root, "self").get(key):
            return
        directory = top
    version = 1 if key else 2
    while True:
        yield directory, version
        if directory == top:
            return
        directory = directory.parent


def _memberships(root: Path, pid: int | str) -> dict[str, str]:
    """Return the process's group by controller; "" is the v2 hierarchy."""
    groups: dict[str, str] = {}
    for line in (read_text(root / "proc" / str(pid) / "cgroup") or "").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        for controller in controllers.split(","):
            groups[controller] = group
    return groups


def _mounts(root: Path) -> dict[str, tuple[str, str]]:
    """Return (what of the hierarchy is mounted, where) by controller; "" is the v2 hierarchy."""
    mounts: dict[str, tuple[str, str]] = {}
    for line in (read_text(root / "proc/self/mountinfo") or "").splitlines():
        before, _, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if len(left) < 5 or len(right) < 3:
            continue
        if right[0] == "cgroup2":
            mounts.setdefault("", (left[3], left[4]))
        elif right[0] == "cgroup":
            for option in right[2].split(","):
                mounts.setdefault(option, (left[3], left[4]))
    return mounts


def _memory_limit_bytes(group: Path) -> int | None:
    limit = read_int(group / "memory.max")  # "max" is no number
    if limit is None:
        limit = read_int(group / "memory.limit_in_bytes")
    return None if limit is None or limit >= _UNLIMITED_BYTES else limit


def _cpu_quota_cores(group: Path, version: int) -> float | None:
    if version == 2:
        quota, _, period = (read_text(group / "cpu.max") or "").partition(" ")
        if not quota.isdigit() or not period.isdigit():
            return None
        return int(quota) / int(period)
    quota_us = read_int(group / "cpu.cfs_quota_us")
    period_us = read_int(group / "cpu.cfs_period_us")
    if quota_us is None or quota_us <= 0 or not period_us:
        return None
    return quota_us / period_us


def _cpuset(group: Path) -> str | None:
    for name in ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"):
        text = read_text(group / name)
        if text:
            return text
    return None
