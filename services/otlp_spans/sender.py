"""Spans leave on a thread of their own, in small batches, bounded; what is lost is counted."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from otlp_spans.span import Span

Export = Callable[[Sequence[Span]], str | None]  # None: taken; else one line on why not

# A batch is made into bytes with the interpreter's lock held, about 10 us a span, and the event
# loop of a service waits for that: 128 spans keep it near a millisecond.
BATCH_MOST = 128
BATCH_OF_ALL = 512  # where nobody waits
QUIET_WAIT_S = 5.0  # beyond its time, for a moment without a request in flight; then it leaves
_LOOK_S = 0.05


class SpanSender:
    """Takes spans without ever waiting, and sends them later.

    Attributes:
        sent: spans that the store took.
        dropped: spans that it did not: the queue was full, an export failed, or time ran out.
    """

    def __init__(
        self,
        export: Export,
        *,
        where: str,
        warn: Callable[[str], None],
        is_quiet: Callable[[], bool] = lambda: True,
        queue_most: int,
        wait_s: float,
        quiet_wait_s: float = QUIET_WAIT_S,
    ) -> None:
        """Start the thread.

        Args:
            export: sends a batch; may take as long as it likes.
            where: what the warning names.
            warn: takes one line when spans are lost for the first time, from any thread.
            is_quiet: whether sending disturbs nobody now; asked from the thread.
            queue_most: spans that may wait.
            wait_s: how long the first span of a batch waits for others.
            quiet_wait_s: how much longer it waits for `is_quiet` at most.
        """
        self.sent = 0
        self.dropped = 0
        self._export = export
        self._where = where
        self._warn = warn
        self._is_quiet = is_quiet
        self._queue_most = queue_most
        self._wait_s = wait_s
        self._quiet_wait_s = quiet_wait_s
        self._enough = max(1, queue_most // 2)  # so many do not wait for company
        self._waiting: deque[tuple[float, Span]] = deque()
        self._under_way = 0
        self._is_closing = False
        self._is_given_up = False
        self._has_warned = False
        self._changed = threading.Condition()
        # A daemon: a store that does not answer must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="spans", daemon=True)
        self._thread.start()

    def add(self, spans: Sequence[Span]) -> None:
        """Queue finished spans; those for which there is no room are dropped and counted."""
        now_s = time.monotonic()
        with self._changed:
            room = 0 if self._is_closing else self._queue_most - len(self._waiting)
            lost = len(spans) - room
            had_company = len(self._waiting)
            self._waiting.extend((now_s, span) for span in spans[: max(0, room)])
            self.dropped += max(0, lost)
            if not had_company or had_company < self._enough <= len(self._waiting):
                self._changed.notify()
        if lost > 0:
            self._tell("more come than it takes")

    def close(self, timeout_s: float) -> None:
        """Send what waits and end, within `timeout_s`; what is left then counts as dropped."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        with self._changed:
            if not self._thread.is_alive():
                return
            self._is_given_up = True
            lost = self._under_way + len(self._waiting)
            self._waiting.clear()
            self.dropped += lost
        self._tell(f"not done within {timeout_s:g} s")

    def _work(self) -> None:
        while batch := self._next_batch():
            failure = self._export(batch)
            with self._changed:
                if self._is_given_up:  # they are counted already
                    return
                self._under_way = 0
                if failure is None:
                    self.sent += len(batch)
                else:
                    self.dropped += len(batch)
            if failure is not None:
                self._tell(failure)

    def _next_batch(self) -> list[Span]:
        """Wait for a batch whose time has come; an empty one is the end."""
        with self._changed:
            while not self._is_closing and not self._is_due():
                self._changed.wait(self._look_again_in_s())
            most = BATCH_OF_ALL if self._is_closing or self._is_quiet() else BATCH_MOST
            batch = [self._waiting.popleft()[1] for _ in range(min(most, len(self._waiting)))]
            self._under_way = len(batch)
            return batch

    def _look_again_in_s(self) -> float | None:
        """Return None without a span: an idle service is not woken."""
        if not self._waiting:
            return None
        if len(self._waiting) >= self._enough:  # it waits for a quiet moment only
            return _LOOK_S
        return max(_LOOK_S, self._wait_s - (time.monotonic() - self._waiting[0][0]))

    def _is_due(self) -> bool:
        if not self._waiting:
            return False
        waited_s = time.monotonic() - self._waiting[0][0]
        if waited_s < self._wait_s and len(self._waiting) < self._enough:
            return False
        return waited_s >= self._wait_s + self._quiet_wait_s or self._is_quiet()

    def _tell(self, why: str) -> None:
        with self._changed:
            if self._has_warned:
                return
            self._has_warned = True
        self._warn(
            f"spans are lost on their way to {self._where} ({why}); the work goes on without them"
        )


@dataclass(frozen=True, slots=True)
class SentAll:
    """How sending a known number of spans went."""

    sent: int
    dropped: int
    failure: str | None


def send_all(export: Export, spans: Iterable[Span], *, limit_s: float) -> SentAll:
    """Send spans now, in batches; the first failure, or the end of `limit_s`, ends the attempt.

    A batch that has begun is not broken off: the exporter's own timeout bounds it.
    """
    rest = iter(spans)
    ends_s = time.monotonic() + limit_s
    sent = dropped = 0
    failure: str | None = None
    while batch := list(islice(rest, BATCH_OF_ALL)):
        if failure is None and time.monotonic() >= ends_s:
            failure = f"not done within {limit_s:g} s"
        failure = failure or export(batch)
        if failure is None:
            sent += len(batch)
        else:
            dropped += len(batch)
    return SentAll(sent, dropped, failure)
