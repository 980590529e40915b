"""Short turns on the CPU, asked of the kernel that runs the tests."""

import os
import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

from yoyak.host.time_slice import SHORT_NS, ask_turn_ns, take_short_turns, turn_ns

Result = TypeVar("Result")


def in_thread(work: Callable[[], Result]) -> Result:
    """Run `work` in a thread of its own: turns are a thread's, and this one keeps its."""
    found: list[Result] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


needs_slices = pytest.mark.skipif(
    in_thread(turn_ns) is None, reason="this kernel knows no turns of a chosen length"
)
is_preferred = os.getpriority(os.PRIO_PROCESS, 0) < 0  # then it is left alone


@needs_slices
@pytest.mark.skipif(is_preferred, reason="these tests run at a priority of their own")
def test_a_thread_that_asks_gets_the_shortest_turns() -> None:
    assert in_thread(lambda: (take_short_turns(), turn_ns())) == (SHORT_NS, SHORT_NS)


@needs_slices
def test_the_turns_of_other_threads_stay_as_they_are() -> None:
    before = turn_ns()
    in_thread(take_short_turns)
    assert turn_ns() == before


@needs_slices
def test_what_the_thread_starts_has_turns_of_the_usual_length() -> None:
    def of_what_it_starts() -> int | None:
        take_short_turns()
        return in_thread(turn_ns)

    # Not this thread's own turns: an earlier test may have run a benchmark in it.
    usual_ns = in_thread(lambda: ask_turn_ns(0))
    assert in_thread(of_what_it_starts) == usual_ns != SHORT_NS


def test_an_unknown_processor_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert in_thread(lambda: (take_short_turns(), turn_ns())) == (None, None)
