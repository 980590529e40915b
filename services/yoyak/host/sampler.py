"""One sampler for everything: the service reads it when it is scraped, a run reads it at 10 Hz."""

import time
from collections.abc import Collection
from pathlib import Path

from yoyak.host.cgroup import Throttling, parse_throttling, throttling_path
from yoyak.host.find import find_listening_pid
from yoyak.host.gpu import Gpus
from yoyak.host.kernel_files import KernelFile, kib_value
from yoyak.host.proc import CLOCK_TICKS_PER_S, Process, process_identity
from yoyak.host.process_tree import ProcessTree
from yoyak.records.sample import ClientSample, CpuTimes, EngineSample, GpuSample, HostSample
from yoyak.units import NS_PER_S, US_PER_S

_LOOK_FOR_PORT_NS = NS_PER_S  # reads the descriptors of every process: not at each sample


class Sampler:
    """Reads the host, one engine's process tree, the client's processes and the GPUs.

    Not for use by two threads at once. At 10 Hz a sample costs 0.6 ms of CPU with an engine of
    one process and 0.9 ms with one of 50 (benchmarks/sampler.py, a virtual machine of 2 cores);
    with warm caches, 0.08 and 0.28 ms.
    """

    def __init__(
        self,
        *,
        origin_ns: int = 0,
        engine_pid: int | None = None,
        engine_port: int | None = None,
        client_pids: Collection[int] = (),
        gpus: Gpus | None = None,
        root: Path = Path("/"),
    ) -> None:
        """Open what is read at every sample.

        Args:
            origin_ns: monotonic ns at which the run began; stamps count from it.
            engine_pid: root of the engine's process tree.
            engine_port: TCP port on which the engine listens, where no pid is known. Whoever
                listens is followed, also after a restart.
            client_pids: the load generator's processes.
            gpus: from `gpu.open_gpus()`; None reads no GPU.
            root: where /proc and /sys are.
        """
        self._origin_ns = origin_ns
        self._root = root
        self._gpus = gpus
        self._cpu = KernelFile(root / "proc/stat")
        self._memory = KernelFile(root / "proc/meminfo")
        self._pressure = KernelFile(root / "proc/pressure/cpu")
        self._throttling: KernelFile | None = None
        self._tree: ProcessTree | None = None
        self._engine_port: int | None = None
        self._looked_ns: int | None = None
        self._clients = _Clients(client_pids, root)
        self.point_at_engine(pid=engine_pid, port=engine_port)

    def point_at_engine(self, *, pid: int | None = None, port: int | None = None) -> None:
        """Follow another engine from the next sample on, or none."""
        self._engine_port = port if pid is None else None
        self._looked_ns = None
        self._follow(pid)

    def sample(self, now_ns: int, *, pss: bool = False) -> HostSample:
        """Read everything once.

        Args:
            now_ns: `time.monotonic_ns()` of the caller, the sample's stamp.
            pss: whether to read the engine's proportional set size too, which is slow.
        """
        cpu = self._cpu.read_whole()
        memory = self._memory.read() or b""
        throttling = self._read_throttling()
        engine = self._read_engine(now_ns, _forks(cpu), pss=pss)
        return HostSample(
            at_ns=now_ns - self._origin_ns,
            cpu=parse_cpu_times(cpu),
            cpu_pressure_s=parse_pressure_s(self._pressure.read()),
            memory_available_bytes=kib_value(memory, b"MemAvailable:"),
            swap_used_bytes=_swap_used_bytes(memory),
            cgroup_throttled_s=throttling.throttled_s if throttling else None,
            cgroup_throttled_periods=throttling.throttled_periods if throttling else None,
            cgroup_periods=throttling.periods if throttling else None,
            engine=engine,
            client=self._clients.read(),
            sampler_cpu_s=time.process_time(),
            gpus=self._read_gpus(engine),
        )

    def close(self) -> None:
        """Give all descriptors back."""
        for file in (self._cpu, self._memory, self._pressure, self._throttling, self._tree):
            if file is not None:
                file.close()
        self._clients.close()

    def _follow(self, pid: int | None) -> None:
        identity = None if pid is None else process_identity(pid, self._root)
        if self._tree is not None:
            self._tree.close()
        if self._throttling is not None:
            self._throttling.close()
        self._tree = None if identity is None else ProcessTree(identity, self._root)
        path = throttling_path(self._root, "self" if identity is None else identity.pid)
        self._throttling = None if path is None else KernelFile(path)

    def _read_engine(self, now_ns: int, forks: int | None, *, pss: bool) -> EngineSample | None:
        self._look_for_port(now_ns)
        if self._tree is None:
            return None
        reading = self._tree.read(now_ns, forks, pss=pss)
        if reading is None:  # it ended; its pid may be another's soon
            self._follow(None)
            return None
        return EngineSample(
            pid=self._tree.identity.pid,
            starttime_ticks=self._tree.identity.starttime_ticks,
            **reading._asdict(),
        )

    def _look_for_port(self, now_ns: int) -> None:
        if self._tree is not None or self._engine_port is None:
            return
        if self._looked_ns is not None and now_ns - self._looked_ns < _LOOK_FOR_PORT_NS:
            return
        self._looked_ns = now_ns
        pid = find_listening_pid(self._engine_port, self._root)
        if pid is not None:
            self._follow(pid)

    def _read_throttling(self) -> Throttling | None:
        return parse_throttling(self._throttling.read()) if self._throttling else None

    def _read_gpus(self, engine: EngineSample | None) -> tuple[GpuSample, ...]:
        if self._gpus is None:
            return ()
        pids = None if engine is None or self._tree is None else self._tree.pids
        return self._gpus.sample(pids)


