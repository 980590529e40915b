from itertools import pairwise

import pytest
from tests.unit.yoyak.host.fake_proc import FakeProc

from yoyak.host.proc import CLOCK_TICKS_PER_S, ProcessIdentity
from yoyak.host.process_tree import ProcessTree, TreeReading

MIB = 1024 * 1024
SECOND_NS = 1_000_000_000


def read(tree: ProcessTree, at_s: float, forks: int | None = None) -> TreeReading:
    reading = tree.read(int(at_s * SECOND_NS), forks)
    assert reading is not None
    return reading


def tree_of(proc: FakeProc, pid: int) -> ProcessTree:
    return ProcessTree(ProcessIdentity(pid, 1000), proc.root)


def ticks(seconds: float) -> float:
    return seconds * CLOCK_TICKS_PER_S


def test_descendants_count_and_strangers_do_not(fake_proc: FakeProc) -> None:
    fake_proc.process(40, rss_mib=10)
    fake_proc.process(50, parent=40, rss_mib=200)
    fake_proc.process(60, parent=50, rss_mib=30)
    fake_proc.process(70, parent=1, rss_mib=5000)
    reading = read(tree_of(fake_proc, 40), 0)
    assert reading.processes == 3
    assert reading.threads == 9
    assert reading.rss_bytes == 240 * MIB
    assert reading.anon_bytes == 180 * MIB
    assert reading.file_bytes == 60 * MIB
    assert reading.pss_bytes is None


def test_the_peak_is_the_sum_of_the_live_members_marks(fake_proc: FakeProc) -> None:
    fake_proc.process(40, rss_mib=10, peak_mib=15)
    fake_proc.process(50, parent=40, rss_mib=200, peak_mib=900)
    tree = tree_of(fake_proc, 40)
    assert read(tree, 0).rss_peak_bytes == 915 * MIB
    fake_proc.end(50)
    assert read(tree, 1).rss_peak_bytes == 15 * MIB


def test_a_grandchild_with_a_lower_pid_is_found(fake_proc: FakeProc) -> None:
    fake_proc.process(400)
    fake_proc.process(30, parent=20)  # pids wrap round
    fake_proc.process(20, parent=400)
    assert read(tree_of(fake_proc, 400), 0).processes == 3


def test_no_new_process_is_looked_for_while_nothing_forks(fake_proc: FakeProc) -> None:
    fake_proc.process(40)
    tree = tree_of(fake_proc, 40)
    assert read(tree, 0, forks=7).processes == 1
    fake_proc.process(50, parent=40)
    assert read(tree, 0.9, forks=7).processes == 1
    assert read(tree, 0.95, forks=8).processes == 2


def test_a_kernel_that_does_not_count_forks_is_scanned_each_second(fake_proc: FakeProc) -> None:
    fake_proc.process(40)
    tree = tree_of(fake_proc, 40)
    read(tree, 0, forks=0)
    fake_proc.process(50, parent=40)
    assert read(tree, 1.0, forks=0).processes == 2


def test_an_orphan_stays_a_member(fake_proc: FakeProc) -> None:
    fake_proc.process(40)
    fake_proc.process(50, parent=40)
    fake_proc.process(60, parent=50, rss_mib=100)
    tree = tree_of(fake_proc, 40)
    read(tree, 0)
    fake_proc.end(50)
    fake_proc.process(60, parent=1, rss_mib=100)
    assert read(tree, 1).rss_bytes == 101 * MIB


def test_a_zombie_counts_its_cpu_time_but_is_no_process(fake_proc: FakeProc) -> None:
    fake_proc.process(40, cpu_ticks=100)
    fake_proc.process(50, parent=40, cpu_ticks=300, state="Z")
    reading = read(tree_of(fake_proc, 40), 0)
    assert reading.processes == 1
    assert reading.cpu_s == 400 / CLOCK_TICKS_PER_S


def test_a_child_that_is_waited_for_leaves_its_time_to_its_parent(fake_proc: FakeProc) -> None:
    fake_proc.process(40, cpu_ticks=100)
    fake_proc.process(50, parent=40, cpu_ticks=300)
    tree = tree_of(fake_proc, 40)
    assert read(tree, 0).cpu_s == 400 / CLOCK_TICKS_PER_S
    fake_proc.process(40, cpu_ticks=110, children_ticks=320)
    fake_proc.end(50)
    assert read(tree, 1).cpu_s == pytest.approx(430 / CLOCK_TICKS_PER_S)


