from hypothesis import given
from hypothesis import strategies as st

from yoyak.host.schedule import Tick, first_tick, next_tick

MS = 1_000_000
rates = st.floats(0.1, 1000)
moments = st.integers(0, 10**13)


def test_ticks_lie_at_multiples_of_the_period_from_the_origin() -> None:
    assert first_tick(5_000 * MS + 1, 5_000 * MS, 10) == Tick(1, 5_100 * MS)
    assert first_tick(5_000 * MS, 5_000 * MS, 10) == Tick(0, 5_000 * MS)


def test_a_late_sample_does_not_delay_the_next() -> None:
    assert next_tick(Tick(3, 300 * MS), 399 * MS, 0, 10) == (Tick(4, 400 * MS), 0)


def test_missed_ticks_are_skipped_and_counted() -> None:
    assert next_tick(Tick(3, 300 * MS), 650 * MS, 0, 10) == (Tick(7, 700 * MS), 3)


def test_a_rate_that_divides_no_second_does_not_drift() -> None:
    tick = Tick(0, 0)
    for _ in range(3 * 1000):
        tick, _ = next_tick(tick, tick.due_ns, 0, 3)
    assert tick.due_ns == 1000 * 1_000_000_000


@given(now_ns=moments, origin_ns=moments, hz=rates)
def test_the_first_tick_is_never_past(now_ns: int, origin_ns: int, hz: float) -> None:
    assert first_tick(now_ns, origin_ns, hz).due_ns >= min(now_ns, origin_ns)
    if now_ns >= origin_ns:
        assert first_tick(now_ns, origin_ns, hz).due_ns >= now_ns


@given(elapsed_ns=moments, late_ns=st.integers(0, 10**10), hz=rates)
def test_ticks_and_skipped_ones_make_up_the_count(elapsed_ns: int, late_ns: int, hz: float) -> None:
    tick = first_tick(elapsed_ns, 0, hz)
    following, skipped = next_tick(tick, tick.due_ns + late_ns, 0, hz)
    assert following.number == tick.number + 1 + skipped
    assert following.due_ns >= tick.due_ns + late_ns
