from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.host.topology import auto_threads, read_topology

Trees = Callable[[str], Path]


@pytest.mark.parametrize(
    ("host", "cores", "cpus", "sockets", "nodes"),
    [
        ("r5.4xlarge", 8, 16, 1, 1),
        ("m5.16xlarge", 32, 64, 2, 2),
        ("c7g.4xlarge", 16, 16, 1, 1),
    ],
)
def test_hardware_threads_of_a_core_are_one_core(
    host_tree: Trees, host: str, cores: int, cpus: int, sockets: int, nodes: int
) -> None:
    topology = read_topology(host_tree(host))
    assert topology is not None
    assert (topology.physical_cores, topology.logical_cpus) == (cores, cpus)
    assert (topology.sockets, topology.numa_nodes) == (sockets, nodes)


def test_without_sys_the_cores_come_from_cpuinfo(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "proc/cpuinfo"
    cpuinfo.parent.mkdir()
    cpuinfo.write_text(
        "\n\n".join(
            f"processor\t: {cpu}\nphysical id\t: 0\ncore id\t\t: {cpu % 2}" for cpu in range(4)
        )
    )
    topology = read_topology(tmp_path)
    assert topology is not None
    assert (topology.physical_cores, topology.logical_cpus) == (2, 4)
    assert topology.numa_nodes is None


def test_a_host_that_tells_nothing_has_no_topology(tmp_path: Path) -> None:
    assert read_topology(tmp_path) is None


def test_auto_threads_are_the_physical_cores(host_tree: Trees) -> None:
    assert auto_threads(host_tree("m5.16xlarge"), affinity=range(64)) == 32


def test_auto_threads_count_only_cores_of_the_affinity_mask(host_tree: Trees) -> None:
    # 0 and 32 are one core, 1 is another.
    assert auto_threads(host_tree("m5.16xlarge"), affinity={0, 32, 1}) == 2


def test_auto_threads_keep_below_an_ancestors_quota(host_tree: Trees) -> None:
    assert auto_threads(host_tree("r5.4xlarge"), affinity=range(16)) == 6


def test_auto_threads_round_a_quota_of_two_and_a_half_cpus_down(host_tree: Trees) -> None:
    assert auto_threads(host_tree("container-cgroup-v1"), affinity=range(8)) == 2


def test_auto_threads_are_at_least_one(host_tree: Trees) -> None:
    root = host_tree("container-cgroup-v2")
    (root / "sys/fs/cgroup/cpu.max").write_text("50000 100000\n")
    assert auto_threads(root, affinity=range(16)) == 1


def test_auto_threads_honour_the_cpuset_where_the_mask_does_not_show_it(host_tree: Trees) -> None:
    root = host_tree("container-cgroup-v2")
    (root / "sys/fs/cgroup/cpu.max").write_text("max 100000\n")
    assert auto_threads(root, affinity=range(16)) == 2  # CPUs 0-1 and their siblings 8-9


def test_auto_threads_of_an_unknown_host_are_the_cpus_it_may_use(tmp_path: Path) -> None:
    assert auto_threads(tmp_path, affinity={0, 1, 2}) == 3
