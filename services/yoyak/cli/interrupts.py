"""Ctrl-C during a benchmark: the first drains and finishes, the second gives up at once."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import uvloop

from otlp_spans.settings import OtlpSettings
from yoyak.bench.progress import Progress
from yoyak.bench.run import RunOutcome, run_benchmark
from yoyak.cli.progress import progress_on_stderr
from yoyak.config import ResolvedConfig
from yoyak.errors import InterruptedRun

if TYPE_CHECKING:
    from yoyak.bench.resume import ResumePoint


def run_with_interrupts(
    resolved: ResolvedConfig,
    *,
    command: Sequence[str],
    traces: OtlpSettings | None,
    progress: Progress | None = None,
    resume: "ResumePoint | None" = None,
    api_key: str | None = None,
) -> RunOutcome:
    """Run a benchmark on an event loop of its own that listens to SIGINT and SIGTERM.

    Raises:
        InterruptedRun: a second signal came, or the first one before any request left.
    """
    watcher = progress_on_stderr() if progress is None else progress
    try:
        return uvloop.run(
            _run(
                watcher,
                partial(
                    run_benchmark,
                    resolved,
                    progress=watcher,
                    command=command,
                    traces=traces,
                    resume=resume,
                    api_key=api_key,
                ),
            )
        )
    except asyncio.CancelledError as error:
        raise InterruptedRun("stopped; every finished request is in the run folder") from error


async def _run(
    progress: Progress, benchmark: "Callable[..., Coroutine[Any, Any, RunOutcome]]"
) -> RunOutcome:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(benchmark(stop=stop))
    handler = _handler(stop, task, progress)
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, handler)
    return await task


def _handler(
    stop: asyncio.Event, task: "asyncio.Future[RunOutcome]", progress: Progress
) -> Callable[[], None]:
    def on_signal() -> None:
        if stop.is_set():
            task.cancel()
            return
        progress.note("stopping: requests in flight finish first; once more to give them up")
        stop.set()

    return on_signal