class _Clients:
    """The load generator's processes; the CPU time of one that ended stays in the sum."""

    def __init__(self, pids: Collection[int], root: Path) -> None:
        identities = [process_identity(pid, root) for pid in pids]
        self._processes = [Process(found, root) for found in identities if found is not None]
        self._cpu_s = [0.0] * len(self._processes)

    def read(self) -> ClientSample | None:
        if not self._processes:
            return None
        alive = 0
        rss_bytes = 0
        for index, process in enumerate(self._processes):
            stat = process.stat()
            if stat is None:
                continue
            self._cpu_s[index] = stat.cpu_s
            memory = process.memory() if stat.is_alive else None
            if memory is not None and memory.rss_bytes is not None:
                alive += 1
                rss_bytes += memory.rss_bytes
        return ClientSample(
            processes=alive, cpu_s=sum(self._cpu_s), rss_bytes=rss_bytes if alive else None
        )

    def close(self) -> None:
        for process in self._processes:
            process.close()


def parse_cpu_times(stat: bytes | None) -> CpuTimes | None:
    """Return the first line of a /proc/stat in seconds, or None if it is not there."""
    if stat is None or not stat.startswith(b"cpu "):
        return None
    counts = stat[: stat.find(b"\n")].split()[1:]
    seconds: list[float | None] = [int(count) / CLOCK_TICKS_PER_S for count in counts]
    seconds += [None] * 10  # older kernels and some sandboxes have fewer modes
    return CpuTimes(
        user_s=seconds[0],
        nice_s=seconds[1],
        system_s=seconds[2],
        idle_s=seconds[3],
        iowait_s=seconds[4],
        irq_s=seconds[5],
        softirq_s=seconds[6],
        steal_s=seconds[7],
        guest_s=seconds[8],
        guest_nice_s=seconds[9],
    )


def parse_pressure_s(pressure: bytes | None) -> float | None:
    """Return the total of a PSI file's "some" line in seconds, or None if there is none.

    Source:
        Linux Documentation/accounting/psi.rst: total is in us.
    """
    if pressure is None or not pressure.startswith(b"some "):
        return None
    total = pressure[: pressure.find(b"\n")].rpartition(b"total=")[2]
    return int(total) / US_PER_S if total.isdigit() else None


def _forks(stat: bytes | None) -> int | None:
    """Return how many processes and threads were made since boot, on this host."""
    start = -1 if stat is None else stat.rfind(b"\nprocesses ")
    if stat is None or start < 0:
        return None
    return int(stat[start:].split(None, 2)[1])


def _swap_used_bytes(meminfo: bytes) -> int | None:
    total, free = kib_value(meminfo, b"SwapTotal:"), kib_value(meminfo, b"SwapFree:")
    return None if total is None or free is None else total - free
