"""Articles on their way to the summarizer: bounded, patient with a busy service, nothing lost."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import aiohttp

from newscrawl.letters import DELIVERED, REFUSED, UNDELIVERED, Letter, Outcome
from newscrawl.middlewares import backoff_s
from yoyak.errors import HostError

PATH = "/v1/summaries"
BUSY = frozenset({429, 503})  # the service asks to wait
PASSING = frozenset({408, 500, 502, 504})  # a failure that another try may mend
TRIES = 3
FIRST_WAIT_S = 1.0


class Feeder:
    """Delivers letters with a bounded number under way and a bounded number waiting.

    Attributes:
        counts: letters by outcome.
    """

    def __init__(
        self,
        url: str,
        *,
        concurrency: int,
        timeout_s: float,
        patience_s: float,
        on_outcome: Callable[[Letter, Outcome], None],
    ) -> None:
        """Deliver to the service at `url`.

        Args:
            url: of the service, without the path.
            concurrency: deliveries at once.
            timeout_s: of one delivery; a summary on a slow host takes minutes.
            patience_s: how long a service may stay busy or away before feeding is given up.
            on_outcome: told of each letter.
        """
        self._url = url.rstrip("/") + PATH
        self._base = url.rstrip("/")
        self._concurrency = concurrency
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=10)
        self._patience_s = patience_s
        self._on_outcome = on_outcome
        self._waiting: asyncio.Queue[Letter] = asyncio.Queue(maxsize=concurrency)
        self._workers: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None
        self._not_before_s = 0.0  # the service asked for quiet until then
        self._given_up = False
        self.counts = {DELIVERED: 0, REFUSED: 0, UNDELIVERED: 0}

    async def open(self) -> None:
        """Look whether the service is there, and begin.

        Raises:
            HostError: it is not.
        """
        self._session = aiohttp.ClientSession(timeout=self._timeout)
        try:
            async with self._session.get(f"{self._base}/healthz") as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            await self._session.close()
            raise HostError(
                f"the summarizer at {self._base} does not answer ({_words(error)}); "
                "start it: yoyak serve"
            ) from error
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]

    async def send(self, letter: Letter) -> None:
        """Take a letter; waits while as many as may wait are waiting."""
        await self._waiting.put(letter)

    async def close(self, *, is_wanted: Callable[[], bool]) -> None:
        """Deliver what is waiting, as long as that is wanted, and end.

        What is then under way is broken off, and the service stops its work on it.
        """
        drained = asyncio.ensure_future(self._waiting.join())
        while not drained.done() and is_wanted():
            await asyncio.wait([drained], timeout=0.1)
        for task in (drained, *self._workers):
            task.cancel()
        await asyncio.gather(drained, *self._workers, return_exceptions=True)
        while not self._waiting.empty():
            self._tell(self._waiting.get_nowait(), _gave_up(0))
        if self._session is not None:
            await self._session.close()

    async def _work(self) -> None:
        while True:
            letter = await self._waiting.get()
            began_ns = None if self._given_up else time.monotonic_ns()
            try:
                outcome = _gave_up(0) if self._given_up else await self._deliver(letter)
            except asyncio.CancelledError:
                self._tell(letter, _gave_up(1), began_ns)
                raise
            finally:
                self._waiting.task_done()
            self._tell(letter, outcome, began_ns)

    def _tell(self, letter: Letter, outcome: Outcome, began_ns: int | None = None) -> None:
        if began_ns is not None:
            outcome = replace(outcome, began_ns=began_ns, ended_ns=time.monotonic_ns())
        self.counts[outcome.outcome] += 1
        self._on_outcome(letter, outcome)

    async def _deliver(self, letter: Letter) -> Outcome:
        """Return what became of a letter, after as many tries as it takes and is worth."""
        failures = waits = 0
        patience_until_s = time.monotonic() + self._patience_s
        while True:
            await asyncio.sleep(max(0.0, self._not_before_s - time.monotonic()))
            outcome, retry_after = await self._try(letter, failures + 1)
            if outcome.outcome != UNDELIVERED:
                return outcome
            if outcome.status is None or outcome.status in BUSY:
                waits += 1
                if time.monotonic() >= patience_until_s:
                    self._given_up = True
                    return outcome
            else:
                failures += 1
                if failures >= TRIES:
                    return _refused(outcome)
            pause_s = backoff_s(min(waits + failures - 1, 5), retry_after, first_s=FIRST_WAIT_S)
            if outcome.status in BUSY:  # for all of us
                self._not_before_s = max(self._not_before_s, time.monotonic() + pause_s)
            else:
                await asyncio.sleep(pause_s)

    async def _try(self, letter: Letter, attempt: int) -> tuple[Outcome, bytes | None]:
        if self._session is None:
            raise RuntimeError("send before open")
        body = {"article": {"id": letter.id, "title": letter.title, "text": letter.text}}
        headers = {"traceparent": letter.traceparent, "X-Request-Id": letter.trace_id}
        began_s = time.monotonic()
        try:
            async with self._session.post(self._url, json=body, headers=headers) as response:
                data = await response.read()
                status = response.status
                retry_after = response.headers.get("Retry-After", "").encode() or None
        except TimeoutError:
            return Outcome(
                outcome=UNDELIVERED,
                seconds=time.monotonic() - began_s,
                attempts=attempt,
                status=504,  # as if the service had said so: it is counted as a failure
                problem=f"no answer within {self._timeout.total:.0f} s",
            ), None
        except (aiohttp.ClientError, OSError) as error:
            return Outcome(
                outcome=UNDELIVERED,
                seconds=time.monotonic() - began_s,
                attempts=attempt,
                problem=_words(error),
            ), None
        seconds = time.monotonic() - began_s
        answer = _json(data)
        if status == 200 and answer is not None:
            found = Outcome(
                outcome=DELIVERED, seconds=seconds, attempts=attempt, status=status, answer=answer
            )
            return found, None
        problem = str((answer or {}).get("detail") or (answer or {}).get("title") or status)
        is_passing = status in BUSY or status in PASSING
        found = Outcome(
            outcome=UNDELIVERED if is_passing else REFUSED,
            seconds=seconds,
            attempts=attempt,
            status=status,
            problem=problem,
        )
        return found, retry_after


def _refused(outcome: Outcome) -> Outcome:
    return Outcome(
        outcome=REFUSED,
        seconds=outcome.seconds,
        attempts=outcome.attempts,
        status=outcome.status,
        problem=outcome.problem,
    )


def _gave_up(attempts: int) -> Outcome:
    return Outcome(outcome=UNDELIVERED, seconds=0.0, attempts=attempts)


def _json(data: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
