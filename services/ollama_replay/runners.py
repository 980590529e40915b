"""Which models are loaded, who waits for a load and who for a slot: Ollama's scheduler in small.

All times are intended ones: an answer that ends late does not make the next one begin late.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from math import inf

from ollama_replay.go_duration import FOR_EVER_NS
from ollama_replay.loop import Loop
from ollama_replay.options import LoadOptions
from ollama_replay.prompt_tokens import PromptCache
from ollama_replay.script import Model, Script, ns


class QueueFullError(Exception):
    """More requests wait for a load than OLLAMA_MAX_QUEUE allows."""


def _nobody_cares() -> None:
    """Stand for a callback of a request that has ended."""


def _nobody_dies(_now_ns: int) -> None:
    """Stand for the other one."""


class State(Enum):
    """What a runner is doing."""

    LOADING = auto()
    READY = auto()
    UNLOADING = auto()


@dataclass(slots=True, eq=False)
class Ticket:
    """A request's claim on a runner.

    Attributes:
        granted: called when `handed_ns` and `granted_ns` are known, which may lie ahead.
        killed: called with the time when the runner dies.
        handed_ns: when the model is loaded and the runner handed over.
        granted_ns: when a slot is free as well and the prompt is tokenized.
    """

    model: Model
    load_options: LoadOptions
    keep_alive_ns: int | None
    received_ns: int
    needs_slot: bool
    granted: Callable[[], None]
    killed: Callable[[int], None]
    handed_ns: int = 0
    granted_ns: int = 0
    has_slot: bool = False
    runner: "Runner | None" = None

    def forget(self) -> None:
        """Let go of who holds this ticket: without a collector, a circle would stay for ever."""
        self.granted, self.killed = _nobody_cares, _nobody_dies


@dataclass(slots=True, eq=False)
class Runner:
    """A model in memory, or on its way into or out of it."""

    model: Model
    load_options: LoadOptions
    keep_alive_ns: int
    free_slots: int
    prompts: PromptCache
    state: State = State.LOADING
    users: set[Ticket] = field(default_factory=set)
    waiting: deque[Ticket] = field(default_factory=deque)
    is_expiring: bool = False  # it goes as soon as nobody uses it
    expires_ns: int | None = None  # None: in use, or stays for ever
    armed_ns: int | None = None  # when the timer looks
    is_dead: bool = False


class Runners:
    """Hands runners and slots to tickets, loads, reloads and unloads."""

    def __init__(self, loop: Loop, script: Script) -> None:
        self._loop, self._script = loop, script
        self._loaded: dict[str, Runner] = {}
        self._pending: deque[Ticket] = deque()

    def loaded(self) -> list[Runner]:
        """Return the runners in memory, loading and unloading ones too."""
        return list(self._loaded.values())

    def submit(self, ticket: Ticket) -> None:
        """Have `ticket.granted` called when it can go on.

        A request for a loaded model passes by the queue and waits for a slot without limit.

        Raises:
            QueueFullError: it needs a load and too many others do.
        """
        runner = self._loaded.get(ticket.model.name)
        if runner is not None and self._can_serve(runner, ticket):
            self._hand(runner, ticket, ticket.received_ns)
            return
        if len(self._pending) >= self._script.max_queue:
            raise QueueFullError
        self._pending.append(ticket)
        self._schedule(ticket.received_ns)

    def release(self, ticket: Ticket, now_ns: int) -> None:
        """Give back what a ticket holds, or take it out of the line."""
        if ticket in self._pending:
            self._pending.remove(ticket)
            return
        runner, ticket.runner = ticket.runner, None
        if runner is None or runner.is_dead:
            return
        runner.users.discard(ticket)
        if ticket in runner.waiting:
            runner.waiting.remove(ticket)
        elif ticket.has_slot:
            runner.free_slots += 1
            if runner.waiting:
                self._give_slot(runner, runner.waiting.popleft(), now_ns)
        if not runner.users:
            self._idle(runner, now_ns)

    def expire(self, model: Model, now_ns: int) -> None:
        """Unload a model at once, or as soon as nobody uses it, unless someone new asks for it."""
        runner = self._loaded.get(model.name)
        if runner is not None and runner.state is not State.UNLOADING:
            runner.keep_alive_ns = 0
            if runner.state is State.READY and not runner.users:
                self._unload(runner, now_ns)

    def kill(self, runner: Runner, now_ns: int) -> None:
        """End a runner as a crash does: each of its users is told, nothing stays in memory."""
        runner.is_dead = True
        self._loaded.pop(runner.model.name, None)
        for ticket in tuple(runner.users):
            ticket.runner = None
            ticket.killed(now_ns)
        self._schedule(now_ns)

    def clear(self) -> None:
        """Forget everything, as the end of the server's process does."""
        for runner in self._loaded.values():
            runner.is_dead = True
        self._loaded.clear()
        self._pending.clear()

    def _can_serve(self, runner: Runner, ticket: Ticket) -> bool:
        return (
            runner.state is State.READY
            and not runner.is_expiring
            and ticket.load_options.fits(runner.load_options)
        )

    def _schedule(self, now_ns: int) -> None:
        """Serve those who wait for a load in turn; the first who cannot go on holds up the rest."""
        while self._pending:
            ticket = self._pending[0]
            runner = self._loaded.get(ticket.model.name)
            if runner is None:
                if self._has_room(now_ns):
                    self._load(ticket, now_ns)
                return
            if not self._can_serve(runner, ticket):
                if runner.state is State.READY:
                    self._evict(runner, now_ns)  # a reload
                return
            self._pending.popleft()
            self._hand(runner, ticket, max(now_ns, ticket.received_ns))

    def _has_room(self, now_ns: int) -> bool:
        """Return whether another model may be loaded; if not, send the most idle one away."""
        if len(self._loaded) < self._script.max_loaded:
            return True
        ready = [one for one in self._loaded.values() if one.state is State.READY]
        if ready and not any(one.is_expiring for one in ready):
            self._evict(min(ready, key=_usefulness), now_ns)
        return False

    def _evict(self, runner: Runner, now_ns: int) -> None:
        """Serve nobody new, and unload when nobody is served any more."""
        runner.is_expiring = True
        if not runner.users:
            self._unload(runner, now_ns)

    def _load(self, ticket: Ticket, now_ns: int) -> None:
        runner = Runner(
            model=ticket.model,
            load_options=ticket.load_options,
            keep_alive_ns=keep_alive_ns(self._script),
            free_slots=self._script.parallel,
            prompts=PromptCache(self._script.remembered_prompts),
        )
        self._loaded[ticket.model.name] = runner

        def loaded(due_ns: int) -> None:
            if runner.is_dead:
                return
            runner.state = State.READY
            self._schedule(due_ns)
            if not runner.users:  # who wanted it has gone
                self._idle(runner, due_ns)

        self._loop.at(now_ns + ns(ticket.model.load_s), loaded)

    def _unload(self, runner: Runner, now_ns: int) -> None:
        runner.state = State.UNLOADING

        def unloaded(due_ns: int) -> None:
            if not runner.is_dead:
                runner.is_dead = True
                del self._loaded[runner.model.name]
                self._schedule(due_ns)

        self._loop.at(now_ns + ns(runner.model.unload_s), unloaded)

    def _hand(self, runner: Runner, ticket: Ticket, now_ns: int) -> None:
        ticket.runner = runner
        runner.users.add(ticket)
        runner.expires_ns = None
        if ticket.keep_alive_ns is not None:
            runner.keep_alive_ns = ticket.keep_alive_ns
        ticket.handed_ns = now_ns + ns(self._script.timeline_of(runner.model).warm_load_s)
        if not ticket.needs_slot:
            ticket.granted_ns = ticket.handed_ns
            ticket.granted()
        elif runner.free_slots:
            self._give_slot(runner, ticket, now_ns)
        else:
            runner.waiting.append(ticket)

    def _give_slot(self, runner: Runner, ticket: Ticket, now_ns: int) -> None:
        runner.free_slots -= 1
        ticket.has_slot = True
        overhead_ns = ns(self._script.timeline_of(runner.model).overhead_s)
        ticket.granted_ns = max(now_ns, ticket.handed_ns + overhead_ns)
        ticket.granted()

    def _idle(self, runner: Runner, now_ns: int) -> None:
        if runner.state is not State.READY:
            return
        if runner.is_expiring or runner.keep_alive_ns == 0:
            self._unload(runner, now_ns)
        elif runner.keep_alive_ns != FOR_EVER_NS:
            runner.expires_ns = now_ns + runner.keep_alive_ns
            self._arm(runner, runner.expires_ns)

    def _arm(self, runner: Runner, expires_ns: int) -> None:
        """Keep one timer a runner that counts; it looks again when the end has moved on."""
        if runner.armed_ns is not None and runner.armed_ns <= expires_ns:
            return
        runner.armed_ns = expires_ns

        def look(due_ns: int) -> None:
            if runner.armed_ns != due_ns:
                return  # an earlier one was set since
            runner.armed_ns = None
            if runner.is_dead or runner.state is not State.READY or runner.expires_ns is None:
                return
            if runner.expires_ns <= due_ns:
                self._unload(runner, due_ns)
            else:
                self._arm(runner, runner.expires_ns)

        self._loop.at(expires_ns, look)


def _usefulness(runner: Runner) -> tuple[int, float]:
    """Order runners by who should make room: unused ones first, the soonest to expire first."""
    return len(runner.users), inf if runner.expires_ns is None else runner.expires_ns


def keep_alive_ns(script: Script) -> int:
    """Return the server's own keep_alive; FOR_EVER_NS where it is negative."""
    return FOR_EVER_NS if script.keep_alive_s < 0 else ns(script.keep_alive_s)
