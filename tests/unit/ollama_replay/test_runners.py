"""Loads, slots, reloads and expiry, played on a clock that a test turns."""

from collections.abc import Iterator
from dataclasses import replace
from heapq import heappop, heappush

import pytest

from ollama_replay.loop import Loop, Timer
from ollama_replay.options import LoadOptions, load_options
from ollama_replay.runners import QueueFullError, Runners, State, Ticket
from ollama_replay.script import Model, Script, Timeline

MS = 1_000_000
S = 1000 * MS
PLAIN = load_options({}, 4096, shift=True)


class TurnedLoop(Loop):
    """A loop whose timers run when the test says what time it is."""

    def __init__(self) -> None:
        super().__init__()
        self.timers: list[tuple[int, int, Timer]] = []

    def at(self, due_ns: int, timer: Timer) -> None:
        heappush(self.timers, (due_ns, len(self.timers), timer))

    def turn_to(self, now_ns: int) -> None:
        while self.timers and self.timers[0][0] <= now_ns:
            due_ns, _, timer = heappop(self.timers)
            timer(due_ns)


@pytest.fixture
def loop() -> Iterator[TurnedLoop]:
    made = TurnedLoop()
    yield made
    made.close()


SCRIPT = Script(
    timeline=Timeline(first_chunk_s=0.075, warm_load_s=0.01, overhead_s=0.005),
    models=(Model(name="a", load_s=1.0, unload_s=0.1), Model(name="b", load_s=2.0)),
)
A, B = SCRIPT.models


class Asked:
    """A ticket and what became of it."""

    def __init__(
        self,
        runners: Runners,
        at_ns: int,
        *,
        model: Model = A,
        options: LoadOptions = PLAIN,
        keep_alive_ns: int | None = None,
        needs_slot: bool = True,
    ) -> None:
        self.was_granted = False
        self.killed_ns: int | None = None
        self.ticket = Ticket(
            model=model,
            load_options=options,
            keep_alive_ns=keep_alive_ns,
            received_ns=at_ns,
            needs_slot=needs_slot,
            granted=self._granted,
            killed=self._killed,
        )
        runners.submit(self.ticket)

    def _granted(self) -> None:
        self.was_granted = True

    def _killed(self, now_ns: int) -> None:
        self.killed_ns = now_ns


def names(runners: Runners) -> list[str]:
    return [runner.model.name for runner in runners.loaded()]


def test_a_cold_model_is_handed_over_when_it_is_loaded(loop: TurnedLoop) -> None:
    asked = Asked(Runners(loop, SCRIPT), 0)
    loop.turn_to(S - 1)
    assert not asked.was_granted
    loop.turn_to(S)
    assert asked.was_granted
    assert asked.ticket.handed_ns == S + 10 * MS
    assert asked.ticket.granted_ns == S + 15 * MS


def test_a_warm_model_takes_its_overhead_only(loop: TurnedLoop) -> None:
    runners = Runners(loop, SCRIPT)
    runners.release(loaded(runners, loop), S)
    asked = Asked(runners, 5 * S)
    assert (asked.ticket.handed_ns, asked.ticket.granted_ns) == (5 * S + 10 * MS, 5 * S + 15 * MS)


def loaded(runners: Runners, loop: TurnedLoop, model: Model = A) -> Ticket:
    """A ticket that has had the model loaded, and holds it."""
    ticket = Asked(runners, 0, model=model).ticket
    loop.turn_to(round(model.load_s * S))
    return ticket


def test_requests_for_a_loaded_model_wait_for_a_slot_in_turn_and_without_limit(
    loop: TurnedLoop,
) -> None:
    runners = Runners(loop, replace(SCRIPT, max_queue=1))
    first = loaded(runners, loop)
    line = [Asked(runners, S + n) for n in range(1000)]
    assert not any(asked.was_granted for asked in line)
    runners.release(first, 7 * S)
    assert [asked.was_granted for asked in line[:2]] == [True, False]
    assert line[0].ticket.granted_ns == 7 * S
    runners.release(line[1].ticket, 8 * S)  # gives up while it waits
    runners.release(line[0].ticket, 9 * S)
    assert not line[1].was_granted
    assert line[2].ticket.granted_ns == 9 * S


def test_a_slot_freed_early_does_not_hurry_tokenizing(loop: TurnedLoop) -> None:
    runners = Runners(loop, SCRIPT)
    first = loaded(runners, loop)
    asked = Asked(runners, 7 * S)
    runners.release(first, 7 * S + MS)
    assert asked.ticket.granted_ns == 7 * S + 15 * MS


def test_as_many_run_at_once_as_there_are_slots(loop: TurnedLoop) -> None:
    runners = Runners(loop, replace(SCRIPT, parallel=3))
    loaded(runners, loop)
    line = [Asked(runners, 2 * S) for _ in range(3)]
    assert [asked.was_granted for asked in line] == [True, True, False]


