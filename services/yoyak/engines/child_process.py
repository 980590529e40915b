"""An engine's server as our child process: started, waited for, listened to, always ended."""

import asyncio
import contextlib
import re
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from typing import cast

from yoyak.engines.http_errors import shortened
from yoyak.errors import HostError, UsageError

STOP_S = 10.0  # a child that does not end within it after SIGTERM is killed
_LAST_LINES = 50
_LINE_BYTES = 65536
_STDERR = 2
_PIPES_S = 1.0
_OWN_ERROR = "error: "
# llama.cpp's log: "0.00.015.481 E llama_model_load: error loading model: ..."
_LOG_PREFIX = re.compile(r"^[\d.]+ [A-Z] +(?:\w+ +)?(?:[\w~:]+(?:\(\))?: +)?")
_LOG_ERROR = re.compile(r"^[\d.]+ E ")


class ChildProcess(asyncio.SubprocessProtocol):
    """A child that prints one line when it is ready and serves until its stdin ends.

    Its stdin is a pipe that only we hold, so it sees our end even if we are killed. It has a
    session of its own: Ctrl-C reaches us alone, and we end it in our own order.
    """

    def __init__(self, name: str) -> None:
        """Begin as the loop's protocol of a process called `name`; use `start`."""
        self._name = name
        self._transport: asyncio.SubprocessTransport | None = None
        self._pid = 0
        self._code: int | None = None  # exit code, or the signal's number below zero
        self._has_exited = asyncio.Event()
        self._has_closed = asyncio.Event()  # it has exited, and its pipes are read to their ends
        self._first_line = bytearray()
        self._has_first_line = asyncio.Event()
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._rest = b""

    @classmethod
    async def start(
        cls, command: Sequence[str], *, name: str, environment: Mapping[str, str]
    ) -> "ChildProcess":
        """Start `command`.

        Raises:
            HostError: the operating system cannot.
        """
        child = cls(name)
        loop = asyncio.get_running_loop()
        starting = asyncio.ensure_future(
            loop.subprocess_exec(lambda: child, *command, env=environment, start_new_session=True)
        )
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:  # the process may exist already: it must not be lost
            await starting
            await child.stop()
            raise
        except OSError as error:
            raise HostError(
                f"{name} cannot be started ({error.strerror}: {command[0]}); "
                "see that it is there and may be run"
            ) from error
        return child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._has_exited.is_set()

    async def ready_line(self, timeout_s: float) -> str:
        """Return the line that it prints when it is ready.

        Raises:
            UsageError: it refused what it was given.
            HostError: it ended, or is not ready in time.
        """
        ends = [
            asyncio.ensure_future(event.wait())
            for event in (self._has_first_line, self._has_exited)
        ]
        try:
            await asyncio.wait(ends, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        if self._has_first_line.is_set():
            return self._first_line.decode("utf-8", "replace")
        if self.is_running:
            raise HostError(
                f"{self._name} was not ready within {timeout_s:g} s; see what keeps this host "
                "busy, or take a smaller model"
            )
        await self._last_words_read()
        error_type = UsageError if self._code == UsageError.exit_code else HostError
        raise error_type(f"{self._name} did not start: {self.last_words()}")

    async def has_ended_within(self, seconds: float) -> bool:
        """Return whether it has ended, waiting for a moment: sockets break before that is known."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._has_exited.wait()
        if not self.is_running:
            await self._last_words_read()
        return not self.is_running

    def end_text(self) -> str:
        """Say how it ended and what it said last."""
        if self._code is None:
            return f"{self._name} (process {self.pid}) still runs"
        if self._code >= 0:
            how = f"ended with exit code {self._code}"
        else:
            how = f"was killed by {_signal_name(-self._code)}"
            if -self._code == signal.SIGKILL:
                how += " (out of memory? see the kernel's log)"
        return f"{self._name} (process {self.pid}) {how}; its last words: {self.last_words()}"

    def last_words(self) -> str:
        """Return the line of its stderr that names the cause: llama.cpp's first, else its own."""
        lines = [line for line in (*self._lines, _text(self._rest)) if line]
        logged = next((line for line in lines if _LOG_ERROR.match(line)), None)
        if logged is not None:
            return shortened(_LOG_PREFIX.sub("", logged))
        own = next((line for line in reversed(lines) if line.startswith(_OWN_ERROR)), None)
        if own is not None:
            return shortened(own.removeprefix(_OWN_ERROR))
        return shortened(lines[-1]) if lines else "it said nothing"

    async def stop(self) -> None:
        """End it and return when it is gone; a child that will not end is killed."""
        transport = self._transport
        if transport is None:
            return
        try:
            if self.is_running:
                with contextlib.suppress(ProcessLookupError):
                    transport.terminate()
                if not await self.has_ended_within(STOP_S):
                    _kill(transport)
                    await self._has_exited.wait()
        finally:
            if self.is_running:  # the wait was cancelled
                _kill(transport)
            transport.close()

    async def _last_words_read(self) -> None:
        """Wait for the pipes' ends, though not for a grandchild that holds them open."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PIPES_S):
                await self._has_closed.wait()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the process."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._pid = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Keep the first line of stdout and the last ones of stderr; no pipe may fill."""
        if fd != _STDERR:
            self._first_line += data[:_LINE_BYTES] if not self._has_first_line.is_set() else b""
            if b"\n" in data:
                self._has_first_line.set()
            return
        *whole, rest = (self._rest + data).split(b"\n")
        self._lines.extend(_text(line) for line in whole)
        self._rest = rest[-_LINE_BYTES:]

    def process_exited(self) -> None:
        """Note how it ended."""
        if self._transport is not None:
            self._code = self._transport.get_returncode()
        self._has_exited.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        """Note that nothing more will be read."""
        self._has_closed.set()


def _kill(transport: asyncio.SubprocessTransport) -> None:
    with contextlib.suppress(ProcessLookupError):
        transport.kill()


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
