"""Workers that extract off the event loop; a page that hangs costs a worker, not the crawl."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from newscrawl.extract.extracted import Extracted
from newscrawl.extract.frames import LENGTH
from newscrawl.outcomes import Skipped

EXTRACT_TIMEOUT_S = 30.0  # the slowest of 181 benchmark pages takes 0.3 s on one core of 2019
PAGES_PER_WORKER = 2_000  # then a fresh one: libraries that cache by page grow


@dataclass(slots=True)
class _Worker:
    process: asyncio.subprocess.Process
    pages: int = 0


class ExtractPool:
    """A bounded number of extraction processes, started when first needed."""

    def __init__(
        self,
        workers: int,
        *,
        on_extracted: Callable[[float], None],
        timeout_s: float = EXTRACT_TIMEOUT_S,
    ) -> None:
        """Allow `workers` processes; `on_extracted` is told the seconds of each page."""
        self._free: asyncio.Queue[_Worker | None] = asyncio.Queue()
        for _ in range(workers):
            self._free.put_nowait(None)
        self._size = workers
        self._timeout_s = timeout_s
        self._on_extracted = on_extracted

    async def extract(self, page: bytes, url: str, charset: str | None) -> Extracted:
        """Return the article of a page.

        Raises:
            Skipped: empty, undecodable, or extraction failed or took longer than the limit.
        """
        worker = await self._free.get()
        try:
            if worker is None:
                worker = _Worker(await _started())
            try:
                answer = await asyncio.wait_for(
                    _exchange(worker.process, page, url, charset), self._timeout_s
                )
                worker.pages += 1
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
                await _end(worker.process)
                worker = None
                raise Skipped("extraction", type(error).__name__) from error
            if worker.pages >= PAGES_PER_WORKER:
                await _end(worker.process)
                worker = None
        finally:
            self._free.put_nowait(worker)
        self._on_extracted(float(str(answer.pop("seconds"))))
        if "skipped" in answer:
            raise Skipped(str(answer["skipped"]))
        return Extracted(**answer)  # type: ignore[arg-type]  # what the worker made of one

    async def close(self) -> None:
        """End all workers, after the pages that they have."""
        for _ in range(self._size):
            if (worker := await self._free.get()) is not None:
                await _end(worker.process)
        for _ in range(self._size):
            self._free.put_nowait(None)


async def _started() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "newscrawl.extract.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


async def _exchange(
    process: asyncio.subprocess.Process, page: bytes, url: str, charset: str | None
) -> dict[str, object]:
    if process.stdin is None or process.stdout is None:
        raise ConnectionError("the worker has no pipes")
    head = json.dumps({"url": url, "charset": charset, "bytes": len(page)}).encode()
    process.stdin.write(LENGTH.pack(len(head)) + head)
    process.stdin.write(page)
    await process.stdin.drain()
    size = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
    answer: dict[str, object] = json.loads(await process.stdout.readexactly(size))
    return answer


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
