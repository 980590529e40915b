from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.yoyak.host.fake_proc import FakeProc

from yoyak.host.proc import (
    CLOCK_TICKS_PER_S,
    MemoryStatus,
    Process,
    ProcessIdentity,
    WalkedMemory,
    parse_stat,
    parse_status,
    pid_namespace,
    process_identity,
)

# Fields 4 to 24 as proc_pid_stat(5) numbers them: utime 14, stime 15, cutime 16, cstime 17,
# num_threads 20, starttime 22, rss 24.
FIELDS = (
    "17 42 42 0 -1 4194304 96 0 0 0 150 50 30 20 20 0 9 0 98292 3133440 382 18446744073709551615"
)


def test_times_are_in_seconds_and_memory_in_bytes() -> None:
    stat = parse_stat(f"42 (llama-server) R {FIELDS}".encode())
    assert stat is not None
    assert stat.parent_pid == 17
    assert stat.cpu_s == 200 / CLOCK_TICKS_PER_S
    assert stat.children_cpu_s == 50 / CLOCK_TICKS_PER_S
    assert stat.threads == 9
    assert stat.starttime_ticks == 98292
    assert stat.rss_bytes == 382 * 4096


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\n"), max_size=15))
def test_a_name_may_hold_anything(name: str) -> None:
    stat = parse_stat(f"42 ({name}) S {FIELDS}".encode())
    assert stat is not None
    assert (stat.state, stat.parent_pid, stat.starttime_ticks) == ("S", 17, 98292)


def test_a_zombie_is_not_alive() -> None:
    stat = parse_stat(f"42 (x) Z {FIELDS}".encode())
    assert stat is not None
    assert not stat.is_alive


def test_a_file_that_is_no_stat_is_unknown() -> None:
    assert parse_stat(b"") is None
    assert parse_stat(b"42 (x) S 1 2") is None


def test_memory_lines_are_in_bytes_and_unknown_where_absent() -> None:
    status = b"Name:\tVmRSS: 5 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nRssAnon:\t  100 kB\n"
    assert parse_status(status) == MemoryStatus(
        rss_bytes=1024 * 1024, rss_peak_bytes=2048 * 1024, anon_bytes=100 * 1024, file_bytes=None
    )
    assert parse_status(b"Name:\tkthreadd\nThreads:\t1\n") == MemoryStatus(None, None, None, None)


def test_an_identity_is_pid_and_start_time(fake_proc: FakeProc) -> None:
    fake_proc.process(42, starttime=777)
    assert process_identity(42, fake_proc.root) == ProcessIdentity(42, 777)
    assert process_identity(43, fake_proc.root) is None


def test_a_pid_given_to_another_process_is_not_ours(fake_proc: FakeProc) -> None:
    fake_proc.process(42, starttime=777)
    process = Process(ProcessIdentity(42, 777), fake_proc.root, keep_open=False)
    assert process.stat() is not None
    fake_proc.end(42)
    assert process.stat() is None
    fake_proc.process(42, starttime=888)
    assert process.stat() is None


def test_walked_memory_is_the_rollups(fake_proc: FakeProc) -> None:
    fake_proc.process(42)
    (fake_proc.root / "proc/42/smaps_rollup").write_text(
        "5581-7ffd ---p 00000000 00:00 0    [rollup]\n"
        "Rss:    900 kB\nPss:    700 kB\nPss_Anon:  600 kB\nAnonHugePages:  512 kB\n"
    )
    walked = Process(ProcessIdentity(42, 1000), fake_proc.root).walked()
    assert walked == WalkedMemory(pss_bytes=700 * 1024, huge_page_bytes=512 * 1024)


def test_without_smaps_rollup_nothing_of_it_is_known(fake_proc: FakeProc) -> None:
    fake_proc.process(42)
    assert Process(ProcessIdentity(42, 1000), fake_proc.root).walked() == WalkedMemory(None, None)


def test_a_pid_namespace_is_the_number_in_the_link(tmp_path: Path) -> None:
    (tmp_path / "proc/self/ns").mkdir(parents=True)
    (tmp_path / "proc/self/ns/pid").symlink_to("pid:[4026531836]")
    assert pid_namespace(tmp_path) == 4026531836
    assert pid_namespace(tmp_path, 1) is None
