"""One block: unload, load, warm-up until steady, then the measured requests."""

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from yoyak import prompts
from yoyak.config import RunConfig
from yoyak.dataset import Article
from yoyak.engines.base import Engine, GenerationOptions, GenerationRequest
from yoyak.load.loops import closed_loop, collector_off, is_set_within, open_loop
from yoyak.load.measure import Slot, cancelled_record, measure
from yoyak.load.plan import at_exact_rate, constant_arrivals_s, poisson_arrivals_s, shuffled
from yoyak.load.steady import CAP, LEAST, is_steady
from yoyak.records import BlockRecord, LoadRecord, RequestRecord
from yoyak.records.request import BlockEnd
from yoyak.units import seconds

# Requests that fail one after the other before the run gives up: the engine is gone, and hours of
# refused connections would say nothing more.
CONSECUTIVE_FAILURES_MOST = 8


def always(_trace_id: str) -> bool:
    """Keep every trace: where no spans of ours are sent, those of a service behind us may be."""
    return True


@dataclass(slots=True, kw_only=True)
class Blocks:
    """Runs blocks against one engine and hands out each record as its request ends.

    Attributes:
        first_index: of the first request; in a resumed run beyond all that can have been used, for
            index and run id make the nonce.
        failed: measured requests that failed.
        gave_up: so many failed one after the other that the run was stopped.
    """

    engine: Engine
    config: RunConfig
    articles: tuple[Article, ...]
    run_id: str
    origin_ns: int
    stop: asyncio.Event
    on_request: Callable[[RequestRecord], None]
    on_load: Callable[[LoadRecord], None]
    on_block: Callable[[BlockRecord], None]
    is_sampled: Callable[[str], bool] = always  # whether a request's trace is kept
    first_index: int = 0
    failed: int = 0
    gave_up: bool = False
    _consecutive: int = 0
    _indexes: "itertools.count[int]" = field(init=False)

    def __post_init__(self) -> None:
        """Begin to count requests."""
        self._indexes = itertools.count(self.first_index)

    async def rest(self) -> None:
        """Let the host cool down for as long as the run's options say, or until it is stopped."""
        if self.config.cooldown > 0:
            await is_set_within(self.stop, self.config.cooldown)

    async def reload(self, repetition: int) -> None:
        """Unload the model, load it again, and record the load."""
        await self.engine.unload()
        started = time.monotonic_ns()
        result = await self.engine.load()
        self.on_load(
            LoadRecord(
                repetition=repetition,
                started_ns=started - self.origin_ns,
                done_ns=time.monotonic_ns() - self.origin_ns,
                load_s=result.load_s,
                state=result.state,
                cached_ratio=result.cached_ratio,
            )
        )

    async def warm_up(self, repetition: int) -> list[float]:
        """Send warm-up requests: a fixed number, or until the time per token is steady.

        Returns:
            The seconds that each took that succeeded.
        """
        # One article, the longest: every warm-up request is the same work, so their wall times can
        # be compared as they are, and it touches the most memory that the measured ones will.
        article = max(self.articles, key=lambda a: len(a.text))
        users = self.config.concurrency
        times: list[float] = []
        sent = 0
        most = CAP * users if self.config.warmup is None else self.config.warmup
        while sent < most and not self.stop.is_set():
            together = min(users, most - sent)
            sent += together
            records = await asyncio.gather(
                *(self._send(article, None, repetition, is_warmup=True) for _ in range(together))
            )
            times.extend(seconds(r.done_ns - r.sent_ns) for r in records if r.error is None)
            if self.config.warmup is None and sent >= LEAST and is_steady(times):
                break
        return times

    async def measured(self, repetition: int) -> None:
        """Send the measured requests of one repetition, the collector off."""
        config = self.config
        if config.rate is not None:
            duration = config.duration
            count = len(self.articles) if duration is None else round(config.rate * duration)
            await self.step(repetition, rate=config.rate, requests=max(1, count))
            return

        async def send(article: Article, scheduled_ns: int | None) -> None:
            await self._send(article, scheduled_ns, repetition, is_warmup=False)

        began_ns = time.monotonic_ns()
        with collector_off():
            await closed_loop(
                self._order(repetition),
                send,
                users=config.concurrency,
                stop=self.stop,
                duration_s=config.duration,
            )
        requests = len(self.articles) if config.duration is None else None
        self._end(repetition, began_ns, rate=None, requests=requests, ended="complete")

    async def step(
        self,
        repetition: int,
        *,
        rate: float,
        requests: int,
        lost: asyncio.Event | None = None,
    ) -> None:
        """Send so many measured requests at a rate, the collector off.

        Args:
            repetition: the block.
            rate: requests a second.
            requests: how many.
            lost: once it is set no further request leaves, and the block has ended as missed.
        """

        async def send(article: Article, scheduled_ns: int | None) -> None:
            await self._send(article, scheduled_ns, repetition, is_warmup=False)

        # The steps of a sweep share one pattern of arrivals and one order, stretched to their rate,
        # so that they differ in the rate alone.
        pattern = repetition if lost is None else 0
        arrivals_s = self._arrivals_s(pattern, rate=rate, count=requests)
        if lost is not None:
            arrivals_s = at_exact_rate(arrivals_s, rate_per_s=rate)
        began_ns = time.monotonic_ns()
        with collector_off():
            async with _either(self.stop, lost) as ends:
                await open_loop(self._order(pattern), send, arrivals_s=arrivals_s, stop=ends)
        ended: BlockEnd = "missed" if lost is not None and lost.is_set() else "complete"
        self._end(repetition, began_ns, rate=rate, requests=requests, ended=ended)

    def _end(
        self,
        repetition: int,
        began_ns: int,
        *,
        rate: float | None,
        requests: int | None,
        ended: BlockEnd,
    ) -> None:
        """Record that a block ended; one that was stopped did not."""
        if self.stop.is_set():
            return
        self.on_block(
            BlockRecord(
                repetition=repetition,
                started_ns=began_ns - self.origin_ns,
                done_ns=time.monotonic_ns() - self.origin_ns,
                rate_per_s=rate,
                requests=requests,
                ended=ended,
            )
        )

    def _arrivals_s(self, repetition: int, *, rate: float, count: int) -> tuple[float, ...]:
        if self.config.arrivals == "constant":
            return constant_arrivals_s(rate_per_s=rate, count=count)
        return poisson_arrivals_s(
            rate_per_s=rate, count=count, seed=self.config.seed, repetition=repetition
        )

    def _order(self, repetition: int) -> tuple[Article, ...]:
        return shuffled(self.articles, seed=self.config.seed, repetition=repetition)

    async def _send(
        self, article: Article, scheduled_ns: int | None, repetition: int, *, is_warmup: bool
    ) -> RequestRecord:
        trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
        flags = "01" if self.is_sampled(trace_id) else "00"
        index = next(self._indexes)
        nonce = prompts.nonce(self.run_id, index)
        request = GenerationRequest(
            request_id=f"{self.run_id}-{index:06d}",
            article_id=article.id,
            title=article.title,
            text=article.text,
            nonce=nonce,
            prompt=prompts.build_prompt(nonce=nonce, title=article.title, text=article.text),
            options=GenerationOptions(
                output_tokens=self.config.output_tokens,
                seed=self.config.seed,
                temperature=self.config.temperature,
            ),
            traceparent=f"00-{trace_id}-{span_id}-{flags}",
            is_warmup=is_warmup,
            may_gather=True,
        )
        slot = Slot(
            repetition=repetition,
            is_warmup=is_warmup,
            scheduled_ns=scheduled_ns,
            trace_id=trace_id,
            span_id=span_id,
        )
        sent_ns = time.monotonic_ns()
        try:
            record = await measure(self.engine, request, slot, origin_ns=self.origin_ns)
        except asyncio.CancelledError:
            self.on_request(
                cancelled_record(request, slot, origin_ns=self.origin_ns, sent_ns=sent_ns)
            )
            raise
        self._count(record)
        self.on_request(record)
        return record

    def _count(self, record: RequestRecord) -> None:
        if record.error is None:
            self._consecutive = 0
            return
        self._consecutive += 1
        if not record.is_warmup:
            self.failed += 1
        # One hiccup may fail all that is in flight; it takes a second round to give up.
        most = max(CONSECUTIVE_FAILURES_MOST, 2 * self.config.concurrency)
        if self._consecutive >= most and self.config.slo is None:
            self.gave_up = True  # in a sweep failures end their step, and a slower one may do
            self.stop.set()


@asynccontextmanager
async def _either(stop: asyncio.Event, lost: asyncio.Event | None) -> AsyncIterator[asyncio.Event]:
    """Yield an event that is set as soon as one of two is."""
    if lost is None:
        yield stop
        return
    either = asyncio.Event()

    async def watch(event: asyncio.Event) -> None:
        await event.wait()
        either.set()

    watchers = [asyncio.ensure_future(watch(event)) for event in (stop, lost)]
    try:
        yield either
    finally:
        for watcher in watchers:
            watcher.cancel()
