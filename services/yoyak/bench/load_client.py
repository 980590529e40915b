"""The load generator in a process of its own: `yoyak run`'s engine, loops and records, no more.

`calibrate` starts it on one core while the ruler runs on another. It answers with one JSON
line on stdout that says what it cost; the requests are in its folder's requests.jsonl.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from yoyak.bench.blocks import Blocks
from yoyak.config import RunConfig
from yoyak.dataset import Article
from yoyak.engines import open_engine
from yoyak.errors import HostError, YoyakError
from yoyak.host.kernel_files import read_text
from yoyak.store.run_folder import RunWriter
from yoyak.units import KIB, NS_PER_S

CONTEXT, BATCH, THREADS = 4096, 512, 1  # sent, and of no meaning to the ruler
_TIMEOUT_S = 120.0
# The size of a Korean news article, so that a request is as long as a run's.
_SENTENCE = "시는 올해 도서관 세 곳을 새로 열고 낡은 다리를 걷는 길로 바꾸겠다고 밝혔다. "
_ARTICLE_CHARS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSpec:
    """What to send where.

    Attributes:
        requests: of each stream, one after the other.
        cpu: the only core to run on; None leaves it to the kernel.
        is_realtime: run under SCHED_FIFO, for figures from a machine that others use as well.
    """

    engine: str
    url: str
    model: str
    streams: int
    requests: int
    output_tokens: int
    out: str
    cpu: int | None = None
    is_realtime: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadUsage:
    """What a load cost its process.

    Attributes:
        cpu_s: user and system time, from the first request to the last record.
        wall_s: the same span.
        origin_ns: CLOCK_MONOTONIC that the records' stamps count from.
        peak_rss_bytes: the kernel's high-water mark of the process.
    """

    cpu_s: float
    wall_s: float
    origin_ns: int
    peak_rss_bytes: int
    failed: int


def articles(count: int) -> tuple[Article, ...]:
    """Return so many articles of one text."""
    text = (_SENTENCE * (_ARTICLE_CHARS // len(_SENTENCE) + 1))[:_ARTICLE_CHARS].strip()
    return tuple(Article(id=f"a{i}", url=None, title="교정", text=text) for i in range(count))


async def run_load(spec: LoadSpec) -> LoadUsage:
    """Send everything and return what it cost.

    Raises:
        HostError: the server cannot be reached.
    """
    config = RunConfig(
        engine=spec.engine,
        url=spec.url,
        model=spec.model,
        concurrency=spec.streams,
        output_tokens=spec.output_tokens,
        repetitions=1,
        warmup=0,
        context=CONTEXT,
        batch=BATCH,
        timeout=_TIMEOUT_S,
    )
    engine = open_engine(
        config.engine,
        url=config.url,
        model=config.model,
        threads=THREADS,
        context=config.context,
        batch=config.batch,
        parallel=config.concurrency,
        timeout_s=config.timeout,
    )
    try:
        await engine.describe()
        origin_ns = time.monotonic_ns()
        with RunWriter(Path(spec.out)) as writer:
            blocks = Blocks(
                engine=engine,
                config=config,
                articles=articles(spec.streams * spec.requests),
                run_id="calibrate",
                origin_ns=origin_ns,
                stop=asyncio.Event(),
                on_request=writer.append_request,
                on_load=writer.append_load,
                on_block=writer.append_block,
            )
            if spec.is_realtime:
                take_precedence()
            before, began_ns = time.process_time(), time.monotonic_ns()
            await blocks.measured(0)
            cpu_s = time.process_time() - before
            wall_s = (time.monotonic_ns() - began_ns) / NS_PER_S
    finally:
        await engine.close()
    return LoadUsage(
        cpu_s=cpu_s,
        wall_s=wall_s,
        origin_ns=origin_ns,
        peak_rss_bytes=peak_rss_bytes(),
        failed=blocks.failed,
    )


def peak_rss_bytes() -> int:
    """Return this process's high-water mark; getrusage would count its parent's in."""
    status = read_text(Path("/proc/self/status")) or ""
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * KIB


def take_precedence() -> None:
    """Run before every ordinary process of the core.

    Raises:
        HostError: this user may not.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError as error:
        raise HostError(
            "may not run under SCHED_FIFO; leave --realtime away, or run it with CAP_SYS_NICE"
        ) from error


def main() -> int:
    """Run the load that the first argument describes as JSON; return the exit code."""
    spec = LoadSpec(**json.loads(sys.argv[1]))
    if spec.cpu is not None:
        os.sched_setaffinity(0, {spec.cpu})
    try:
        usage = uvloop.run(run_load(spec))
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    sys.stdout.write(f"{json.dumps(asdict(usage))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
