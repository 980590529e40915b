"""What the service shows of itself: its registry, and what the registry reads when scraped."""

import asyncio
import time
from dataclasses import dataclass

from prometheus_client.registry import CollectorRegistry

from summarizer.engine_keeper import EngineKeeper
from summarizer.slots import Slots
from summarizer.tracing import Tracing
from yoyak.host.cgroup import cgroup_limits
from yoyak.host.facts import HostFacts
from yoyak.host.gpu import Gpus
from yoyak.host.sampler import Sampler
from yoyak.records.sample import HostSample
from yoyak.telemetry.exposition import Exposition
from yoyak.telemetry.host_metrics import HostMetrics
from yoyak.telemetry.live_metrics import LiveMetrics, LiveState
from yoyak.telemetry.metrics import RequestMetrics
from yoyak.units import NS_PER_S

LIMIT_KEPT_NS = 60 * NS_PER_S  # finding it takes 0.4 ms, more than all the rest of a sample


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """What is found out about the host once, at the start."""

    facts: HostFacts
    gpus: Gpus | None

    def accelerator(self, told: str | None) -> str | None:
        """Return what the environment says, else the boards' names, each once."""
        if told is not None or self.gpus is None:
            return told
        return ", ".join(dict.fromkeys(self.gpus.names)) or None


class Observation:
    """The metrics of one service, in one registry of its own."""

    def __init__(self, *, keeper: EngineKeeper, slots: Slots, tracing: Tracing) -> None:
        """Make the registry; the host's series join once `see_host` was called."""
        registry = CollectorRegistry()
        self.requests = RequestMetrics(registry)
        self._exposition = Exposition(registry)
        self.host: HostView | None = None
        self._keeper = keeper
        self._slots = slots
        self._tracing = tracing
        self._sampler: Sampler | None = None
        self._followed_pid: int | None = None
        self._limit_bytes: int | None = None
        self._limit_read_ns: int | None = None
        self._scraping = asyncio.Lock()
        LiveMetrics(registry, self._live)
        HostMetrics(registry, self._sample, self._memory_limit_bytes)

    def see_host(self, host: HostView) -> None:
        """Begin to sample the host."""
        self.host = host
        self._sampler = Sampler(gpus=host.gpus)

    async def scrape(self, accept: str) -> tuple[bytes, str]:
        """Return (body, content type) for one scrape, rendered in a thread.

        One at a time: the sampler serves one thread, and two scrapers at once would only share
        one core's time.
        """
        async with self._scraping:
            return await asyncio.to_thread(self._exposition.render, accept)

    def close(self) -> None:
        """Give the sampler's descriptors back."""
        if self._sampler is not None:
            self._sampler.close()

    def _live(self) -> LiveState:
        return LiveState(
            in_flight=self._slots.in_flight,
            queue_depth=self._slots.waiting,
            is_engine_up=self._keeper.is_up,
            spans_dropped=self._tracing.dropped,
            engine=self._keeper.facts,
            host=None if self.host is None else self.host.facts,
        )

    def _sample(self) -> HostSample | None:
        if self._sampler is None:
            return None
        pid = self._keeper.local_pid()
        if pid != self._followed_pid:
            self._followed_pid = pid
            self._limit_read_ns = None
            self._sampler.point_at_engine(pid=pid)
        return self._sampler.sample(time.monotonic_ns())

    def _memory_limit_bytes(self) -> int | None:
        if self._followed_pid is None:
            return None
        now_ns = time.monotonic_ns()
        if self._limit_read_ns is None or now_ns - self._limit_read_ns > LIMIT_KEPT_NS:
            self._limit_read_ns = now_ns
            self._limit_bytes = cgroup_limits(pid=self._followed_pid).memory_limit_bytes
        return self._limit_bytes
