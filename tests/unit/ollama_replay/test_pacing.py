"""Schedules: exact, ascending, the same for the same seed, each request its own."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_replay.pacing import RING, Pacing
from ollama_replay.script import Timeline

MS = 1_000_000


def offsets_ns(pacing: Pacing, chunks: int, index: int = 0) -> list[int]:
    return list(pacing.offsets_ns(pacing.place(index), chunks))


def test_without_jitter_chunks_leave_at_equal_gaps() -> None:
    pacing = Pacing(Timeline(gap_s=0.02), seed=1)
    assert offsets_ns(pacing, 4) == [0, 20 * MS, 40 * MS, 60 * MS]


def test_gaps_of_their_own_repeat() -> None:
    pacing = Pacing(Timeline(gaps_s=(0.01, 0.5)), seed=1)
    assert offsets_ns(pacing, 5) == [0, 10 * MS, 510 * MS, 520 * MS, 1020 * MS]


timelines = st.builds(
    lambda gaps, share, sizes: Timeline(
        gaps_s=tuple(gaps), jitter_s=min(gaps) * share, tokens_per_chunk=tuple(sizes)
    ),
    st.lists(st.floats(0.0, 0.2), min_size=1, max_size=4),
    st.floats(0.0, 1.0),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
)


@given(timelines, st.integers(0, 2**31), st.integers(0, 10**6), st.integers(0, 300))
def test_a_schedule_never_goes_back_and_keeps_within_its_jitter(
    timeline: Timeline, seed: int, index: int, chunks: int
) -> None:
    pacing = Pacing(timeline, seed)
    found = offsets_ns(pacing, chunks, index)
    assert found[:1] == [0][:chunks]
    most_ns = round(timeline.jitter_s * 1e9)
    for number, (before, after) in enumerate(pairwise(found)):
        gap_ns = round(timeline.gaps[number % len(timeline.gaps)] * 1e9)
        assert after >= before
        assert abs(after - before - gap_ns) <= most_ns
    assert pacing.span_ns(pacing.place(index), chunks) == (found[-1] if found else 0)


@given(timelines, st.integers(0, 2**31), st.integers(0, 10**6))
def test_the_same_seed_makes_the_same_schedule(timeline: Timeline, seed: int, index: int) -> None:
    one, other = Pacing(timeline, seed), Pacing(timeline, seed)
    assert offsets_ns(one, 50, index) == offsets_ns(other, 50, index)
    assert one.first_jitter_ns(index) == other.first_jitter_ns(index)


def test_another_seed_and_another_request_make_another_schedule() -> None:
    timeline = Timeline(jitter_s=0.01, first_chunk_jitter_s=0.01)
    one, other = Pacing(timeline, 1), Pacing(timeline, 2)
    assert offsets_ns(one, 50) != offsets_ns(other, 50)
    assert offsets_ns(one, 50, 0) != offsets_ns(one, 50, 1)
    assert one.first_jitter_ns(0) != one.first_jitter_ns(1)


def test_jitter_is_even_around_zero() -> None:
    pacing = Pacing(Timeline(gap_s=0.02, jitter_s=0.01, first_chunk_jitter_s=0.01), seed=5)
    found = offsets_ns(pacing, RING + 1)
    mean_gap_ns = found[-1] / RING
    # The standard error of a mean of 8191 even draws of +-10 ms is 64 us: five of them.
    assert mean_gap_ns == pytest.approx(20 * MS, abs=320_000)
    firsts = [pacing.first_jitter_ns(index) for index in range(RING)]
    assert sum(firsts) / RING == pytest.approx(0, abs=320_000)
    assert max(abs(first) for first in firsts) <= 10 * MS


@given(timelines, st.integers(0, 2000))
def test_chunks_hold_all_tokens_and_none_is_empty(timeline: Timeline, tokens: int) -> None:
    pacing = Pacing(timeline, 1)
    chunks = pacing.chunks(tokens)
    sizes = [pacing.size(number) for number in range(chunks)]
    assert sum(sizes) >= tokens
    assert sum(sizes[:-1]) < tokens or chunks == 0


def test_alignment_moves_to_the_next_multiple_only() -> None:
    pacing = Pacing(Timeline(align_s=0.02), seed=1)
    assert pacing.aligned_ns(1) == 20 * MS
    assert pacing.aligned_ns(20 * MS) == 20 * MS
    assert pacing.aligned_ns(20 * MS + 1) == 40 * MS
    assert Pacing(Timeline(), seed=1).aligned_ns(12_345) == 12_345
