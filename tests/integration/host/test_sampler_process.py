"""The sampler as a process of its own: its schedule, its orders, and how it ends."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.host.children import HOLDS_MEMORY, LISTENS, Child, child

from yoyak.host.proc import process_stat
from yoyak.host.sampler_handle import SamplerProcess
from yoyak.records.sample import HostSample, sample_from_json

DEADLINE_S = 10.0
PERIOD_NS = 100_000_000


def read(path: Path) -> list[HostSample]:
    if not path.exists():
        return []
    return [sample_from_json(json.loads(line)) for line in path.read_text().splitlines()]


def wait_for(condition: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < ends_s, "not in time"
        time.sleep(0.02)


def has_ended(pid: int) -> bool:
    stat = process_stat(pid)
    return stat is None or not stat.is_alive


def engine_pids(samples: list[HostSample]) -> list[int | None]:
    return [sample.engine.pid if sample.engine else None for sample in samples]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "samples.jsonl"


def test_stamps_keep_to_the_schedule_and_are_on_disk_within_a_second(out: Path) -> None:
    origin_ns = time.monotonic_ns()
    with SamplerProcess(out=out, origin_ns=origin_ns) as sampler:
        wait_for(lambda: len(read(out)) >= 10)
        seen_ns = time.monotonic_ns() - origin_ns
        on_disk = read(out)
        report = sampler.stop()
    samples = read(out)
    stamps = [sample.at_ns for sample in samples]
    assert stamps == sorted(set(stamps))
    assert seen_ns - on_disk[-1].at_ns < 2_000_000_000
    assert (report.failure, report.samples) == (None, len(samples))
    # Each stamp but the last (the stop) follows a place of its own in the schedule.
    places = [stamp // PERIOD_NS for stamp in stamps[:-1]]
    assert len(set(places)) == len(places)
    gaps = [b - a - 1 for a, b in itertools.pairwise(places)]
    assert report.skipped_ticks == sum(gaps)
    assert all(sample.client is not None for sample in samples)


def test_a_restarted_engine_is_followed(out: Path) -> None:
    with SamplerProcess(out=out, origin_ns=time.monotonic_ns()) as sampler:
        with child(HOLDS_MEMORY, "1") as first:
            sampler.point_at_engine(pid=first.pid)
            wait_for(lambda: first.pid in engine_pids(read(out)))
        with child(HOLDS_MEMORY, "1") as second:
            sampler.point_at_engine(pid=second.pid)
            wait_for(lambda: second.pid in engine_pids(read(out)))
            sampler.stop()
    pids = [pid for pid, _ in itertools.groupby(engine_pids(read(out))) if pid is not None]
    assert pids == [first.pid, second.pid]


def test_an_engine_is_followed_by_its_port(out: Path) -> None:
    with child(LISTENS, "0") as engine, SamplerProcess(out=out, origin_ns=0) as sampler:
        sampler.point_at_engine(port=int(engine.said))
        wait_for(lambda: engine.pid in engine_pids(read(out)))


def test_the_pss_comes_when_asked_for_and_with_the_last_sample(out: Path) -> None:
    with (
        child(HOLDS_MEMORY, "8") as engine,
        SamplerProcess(out=out, origin_ns=0, engine_pid=engine.pid) as sampler,
    ):
        wait_for(lambda: len(read(out)) >= 1)
        sampler.request_pss()
        asked_at = len(read(out))
        wait_for(lambda: len(read(out)) > asked_at)
        sampler.stop()
    engines = [sample.engine for sample in read(out)]
    has_pss = [engine is not None and engine.pss_bytes is not None for engine in engines]
    assert has_pss[-1]
    assert sum(has_pss) == 2


def test_a_second_sampler_goes_on_with_the_file(out: Path) -> None:
    with SamplerProcess(out=out, origin_ns=0) as sampler:
        first = sampler.stop().samples
    with SamplerProcess(out=out, origin_ns=0) as sampler:
        second = sampler.stop().samples
    assert first is not None
    assert second is not None
    assert len(read(out)) == first + second


def test_it_ends_when_its_parent_is_killed(out: Path) -> None:
    parent = Child(
        """
import sys
from pathlib import Path
from yoyak.host.proc import process_stat
from yoyak.host.sampler_handle import SamplerProcess
sampler = SamplerProcess(out=Path(sys.argv[1]), origin_ns=0)
print(sampler.pid, flush=True)
sys.stdin.read()
""",
        str(out),
    )
    wait_for(lambda: len(read(out)) >= 1)
    parent.process.kill()
    wait_for(lambda: has_ended(int(parent.said)))
    parent.end()
    assert all(sample.client is not None for sample in read(out)[:-1])  # whole lines


def test_sigterm_ends_it_with_everything_written(out: Path) -> None:
    with SamplerProcess(out=out, origin_ns=0) as sampler:
        wait_for(lambda: len(read(out)) >= 1)
        os.kill(sampler.pid, signal.SIGTERM)
        wait_for(lambda: has_ended(sampler.pid))
        report = sampler.stop()
    assert (report.failure, report.samples) == (None, len(read(out)))


def test_ctrl_c_is_not_for_it(out: Path) -> None:
    with SamplerProcess(out=out, origin_ns=0) as sampler:
        wait_for(lambda: len(read(out)) >= 1)
        os.kill(sampler.pid, signal.SIGINT)
        count = len(read(out))
        wait_for(lambda: len(read(out)) > count)
        assert sampler.stop().failure is None


def test_a_sampler_that_died_is_reported_and_harms_nothing(out: Path) -> None:
    with SamplerProcess(out=out, origin_ns=0) as sampler:
        wait_for(lambda: len(read(out)) >= 1)
        assert sampler.failure() is None
        os.kill(sampler.pid, signal.SIGKILL)
        wait_for(lambda: sampler.failure() is not None)
        sampler.point_at_engine(pid=1)
        sampler.request_pss()
        report = sampler.stop()
    assert report.samples is None
    assert report.failure == (
        "the host sampler died, later resource figures are missing: killed by SIGKILL"
    )


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with SamplerProcess(out=tmp_path / "no" / "samples.jsonl", origin_ns=0) as sampler:
        wait_for(lambda: sampler.failure() is not None)
        failure = sampler.failure()
    assert failure is not None
    assert failure.endswith("samples.jsonl: No such file or directory")
    assert "Traceback" not in "\n".join(sampler.stop().log)


def test_a_line_that_is_no_order_is_told_and_skipped(out: Path) -> None:
    command = [sys.executable, "-m", "yoyak.host.sampler_process", "--origin-ns", "0"]
    done = subprocess.run(
        [*command, "--out", str(out)],
        input=b'nonsense\n{"stop": true}\n',
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0
    assert b"not a control line: b'nonsense'" in done.stderr
    assert len(read(out)) == 1
