"""The sampler against real processes, whose memory and CPU time the test knows."""

import os
import resource
import time

import psutil
import pytest
from tests.integration.host.children import (
    BURNS_CPU,
    HAS_GRANDCHILD,
    HOLDS_MEMORY,
    LISTENS,
    Child,
    child,
)

from yoyak.host.find import find_listening_pid, find_pids_by_command
from yoyak.host.proc import process_identity
from yoyak.host.sampler import Sampler
from yoyak.records.sample import EngineSample, HostSample

MIB = 1024 * 1024
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def sample(sampler: Sampler, *, pss: bool = False) -> HostSample:
    return sampler.sample(time.monotonic_ns(), pss=pss)


def children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def engine_of(sampler: Sampler, *, pss: bool = False) -> EngineSample:
    engine = sample(sampler, pss=pss).engine
    assert engine is not None
    return engine


def test_touched_memory_is_in_rss_anon_peak_and_pss() -> None:
    with child(HOLDS_MEMORY, "0") as bare, child(HOLDS_MEMORY, "64") as full:
        before = engine_of(Sampler(engine_pid=bare.pid), pss=True)
        after = engine_of(Sampler(engine_pid=full.pid), pss=True)
    for name in ("rss_bytes", "rss_peak_bytes", "anon_bytes", "pss_bytes"):
        grown = getattr(after, name) - getattr(before, name)
        assert grown == pytest.approx(64 * MIB, abs=2 * MIB), name
    assert after.file_bytes == pytest.approx(before.file_bytes, abs=1 * MIB)


def test_rss_agrees_with_an_independent_reader() -> None:
    with child(HOLDS_MEMORY, "32") as engine:
        theirs = psutil.Process(engine.pid).memory_info().rss
        ours = engine_of(Sampler(engine_pid=engine.pid)).rss_bytes
    assert ours == pytest.approx(theirs, abs=MIB)


def test_memory_of_a_grandchild_counts_and_leaves_with_it() -> None:
    with child(HAS_GRANDCHILD, HOLDS_MEMORY, "64") as engine:
        sampler = Sampler(engine_pid=engine.pid)
        with_it = engine_of(sampler)
        engine.tell()
        engine.hear()
        without = engine_of(sampler)
    assert (with_it.processes, without.processes) == (2, 1)
    assert with_it.anon_bytes is not None
    assert with_it.anon_bytes > 64 * MIB
    assert without.anon_bytes is not None
    assert without.anon_bytes < 32 * MIB


def test_burnt_cpu_time_is_counted() -> None:
    with child(BURNS_CPU, "0.5") as engine:
        cpu_s = engine_of(Sampler(engine_pid=engine.pid)).cpu_s
    assert cpu_s == pytest.approx(0.5, abs=3 * TICK_S)


def test_cpu_time_of_an_ended_grandchild_stays_once() -> None:
    waited_for_s = children_cpu_s()
    with child(HAS_GRANDCHILD, BURNS_CPU, "0.3") as engine:
        sampler = Sampler(engine_pid=engine.pid)
        before = engine_of(sampler).cpu_s
        engine.tell()
        engine.hear()
        after = engine_of(sampler).cpu_s
        never_seen = engine_of(Sampler(engine_pid=engine.pid)).cpu_s
    whole_s = children_cpu_s() - waited_for_s  # the kernel's own sum for the whole tree
    assert 0.3 - TICK_S <= before <= after
    assert after == pytest.approx(whole_s, abs=0.1)  # 0.3 more if it counted twice
    assert never_seen == pytest.approx(after, abs=3 * TICK_S)


def test_an_ended_engine_is_unknown() -> None:
    engine = Child(HOLDS_MEMORY, "1")
    sampler = Sampler(engine_pid=engine.pid)
    assert sample(sampler).engine is not None
    engine.end()
    assert sample(sampler).engine is None
    assert process_identity(engine.pid) is None


def test_a_zombie_is_no_engine() -> None:
    engine = Child(HOLDS_MEMORY, "1")
    sampler = Sampler(engine_pid=engine.pid)
    engine.process.kill()
    os.waitid(os.P_PID, engine.pid, os.WEXITED | os.WNOWAIT)  # ended, but not waited for yet
    assert sample(sampler).engine is None
    engine.end()


def test_the_identity_is_the_kernels_start_time() -> None:
    with child(HOLDS_MEMORY, "1") as engine:
        identity = process_identity(engine.pid)
        assert identity is not None
        started_s = identity.starttime_ticks * TICK_S + psutil.boot_time()
        assert started_s == pytest.approx(psutil.Process(engine.pid).create_time(), abs=1.5)


def test_the_client_is_this_process_without_its_children() -> None:
    with child(BURNS_CPU, "0.3"):
        client = sample(Sampler(client_pids=[os.getpid()])).client
    assert client is not None
    assert client.cpu_s == pytest.approx(time.process_time(), abs=0.2)
    assert client.rss_bytes == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)


def test_who_listens_on_a_port_is_found() -> None:
    with child(LISTENS, "0") as engine:
        port = int(engine.said)
        assert find_listening_pid(port) == engine.pid
        sampler = Sampler(engine_port=port)
        assert engine_of(sampler).pid == engine.pid
    assert find_listening_pid(port) is None


def test_a_port_is_followed_over_a_restart() -> None:
    first = Child(LISTENS, "0")
    sampler = Sampler(engine_port=int(first.said))
    assert sampler.sample(0).engine is not None
    first.end()
    assert sampler.sample(100).engine is None
    with child(LISTENS, first.said) as second:
        engine = sampler.sample(2_000_000_000).engine
        assert engine is not None
        assert engine.pid == second.pid


def test_our_own_program_is_found_by_its_name() -> None:
    name = psutil.Process().cmdline()[0].rpartition("/")[2]
    assert os.getpid() in find_pids_by_command(name)


def test_the_hosts_busy_time_grows_with_the_engines() -> None:
    sampler = Sampler()
    before = busy_s(sample(sampler))
    with child(BURNS_CPU, "0.5"):
        after = busy_s(sample(sampler))
    assert after - before >= 0.4


def busy_s(reading: HostSample) -> float:
    assert reading.cpu is not None
    modes = (reading.cpu.user_s, reading.cpu.nice_s, reading.cpu.system_s)
    return sum(mode for mode in modes if mode is not None)