def test_the_time_of_a_child_that_nobody_waits_for_is_kept(fake_proc: FakeProc) -> None:
    fake_proc.process(40, cpu_ticks=100)
    fake_proc.process(50, parent=40, cpu_ticks=300)
    tree = tree_of(fake_proc, 40)
    read(tree, 0)
    fake_proc.end(50)
    assert read(tree, 1).cpu_s == pytest.approx(400 / CLOCK_TICKS_PER_S)
    assert read(tree, 2).cpu_s == pytest.approx(400 / CLOCK_TICKS_PER_S)


def test_an_ended_root_has_no_reading(fake_proc: FakeProc) -> None:
    fake_proc.process(40)
    fake_proc.process(50, parent=40)
    tree = tree_of(fake_proc, 40)
    read(tree, 0)
    fake_proc.end(40)
    assert tree.read(SECOND_NS) is None


def test_a_reused_pid_is_not_the_engine(fake_proc: FakeProc) -> None:
    fake_proc.process(40)
    tree = tree_of(fake_proc, 40)
    read(tree, 0)
    fake_proc.process(40, starttime=2000, rss_mib=999)
    assert tree.read(SECOND_NS) is None


def test_every_member_of_a_large_tree_is_read_within_eleven_samples(fake_proc: FakeProc) -> None:
    fake_proc.process(1000)
    for pid in range(1001, 1050):
        fake_proc.process(pid, parent=1000, cpu_ticks=10)
    tree = tree_of(fake_proc, 1000)
    before = read(tree, 0)
    assert before.processes == 50
    for pid in range(1001, 1050):
        fake_proc.process(pid, parent=1000, cpu_ticks=20, rss_mib=2)
    readings = [read(tree, 0.1 * sample, forks=1) for sample in range(1, 14)]
    assert readings[-1].cpu_s == pytest.approx(before.cpu_s + 490 / CLOCK_TICKS_PER_S)
    assert readings[-1].rss_bytes == 99 * MIB
    assert all(a.cpu_s <= b.cpu_s for a, b in pairwise(readings))


@pytest.mark.parametrize("parent", [1000, 1001])  # the root is read each time, 1001 in its turn
def test_a_large_tree_does_not_count_a_reaped_child_twice(fake_proc: FakeProc, parent: int) -> None:
    fake_proc.process(1000)
    fake_proc.process(1001, parent=1000)
    for pid in range(1002, 1050):
        fake_proc.process(pid, parent=parent, cpu_ticks=10)
    tree = tree_of(fake_proc, 1000)
    for sample in range(30):
        read(tree, 0.01 * sample, forks=1)
    for reaped, victim in enumerate(range(1010, 1040), start=1):
        fake_proc.end(victim)
        grandparent = 1 if parent == 1000 else 1000
        fake_proc.process(parent, parent=grandparent, children_ticks=10 * reaped)
        reading = read(tree, 0.5 + 0.01 * reaped, forks=1)
        assert reading.cpu_s == pytest.approx(480 / CLOCK_TICKS_PER_S), victim


def test_the_last_reading_with_pss_reads_everyone(fake_proc: FakeProc) -> None:
    fake_proc.process(1000)
    for pid in range(1001, 1050):
        fake_proc.process(pid, parent=1000)
    tree = tree_of(fake_proc, 1000)
    for sample in range(3):
        read(tree, 0.1 * sample, forks=1)
    for pid in range(1001, 1050):
        fake_proc.process(pid, parent=1000, cpu_ticks=100)
    last = tree.read(SECOND_NS // 2, 1, pss=True)
    assert last is not None
    assert last.cpu_s == pytest.approx(4900 / CLOCK_TICKS_PER_S)
    assert last.pss_bytes is None  # no smaps_rollup here: a part would look like the whole


def test_what_is_walked_is_summed_and_unknown_if_one_members_is(fake_proc: FakeProc) -> None:
    for pid, parent in ((1000, 1), (1001, 1000), (1002, 1000)):
        fake_proc.process(pid, parent=parent)
    rollup = "Pss:  100 kB\nAnonHugePages:  40 kB\n"
    for pid in (1000, 1001):
        (fake_proc.root / f"proc/{pid}/smaps_rollup").write_text(rollup)
    tree = tree_of(fake_proc, 1000)
    part = tree.read(0, 1, pss=True)
    assert part is not None
    assert (part.pss_bytes, part.huge_page_bytes) == (None, None)
    (fake_proc.root / "proc/1002/smaps_rollup").write_text(rollup)
    whole = tree.read(1, 1, pss=True)
    assert whole is not None
    assert (whole.pss_bytes, whole.huge_page_bytes) == (300 * 1024, 120 * 1024)
    unasked = tree.read(2, 1)
    assert unasked is not None
    assert (unasked.pss_bytes, unasked.huge_page_bytes) == (None, None)
