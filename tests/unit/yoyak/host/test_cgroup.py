from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from yoyak.host.cgroup import (
    CgroupLimits,
    Throttling,
    cgroup_limits,
    cpus_of_list,
    parse_throttling,
    throttling_path,
)

Trees = Callable[[str], Path]
GIB = 1024**3


def test_v2_limits_of_an_ancestor_hold(host_tree: Trees) -> None:
    assert cgroup_limits(host_tree("r5.4xlarge")) == CgroupLimits(
        version=2, memory_limit_bytes=64 * GIB, cpu_quota_cores=6.0, cpuset="0-15"
    )


def test_v1_writes_no_limit_as_a_huge_number_or_minus_one(host_tree: Trees) -> None:
    assert cgroup_limits(host_tree("m5.16xlarge")) == CgroupLimits(
        version=1, memory_limit_bytes=None, cpu_quota_cores=None, cpuset="0-63"
    )


def test_a_container_sees_the_hosts_path_but_only_its_own_group_is_mounted(
    host_tree: Trees,
) -> None:
    assert cgroup_limits(host_tree("container-cgroup-v1")) == CgroupLimits(
        version=1, memory_limit_bytes=4 * GIB, cpu_quota_cores=2.5, cpuset="0-3,4-5"
    )


def test_a_container_with_a_namespace_of_its_own_is_at_the_top(host_tree: Trees) -> None:
    assert cgroup_limits(host_tree("container-cgroup-v2")) == CgroupLimits(
        version=2, memory_limit_bytes=2 * GIB, cpu_quota_cores=1.5, cpuset="0-1,8-9"
    )


def test_a_host_without_cgroups_has_unknown_limits(tmp_path: Path) -> None:
    assert cgroup_limits(tmp_path) == CgroupLimits(
        version=None, memory_limit_bytes=None, cpu_quota_cores=None, cpuset=None
    )
    assert throttling_path(tmp_path) is None


def test_a_group_outside_of_what_is_mounted_falls_back_to_the_mount(host_tree: Trees) -> None:
    root = host_tree("container-cgroup-v2")
    (root / "proc/self/cgroup").write_text("0::/../../other.slice\n")
    assert cgroup_limits(root).cpu_quota_cores == 1.5


def test_throttling_is_read_where_the_quota_is(host_tree: Trees) -> None:
    path = throttling_path(host_tree("r5.4xlarge"))
    assert path is not None
    assert parse_throttling(path.read_bytes()) == Throttling(
        throttled_s=2.45, throttled_periods=37, periods=812
    )


def test_v1_counts_throttling_in_nanoseconds(host_tree: Trees) -> None:
    path = throttling_path(host_tree("container-cgroup-v1"))
    assert path is not None
    assert parse_throttling(path.read_bytes()) == Throttling(
        throttled_s=3.75, throttled_periods=45, periods=1200
    )


def test_the_top_group_of_v2_tells_no_throttling() -> None:
    assert parse_throttling(b"usage_usec 5\nuser_usec 3\nsystem_usec 2\n") is None
    assert parse_throttling(None) is None


def test_a_cpu_list_has_single_cpus_and_ranges() -> None:
    assert cpus_of_list("0-2,5\n") == {0, 1, 2, 5}
    assert cpus_of_list("") == set()


@given(st.sets(st.integers(0, 500)))
def test_a_cpu_list_of_single_cpus_comes_back(cpus: set[int]) -> None:
    assert cpus_of_list(",".join(map(str, sorted(cpus)))) == cpus


def test_the_group_of_another_container_is_not_shown_and_ours_says_nothing_of_it(
    host_tree: Trees,
) -> None:
    root = host_tree("container-cgroup-v2")
    engine = root / "proc/4242/cgroup"
    engine.parent.mkdir(parents=True)
    engine.write_text("0::/../docker-4b1c0d9e.scope\n")
    assert cgroup_limits(root, 4242) == CgroupLimits(
        version=None, memory_limit_bytes=None, cpu_quota_cores=None, cpuset=None
    )
    assert throttling_path(root, 4242) is None
    engine.write_text((root / "proc/self/cgroup").read_text())  # one of our own container
    assert cgroup_limits(root, 4242) == cgroup_limits(root)


def test_another_containers_group_in_v1_is_not_ours(host_tree: Trees) -> None:
    root = host_tree("container-cgroup-v1")
    engine = root / "proc/4242/cgroup"
    engine.parent.mkdir(parents=True)
    own = (root / "proc/self/cgroup").read_text()
    groups = [line.rpartition(":")[0] for line in own.splitlines()]
    engine.write_text("".join(f"{group}:/docker/another\n" for group in groups))
    assert cgroup_limits(root, 4242).cpu_quota_cores is None
    assert cgroup_limits(root).cpu_quota_cores == 2.5
