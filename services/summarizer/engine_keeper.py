"""The one engine behind the service: whether it can be asked now, and if not, why."""

import asyncio
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Literal, TypeVar

from summarizer import problems
from summarizer.problems import Problem
from yoyak.engines.base import Engine, LoadResult
from yoyak.errors import EngineError, HostError, UsageError, YoyakError
from yoyak.host.kernel_files import read_text
from yoyak.host.proc import pid_namespace
from yoyak.records import EngineFacts
from yoyak.units import NS_PER_S

Result = TypeVar("Result")
State = Literal["starting", "ready", "unloaded", "changing", "failed"]
ANSWER_DEADLINE_S = 2.0  # describing itself is no work for an engine
CHECK_EVERY_NS = NS_PER_S  # /readyz and /metrics share an answer this long


class EngineKeeper:
    """Owns the engine from its start to its end; one change of its state at a time."""

    def __init__(self, engine: Engine, *, change_timeout_s: float) -> None:
        """Keep `engine`, which is started by `start`.

        Args:
            engine: an adapter that was opened, not necessarily one that runs.
            change_timeout_s: deadline of an unload or a load.
        """
        self.facts: EngineFacts | None = None
        self._engine = engine
        self._change_timeout_s = change_timeout_s
        self._state: State = "starting"
        self._why = "the model is being loaded; /readyz says when it is done"
        self._checked_ns: int | None = None
        self._checking = asyncio.Lock()
        self._where = (read_text(Path("/proc/sys/kernel/random/boot_id")), pid_namespace())

    @property
    def is_up(self) -> bool:
        """Whether the engine answered when it was last asked, and the model is loaded."""
        return self._state == "ready"

    @property
    def why_not(self) -> str:
        """One line on why it is not up."""
        return self._why

    async def start(self) -> None:
        """Start the engine, load its model, and learn what it is.

        Raises:
            HostError: it cannot be started or reached.
            UsageError: the model cannot be used.
        """
        try:
            self.facts = await self._engine.describe()
        except YoyakError as error:
            self._set("failed", f"the engine did not start: {error}")
            raise
        self._set("ready", "")

    def engine(self) -> Engine:
        """Return the engine to ask.

        Raises:
            Problem: it is not ready.
        """
        if self._state != "ready":
            raise Problem(problems.NOT_READY, self._why, retry_after_s=1)
        return self._engine

    def failed(self, error: EngineError) -> None:
        """Take note of a request's error: an engine that nobody reaches is not ready any more."""
        if error.error_class == "connect" and self._state == "ready":
            self._set("failed", f"{error}; POST /v1/engine/load starts it again")
            self._checked_ns = time.monotonic_ns()

    async def check(self) -> None:
        """Ask the engine whether it is there, at most once a second; `is_up` says what came out.

        An engine that was lost and answers again is ready again.
        """
        if self._state not in ("ready", "failed") or self.facts is None:
            return
        async with self._checking:
            now_ns = time.monotonic_ns()
            if self._checked_ns is not None and now_ns - self._checked_ns < CHECK_EVERY_NS:
                return
            self._checked_ns = now_ns
            try:
                async with asyncio.timeout(ANSWER_DEADLINE_S):
                    facts = await self._engine.describe()
            except TimeoutError:
                self._lost(f"the engine did not answer within {ANSWER_DEADLINE_S:.0f} s")
            except HostError as error:
                self._lost(str(error))
            else:
                self.facts = facts
                if self._state == "failed":
                    self._set("ready", "")

    async def describe(self) -> EngineFacts:
        """Return what the engine says of itself now, or what it last said while it is unloaded.

        Raises:
            Problem: it never answered, or does not now.
        """
        if self._state == "unloaded" and self.facts is not None:
            return self.facts
        self._checked_ns = None
        await self.check()
        if not self.is_up or self.facts is None:
            raise Problem(problems.NOT_READY, self._why, retry_after_s=1)
        return self.facts

    async def unload(self) -> None:
        """Take the model out of memory; nothing happens if it is out already.

        Raises:
            Problem: the engine cannot, is changing, or failed.
        """
        if self._state == "unloaded":
            return
        self._begin_change("the model is being unloaded")
        await self._changed(self._engine.unload())
        self._set("unloaded", "the model is unloaded; POST /v1/engine/load loads it")

    async def load(self) -> LoadResult:
        """Load the model, also after the engine was lost; one in memory already stays there.

        Raises:
            Problem: the engine cannot, is changing, or failed.
        """
        self._begin_change("the model is being loaded")
        result = await self._changed(self._engine.load())
        self.facts = await self._changed(self._engine.describe())
        self._set("ready", "")
        return result

    def local_pid(self) -> int | None:
        """Return the engine's pid if it names a process that our /proc shows, else None."""
        facts = self.facts
        if facts is None or facts.pid is None or self._state != "ready":
            return None
        return facts.pid if (facts.boot_id, facts.pid_namespace) == self._where else None

    async def close(self) -> None:
        """Close the engine; one that we started ends."""
        await self._engine.close()

    def _set(self, state: State, why: str) -> None:
        self._state = state
        self._why = why

    def _lost(self, why: str) -> None:
        if self._state == "ready":
            self._set("failed", f"{why}; POST /v1/engine/load starts it again")

    def _begin_change(self, why: str) -> None:
        if self.facts is None or self._state == "changing":
            raise Problem(problems.CONFLICT, self._why)
        if not self.facts.can_reload:
            raise Problem(problems.CONFLICT, f"{self.facts.name} cannot unload and load its model")
        self._set("changing", why)

    async def _changed(self, change: Awaitable[Result]) -> Result:
        """Wait for one step of a change; if it fails the engine counts as lost."""
        try:
            async with asyncio.timeout(self._change_timeout_s):
                return await change
        except TimeoutError as error:
            why = f"the engine did not change within {self._change_timeout_s:g} s"
            self._set("failed", why)
            raise Problem(problems.TIMED_OUT, why) from error
        except HostError as error:
            self._set("failed", f"{error}; POST /v1/engine/load tries again")
            if isinstance(error, EngineError):
                raise problems.of_engine_error(error) from error
            raise Problem(problems.ENGINE_FAILED, str(error)) from error
        except UsageError as error:  # its model file is gone, or no longer one
            self._set("failed", f"{error}; POST /v1/engine/load tries again")
            raise Problem(problems.ENGINE_FAILED, str(error)) from error
        except BaseException:  # a fault of ours too: "changing" would refuse all that follows
            self._set("failed", "a change of the engine was broken off; POST /v1/engine/load")
            raise