def test_the_queue_bounds_only_those_who_wait_for_a_load(loop: TurnedLoop) -> None:
    runners = Runners(loop, replace(SCRIPT, max_queue=2))
    Asked(runners, 0)
    Asked(runners, 0)
    with pytest.raises(QueueFullError):
        Asked(runners, 0)


def test_other_load_options_reload_when_nobody_uses_the_model(loop: TurnedLoop) -> None:
    runners = Runners(loop, SCRIPT)
    first = loaded(runners, loop)
    asked = Asked(runners, 2 * S, options=load_options({"num_ctx": 8192}, 4096, shift=True))
    later = Asked(runners, 2 * S)  # fits the old runner, but it is on its way out
    runners.release(first, 3 * S)
    assert runners.loaded()[0].state is State.UNLOADING
    loop.turn_to(4 * S + 100 * MS)
    assert asked.ticket.handed_ns == 4 * S + 110 * MS
    assert runners.loaded()[0].load_options.num_ctx == 8192
    assert not later.was_granted


def test_a_model_goes_keep_alive_after_its_last_request(loop: TurnedLoop) -> None:
    runners = Runners(loop, replace(SCRIPT, keep_alive_s=60.0))
    runners.release(loaded(runners, loop), 10 * S)
    again = Asked(runners, 40 * S)
    runners.release(again.ticket, 50 * S)
    loop.turn_to(110 * S - 1)
    assert names(runners) == ["a:latest"]
    loop.turn_to(110 * S)
    assert runners.loaded()[0].state is State.UNLOADING
    loop.turn_to(110 * S + 100 * MS)
    assert names(runners) == []


def test_a_shorter_keep_alive_counts_although_a_longer_one_was_set(loop: TurnedLoop) -> None:
    runners = Runners(loop, replace(SCRIPT, keep_alive_s=300.0))
    runners.release(loaded(runners, loop), 10 * S)
    runners.release(Asked(runners, 20 * S, keep_alive_ns=S).ticket, 30 * S)
    loop.turn_to(31 * S + 100 * MS)
    assert names(runners) == []


def test_a_negative_keep_alive_is_for_ever(loop: TurnedLoop) -> None:
    runners = Runners(loop, replace(SCRIPT, keep_alive_s=-1.0))
    runners.release(loaded(runners, loop), 10 * S)
    loop.turn_to(10**9 * S)
    assert names(runners) == ["a:latest"]


def test_unloading_waits_for_those_who_are_served(loop: TurnedLoop) -> None:
    runners = Runners(loop, SCRIPT)
    first = loaded(runners, loop)
    runners.expire(A, 2 * S)
    assert runners.loaded()[0].state is State.READY
    runners.release(first, 3 * S)
    assert runners.loaded()[0].state is State.UNLOADING  # and still in memory
    loop.turn_to(3 * S + 100 * MS)
    assert names(runners) == []


def test_a_load_without_a_question_needs_no_slot(loop: TurnedLoop) -> None:
    runners = Runners(loop, SCRIPT)
    loaded(runners, loop)
    asked = Asked(runners, 2 * S, needs_slot=False)
    assert asked.was_granted
    assert asked.ticket.granted_ns == asked.ticket.handed_ns


def test_a_full_memory_lets_the_unused_model_go(loop: TurnedLoop) -> None:
    runners = Runners(loop, replace(SCRIPT, max_loaded=1))
    first = loaded(runners, loop)
    asked = Asked(runners, 2 * S, model=B)
    runners.release(first, 3 * S)
    loop.turn_to(3 * S + 100 * MS)
    assert names(runners) == ["b:latest"]
    loop.turn_to(5 * S + 100 * MS)
    assert asked.ticket.handed_ns == 5 * S + 110 * MS


def test_a_crash_tells_everybody_and_the_next_request_loads_again(loop: TurnedLoop) -> None:
    runners = Runners(loop, SCRIPT)
    first = Asked(runners, 0)
    loop.turn_to(S)
    waiting = Asked(runners, 2 * S)
    runners.kill(runners.loaded()[0], 3 * S)
    assert (first.killed_ns, waiting.killed_ns) == (3 * S, 3 * S)
    assert names(runners) == []
    runners.release(first.ticket, 3 * S)
    again = Asked(runners, 4 * S)
    loop.turn_to(5 * S)
    assert again.ticket.handed_ns == 5 * S + 10 * MS


def test_who_leaves_while_the_model_loads_leaves_it_to_expire(loop: TurnedLoop) -> None:
    runners = Runners(loop, replace(SCRIPT, keep_alive_s=1.0))
    asked = Asked(runners, 0)
    runners.release(asked.ticket, MS)
    loop.turn_to(S)
    assert not asked.was_granted
    loop.turn_to(2 * S + 100 * MS)
    assert names(runners) == []
