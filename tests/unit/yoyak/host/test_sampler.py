from collections.abc import Callable
from pathlib import Path

from tests.unit.yoyak.host.fake_proc import FakeProc
from tests.unit.yoyak.host.replayed_nvml import ReplayedNvml

from yoyak.host.gpu import Gpus
from yoyak.host.sampler import Sampler, parse_cpu_times, parse_pressure_s

Trees = Callable[[str], Path]
MIB = 1024 * 1024
GIB = 1024 * MIB


def test_the_hosts_counters_are_in_seconds_and_bytes(host_tree: Trees) -> None:
    sample = Sampler(origin_ns=1_000, root=host_tree("r5.4xlarge")).sample(5_000)
    assert sample.at_ns == 4_000
    assert sample.cpu is not None
    assert (sample.cpu.user_s, sample.cpu.nice_s, sample.cpu.system_s) == (396.98, 0.12, 87.19)
    assert (sample.cpu.idle_s, sample.cpu.iowait_s, sample.cpu.irq_s) == (3429.08, 14.01, 0.0)
    assert (sample.cpu.softirq_s, sample.cpu.steal_s) == (1.87, 0.56)
    assert (sample.cpu.guest_s, sample.cpu.guest_nice_s) == (0.3, 0.04)
    assert sample.cpu_pressure_s == 6.53892
    assert sample.memory_available_bytes == 127103412 * 1024
    assert sample.swap_used_bytes == 0
    assert sample.cgroup_throttled_s == 2.45
    assert (sample.cgroup_throttled_periods, sample.cgroup_periods) == (37, 812)


def test_a_host_that_tells_nothing_gives_unknowns_and_no_error(tmp_path: Path) -> None:
    sample = Sampler(engine_pid=40, engine_port=80, client_pids=(41,), root=tmp_path).sample(7)
    assert sample.at_ns == 7
    assert sample.cpu is None
    assert sample.cpu_pressure_s is None
    assert sample.memory_available_bytes is None
    assert sample.swap_used_bytes is None
    assert sample.cgroup_throttled_s is None
    assert sample.engine is None
    assert sample.client is None
    assert sample.gpus == ()


def test_swap_in_use_is_total_less_free(host_tree: Trees) -> None:
    sample = Sampler(root=host_tree("m5.16xlarge")).sample(0)
    assert sample.swap_used_bytes == (8388604 - 8000000) * 1024


def test_an_old_kernels_missing_modes_are_unknown() -> None:
    times = parse_cpu_times(b"cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7\n")
    assert times is not None
    assert times.softirq_s == 0.07
    assert times.steal_s is None
    assert parse_cpu_times(b"") is None
    assert parse_cpu_times(None) is None


def test_pressure_is_the_total_of_some() -> None:
    psi = b"some avg10=1.00 avg60=0 avg300=0 total=2500000\nfull avg10=0.00 total=7\n"
    assert parse_pressure_s(psi) == 2.5
    assert parse_pressure_s(b"") is None


def test_engine_and_client_are_told_apart(fake_proc: FakeProc) -> None:
    fake_proc.process(40, cpu_ticks=200, rss_mib=4000)
    fake_proc.process(41, cpu_ticks=30, children_ticks=999, rss_mib=50)
    sample = Sampler(engine_pid=40, client_pids=(41,), root=fake_proc.root).sample(0)
    assert sample.engine is not None
    assert (sample.engine.pid, sample.engine.starttime_ticks) == (40, 1000)
    assert sample.engine.cpu_s == 2.0
    assert sample.engine.rss_bytes == 4000 * MIB
    assert sample.client is not None
    assert sample.client.cpu_s == 0.3  # an engine that the client started is not the client
    assert sample.client.rss_bytes == 50 * MIB


def test_a_client_that_ended_keeps_its_cpu_time(fake_proc: FakeProc) -> None:
    fake_proc.process(41, cpu_ticks=30)
    fake_proc.process(42, cpu_ticks=70)
    sampler = Sampler(client_pids=(41, 42), root=fake_proc.root)
    sampler.sample(0)
    fake_proc.end(42)
    client = sampler.sample(1).client
    assert client is not None
    assert (client.processes, client.cpu_s) == (1, 1.0)


def test_an_engine_that_ends_is_gone_even_if_its_pid_is_given_again(fake_proc: FakeProc) -> None:
    fake_proc.process(40)
    sampler = Sampler(engine_pid=40, root=fake_proc.root)
    assert sampler.sample(0).engine is not None
    fake_proc.process(40, starttime=5000)
    assert sampler.sample(1).engine is None
    assert sampler.sample(2).engine is None


def test_pointing_elsewhere_follows_the_new_engine(fake_proc: FakeProc) -> None:
    fake_proc.process(40)
    fake_proc.process(50, starttime=3000)
    sampler = Sampler(engine_pid=40, root=fake_proc.root)
    sampler.sample(0)
    sampler.point_at_engine(pid=50)
    engine = sampler.sample(1).engine
    assert engine is not None
    assert (engine.pid, engine.starttime_ticks) == (50, 3000)
    sampler.point_at_engine()
    assert sampler.sample(2).engine is None


def test_the_engines_gpu_memory_is_that_of_its_tree(fake_proc: FakeProc) -> None:
    fake_proc.process(40)
    fake_proc.process(4242, parent=40)
    gpus = Gpus(ReplayedNvml("a10g"), sees_host_pids=True)
    sample = Sampler(engine_pid=40, gpus=gpus, root=fake_proc.root).sample(0)
    assert [gpu.engine_memory_bytes for gpu in sample.gpus] == [5033164800]


def test_without_an_engine_its_gpu_memory_is_unknown(tmp_path: Path) -> None:
    gpus = Gpus(ReplayedNvml("a10g"), sees_host_pids=True)
    sample = Sampler(gpus=gpus, root=tmp_path).sample(0)
    assert [gpu.engine_memory_bytes for gpu in sample.gpus] == [None]
