"""What this host is, for the manifest: fixed before the first request and never sampled again."""

import os
import re
import resource
from dataclasses import dataclass
from pathlib import Path

from yoyak.host.cgroup import cgroup_limits
from yoyak.host.cloud import NOT_A_CLOUD, CloudIdentity, cloud_identity
from yoyak.host.kernel_files import kib_value, read_text
from yoyak.host.proc import pid_namespace
from yoyak.host.topology import read_topology

ISA_FLAGS = (  # what decides llama.cpp's kernels; the kernel's spelling, x86 then Arm
    "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni",
    "avx512_bf16", "avx512_vbmi", "amx_tile", "amx_int8", "amx_bf16",
    "asimd", "asimddp", "asimdhp", "i8mm", "bf16", "sve", "sve2", "sme",
)  # fmt: skip
_ARM_IMPLEMENTER = "0x41"
_ARM_PARTS = {  # MIDR part numbers of the cores that servers have; arm64 names no model
    "0xd08": "Arm Cortex-A72",  # Graviton
    "0xd0c": "Arm Neoverse-N1",  # Graviton2, Ampere Altra
    "0xd40": "Arm Neoverse-V1",  # Graviton3
    "0xd49": "Arm Neoverse-N2",
    "0xd4f": "Arm Neoverse-V2",  # Graviton4, Grace
}
_DMI_HYPERVISORS = (  # (beginning of vendor or product, hypervisor)
    ("Amazon EC2", "nitro"),
    ("VMware", "vmware"),
    ("VirtualBox", "virtualbox"),
    ("innotek", "virtualbox"),
    ("Google Compute Engine", "kvm"),
    ("QEMU", "kvm"),
    ("KVM", "kvm"),
    ("OpenStack", "kvm"),
    ("Virtual Machine", "hyper-v"),
    ("HVM domU", "xen"),
    ("Xen", "xen"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """One host. What a source does not tell is None; JSON takes every field as it is."""

    hostname: str | None
    kernel: str | None  # release, e.g. 6.8.0-1021-aws
    os_release: str | None  # the distribution's own line
    architecture: str  # x86_64, aarch64
    cpu_model: str | None
    sockets: int | None
    numa_nodes: int | None
    physical_cores: int | None
    logical_cpus: int | None
    isa: tuple[str, ...] | None  # those of ISA_FLAGS that the CPU has, in that order
    governor: str | None  # of CPU frequency; several are joined by commas
    memory_total_bytes: int | None
    swap_total_bytes: int | None
    page_size_bytes: int
    huge_pages: str | None  # mode of transparent huge pages: always, madvise, never
    is_virtual: bool | None
    hypervisor: str | None
    container: str | None  # docker, podman, kubernetes, lxc; None outside of one, as far as seen
    instance_type: str | None
    instance_id: str | None
    availability_zone: str | None
    cgroup_version: int | None
    cgroup_memory_limit_bytes: int | None
    cgroup_cpu_quota_cores: float | None
    cgroup_cpuset: str | None
    boot_id: str | None  # with the next: whether a pid that another process names can be read here
    pid_namespace: int | None  # inode number


def host_facts(
    *,
    root: Path = Path("/"),
    told: CloudIdentity = NOT_A_CLOUD,
    ask_metadata: bool | None = None,
) -> HostFacts:
    """Return this host's facts, in about 5 ms, or up to 0.2 s more where EC2's metadata is asked.

    Args:
        root: where /proc, /sys and /etc are.
        told: what the environment says of the instance; it wins over what is found.
        ask_metadata: see `cloud.cloud_identity`.
    """
    kernel = root / "proc/sys/kernel"
    cpuinfo = read_text(root / "proc/cpuinfo") or ""
    topology = read_topology(root)
    limits = cgroup_limits(root)
    memory = (read_text(root / "proc/meminfo") or "").encode()
    instance = cloud_identity(told, root=root, ask_metadata=ask_metadata)
    architecture = read_text(kernel / "arch") or os.uname().machine  # the file is there from 6.1
    is_virtual = _is_virtual(root, cpuinfo)
    return HostFacts(
        hostname=read_text(kernel / "hostname"),
        kernel=read_text(kernel / "osrelease"),
        os_release=_os_release(root),
        architecture=architecture,
        cpu_model=_cpu_model(cpuinfo),
        sockets=topology.sockets if topology else None,
        numa_nodes=topology.numa_nodes if topology else None,
        physical_cores=topology.physical_cores if topology else None,
        logical_cpus=topology.logical_cpus if topology else None,
        isa=_isa(cpuinfo),
        governor=_governor(root),
        memory_total_bytes=kib_value(memory, b"MemTotal:"),
        swap_total_bytes=kib_value(memory, b"SwapTotal:"),
        page_size_bytes=resource.getpagesize(),
        huge_pages=_huge_pages(root),
        is_virtual=is_virtual,
        hypervisor=_hypervisor(root) if is_virtual is not False else None,
        container=_container(root),
        instance_type=instance.instance_type,
        instance_id=instance.instance_id,
        availability_zone=instance.availability_zone,
        cgroup_version=limits.version,
        cgroup_memory_limit_bytes=limits.memory_limit_bytes,
        cgroup_cpu_quota_cores=limits.cpu_quota_cores,
        cgroup_cpuset=limits.cpuset,
        boot_id=read_text(kernel / "random/boot_id"),
        pid_namespace=pid_namespace(root),
    )


def _os_release(root: Path) -> str | None:
    for path in ("etc/os-release", "usr/lib/os-release"):
        found = re.search(r'^PRETTY_NAME="?([^"\n]*)', read_text(root / path) or "", re.MULTILINE)
        if found:
            return found[1]
    return None


def _cpu_model(cpuinfo: str) -> str | None:
    named = _cpuinfo_value(cpuinfo, "model name")
    if named is not None:
        return named
    part = _cpuinfo_value(cpuinfo, "CPU part")
    if part is None:
        return None
    implementer = _cpuinfo_value(cpuinfo, "CPU implementer")
    fallback = f"implementer {implementer} part {part}"
    return _ARM_PARTS.get(part, fallback) if implementer == _ARM_IMPLEMENTER else fallback


def _isa(cpuinfo: str) -> tuple[str, ...] | None:
    listed = _cpuinfo_value(cpuinfo, "flags") or _cpuinfo_value(cpuinfo, "Features")
    if listed is None:
        return None
    flags = set(listed.split())
    return tuple(flag for flag in ISA_FLAGS if flag in flags)


def _cpuinfo_value(cpuinfo: str, name: str) -> str | None:
    found = re.search(rf"^{name}\s*:[ \t]*(.*)$", cpuinfo, re.MULTILINE)
    return found[1].strip() or None if found else None


def _governor(root: Path) -> str | None:
    policies = (root / "sys/devices/system/cpu/cpufreq").glob("policy*/scaling_governor")
    governors = {text for path in policies if (text := read_text(path))}
    return ",".join(sorted(governors)) or None


def _huge_pages(root: Path) -> str | None:
    modes = read_text(root / "sys/kernel/mm/transparent_hugepage/enabled") or ""
    found = re.search(r"\[(\w+)\]", modes)
    return found[1] if found else None


def _is_virtual(root: Path, cpuinfo: str) -> bool | None:
    """x86 has a CPU flag for it; on Arm the firmware's tables must tell."""
    flags = _cpuinfo_value(cpuinfo, "flags")
    if flags is not None:
        return "hypervisor" in flags.split()
    product = read_text(root / "sys/class/dmi/id/product_name") or ""
    if product.endswith(".metal") or ".metal-" in product:
        return False
    return True if _hypervisor(root) else None


def _hypervisor(root: Path) -> str | None:
    tables = root / "sys/class/dmi/id"
    for name in ("sys_vendor", "product_name"):
        text = read_text(tables / name) or ""
        for beginning, hypervisor in _DMI_HYPERVISORS:
            if text.startswith(beginning):
                return hypervisor
    return read_text(root / "sys/hypervisor/type") or None


def _container(root: Path) -> str | None:
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "run/.containerenv").exists():
        return "podman"
    groups = read_text(root / "proc/1/cgroup") or ""
    for mark, name in (("kubepods", "kubernetes"), ("docker", "docker"), ("lxc", "lxc")):
        if mark in groups:
            return name
    return None
