import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from yoyak.host.cloud import CloudIdentity
from yoyak.host.facts import host_facts

Trees = Callable[[str], Path]


def test_a_nitro_host_is_told_by_its_firmware(host_tree: Trees) -> None:
    facts = host_facts(root=host_tree("r5.4xlarge"), ask_metadata=False)
    assert facts.instance_type == "r5.4xlarge"
    assert facts.instance_id == "i-0123456789abcdef0"
    assert facts.availability_zone is None  # the firmware does not know it
    assert (facts.is_virtual, facts.hypervisor, facts.container) == (True, "nitro", None)
    assert facts.cpu_model == "Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz"
    assert facts.isa is not None
    assert {"avx2", "avx512f", "avx512_vnni"} <= set(facts.isa)
    assert "amx_int8" not in facts.isa
    assert facts.memory_total_bytes == 129744272 * 1024
    assert facts.swap_total_bytes == 0
    assert facts.kernel == "6.1.141-155.222.amzn2023.x86_64"
    assert facts.os_release == "Amazon Linux 2023.8.20250707"
    assert facts.boot_id == "0f3a4c1e-5b62-4d7e-9a80-2c1d3e4f5a6b"
    assert facts.pid_namespace == 4026531836
    assert facts.cgroup_cpu_quota_cores == 6.0


def test_two_sockets_and_their_governor(host_tree: Trees) -> None:
    facts = host_facts(root=host_tree("m5.16xlarge"), ask_metadata=False)
    assert (facts.sockets, facts.numa_nodes) == (2, 2)
    assert (facts.physical_cores, facts.logical_cpus) == (32, 64)
    assert facts.governor == "performance"
    assert facts.swap_total_bytes == 8388604 * 1024
    assert facts.cgroup_memory_limit_bytes is None


def test_cpus_with_unlike_governors_name_both(host_tree: Trees) -> None:
    root = host_tree("m5.16xlarge")
    (root / "sys/devices/system/cpu/cpufreq/policy2/scaling_governor").write_text("powersave\n")
    assert host_facts(root=root, ask_metadata=False).governor == "performance,powersave"


@pytest.mark.parametrize(
    ("modes", "mode"),
    [
        ("always [madvise] never\n", "madvise"),
        ("[always] madvise never\n", "always"),
        ("always madvise [never]\n", "never"),
        ("", None),
    ],
)
def test_the_mode_of_huge_pages_is_the_bracketed_one(
    host_tree: Trees, modes: str, mode: str | None
) -> None:
    root = host_tree("m5.16xlarge")
    folder = root / "sys/kernel/mm/transparent_hugepage"
    folder.mkdir(parents=True)
    (folder / "enabled").write_text(modes)
    assert host_facts(root=root, ask_metadata=False).huge_pages == mode


def test_a_kernel_without_huge_pages_has_no_mode_of_them(host_tree: Trees) -> None:
    assert host_facts(root=host_tree("m5.16xlarge"), ask_metadata=False).huge_pages is None


def test_graviton_has_no_model_name_so_its_part_number_tells(host_tree: Trees) -> None:
    facts = host_facts(root=host_tree("c7g.4xlarge"), ask_metadata=False)
    assert facts.architecture == "aarch64"
    assert facts.cpu_model == "Arm Neoverse-V1"
    assert facts.isa == ("asimd", "asimddp", "asimdhp", "i8mm", "bf16", "sve")
    assert (facts.is_virtual, facts.hypervisor) == (True, "nitro")
    assert facts.governor is None


def test_an_unknown_arm_part_is_named_by_its_numbers(host_tree: Trees) -> None:
    root = host_tree("c7g.4xlarge")
    (root / "proc/cpuinfo").write_text("processor: 0\nCPU implementer: 0x51\nCPU part: 0x001\n")
    facts = host_facts(root=root, ask_metadata=False)
    assert facts.cpu_model == "implementer 0x51 part 0x001"


@pytest.mark.parametrize(
    ("host", "container"), [("container-cgroup-v1", "docker"), ("container-cgroup-v2", "podman")]
)
def test_a_container_is_seen(host_tree: Trees, host: str, container: str) -> None:
    assert host_facts(root=host_tree(host), ask_metadata=False).container == container


def test_a_virtual_machine_outside_of_ec2_has_no_instance_type(host_tree: Trees) -> None:
    facts = host_facts(root=host_tree("container-cgroup-v1"))
    assert (facts.is_virtual, facts.hypervisor) == (True, "kvm")
    assert (facts.instance_type, facts.instance_id) == (None, None)


def test_a_metal_instance_is_no_virtual_machine(host_tree: Trees) -> None:
    root = host_tree("c7g.4xlarge")
    (root / "sys/class/dmi/id/product_name").write_text("c7g.metal\n")
    facts = host_facts(root=root, ask_metadata=False)
    assert (facts.instance_type, facts.is_virtual, facts.hypervisor) == ("c7g.metal", False, None)


def test_what_the_caller_was_told_wins(host_tree: Trees) -> None:
    told = CloudIdentity(instance_type="r5.4xlarge-spot", availability_zone="ap-northeast-2a")
    facts = host_facts(root=host_tree("r5.4xlarge"), told=told, ask_metadata=False)
    assert facts.instance_type == "r5.4xlarge-spot"
    assert facts.instance_id == "i-0123456789abcdef0"
    assert facts.availability_zone == "ap-northeast-2a"


def test_an_empty_host_is_unknown_and_never_zero(tmp_path: Path) -> None:
    facts = asdict(host_facts(root=tmp_path))
    known = {name for name, value in facts.items() if value is not None}
    assert known == {"architecture", "page_size_bytes"}


def test_facts_are_json_as_they_are(host_tree: Trees) -> None:
    facts = asdict(host_facts(root=host_tree("r5.4xlarge"), ask_metadata=False))
    assert json.loads(json.dumps(facts))["isa"] == list(facts["isa"])
