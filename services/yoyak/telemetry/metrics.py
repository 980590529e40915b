"""The metrics of requests, kept as plain numbers and turned into families when they are scraped.

One lock a request and one a scrape; families are built only when somebody reads what has changed.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.samples import Exemplar

from yoyak.engines.base import Usage
from yoyak.records import LoadState
from yoyak.telemetry import names
from yoyak.telemetry.histogram import BucketCounts
from yoyak.telemetry.histogram_family import HistogramFamily
from yoyak.units import seconds

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRequest:
    """What a service knows of one request once its last byte was handed over.

    Stamps are CLOCK_MONOTONIC; what was not reached is None or empty.
    """

    outcome: str  # one of names.OUTCOMES
    phase: names.Phase
    arrived_ns: int
    queue_s: float | None  # the wait for a slot to the engine; None: it got none
    chunk_ns: Sequence[int]  # arrival of each non-empty chunk, ascending
    done_ns: int
    prompt_chars: int
    output_chars: int
    usage: Usage | None  # the engine's own last word
    trace_id: str | None  # 32 hex digits of a sampled trace, else None


class RequestMetrics(Collector):
    """Counters and histograms of requests and model loads, exported through a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`; the counters begin at 0 so that their first step is seen."""
        self._lock = threading.Lock()
        self._genai: Labels = (names.CHAT, "unknown", "unknown")
        self._counters: dict[str, dict[Labels, float]] = {
            names.REQUESTS.name: {(o, p): 0 for o in names.OUTCOMES for p in names.PHASES},
            names.PROMPT_CHARS.name: {(p,): 0 for p in names.PHASES},
            names.OUTPUT_CHARS.name: {(p,): 0 for p in names.PHASES},
        }
        self._histograms: dict[str, dict[Labels, BucketCounts]] = {
            metric.name: {} for metric in _HISTOGRAMS
        }
        self._families: list[Metric] | None = None  # as they were built last; None: out of date
        registry.register(self)

    def identify(self, *, provider: str, model: str) -> None:
        """Name the engine and the model for the series of requests that follow.

        The histograms begin at 0: a series that is born with its first request would hide it
        from rate(), and a slow host has few.
        """
        with self._lock:
            self._families = None
            self._genai = (names.CHAT, provider, model)
            for phase in names.PHASES:
                self._begin_series(phase)

    def record(self, request: FinishedRequest) -> None:
        """Count one request. Call it after the last byte, never between chunks."""
        if request.outcome in names.REFUSALS:
            self.refuse(request.outcome, request.phase)
            return
        exemplar = None
        duration_s = seconds(request.done_ns - request.arrived_ns)
        if request.trace_id is not None:
            exemplar = Exemplar({names.TRACE_ID: request.trace_id}, duration_s, time.time())
        with self._lock:
            self._families = None
            phase = (request.phase,)
            self._counters[names.REQUESTS.name][request.outcome, request.phase] += 1
            if request.queue_s is not None:
                self._series(names.QUEUE, phase).observe(request.queue_s)
            error = "" if request.outcome == names.OK else request.outcome
            duration = self._series(names.OPERATION_DURATION, (*self._genai, error, request.phase))
            duration.observe(duration_s, exemplar)
            if request.outcome == names.OK:
                self._record_success(request, exemplar)

    def refuse(self, outcome: str, phase: names.Phase) -> None:
        """Count one request that ended before the engine was asked; it has no latency."""
        with self._lock:
            self._families = None
            self._counters[names.REQUESTS.name][outcome, phase] += 1

    def record_load(self, load_s: float, state: LoadState | None) -> None:
        """Count one explicit load of the model."""
        with self._lock:
            self._families = None
            self._series(names.MODEL_LOAD, (state or "unknown",)).observe(load_s)

    def collect(self) -> Iterator[Metric]:
        """Yield every family: new ones if something was counted, else those of the last time."""
        with self._lock:
            if self._families is None:
                self._families = [
                    *(self._counter_family(metric) for metric in _COUNTERS),
                    *(self._histogram_family(metric) for metric in _HISTOGRAMS),
                ]
            families = self._families
        yield from families

    def describe(self) -> list[Metric]:
        """Return nothing: the registry need not know the names beforehand."""
        return []

    def _record_success(self, request: FinishedRequest, exemplar: Exemplar | None) -> None:
        phase = (request.phase,)
        genai = (*self._genai, request.phase)
        self._counters[names.PROMPT_CHARS.name][phase] += request.prompt_chars
        self._counters[names.OUTPUT_CHARS.name][phase] += request.output_chars
        if request.chunk_ns:
            first_s = seconds(request.chunk_ns[0] - request.arrived_ns)
            if exemplar is not None:
                exemplar = Exemplar(exemplar.labels, first_s, exemplar.timestamp)
            self._series(names.TIME_TO_FIRST_CHUNK, genai).observe(first_s, exemplar)
            self._series(names.TIME_PER_OUTPUT_CHUNK, genai).observe_gaps(request.chunk_ns)
        usage = request.usage
        if usage is None:
            return
        self._record_tokens(usage, request.phase)
        if usage.prompt_eval_s is not None:
            self._series(names.PROMPT_EVAL, phase).observe(usage.prompt_eval_s)
        if usage.decode_s is not None:
            self._series(names.DECODE, phase).observe(usage.decode_s)
        prompt_rate = _prompt_chars_per_s(request.prompt_chars, usage)
        if prompt_rate is not None:
            self._series(names.PROMPT_CHARS_RATE, phase).observe(prompt_rate)
        output_rate = _output_chars_per_s(request.output_chars, usage)
        if output_rate is not None:
            self._series(names.OUTPUT_CHARS_RATE, phase).observe(output_rate)

    def _record_tokens(self, usage: Usage, phase: names.Phase) -> None:
        for kind, tokens in (("input", usage.prompt_tokens), ("output", usage.output_tokens)):
            if tokens is not None:
                self._series(names.TOKEN_USAGE, (*self._genai, kind, phase)).observe(tokens)

    def _begin_series(self, phase: names.Phase) -> None:
        genai = (*self._genai, phase)
        self._series(names.OPERATION_DURATION, (*self._genai, "", phase))
        for metric in (names.TIME_TO_FIRST_CHUNK, names.TIME_PER_OUTPUT_CHUNK):
            self._series(metric, genai)
        for kind in names.TOKEN_TYPES:
            self._series(names.TOKEN_USAGE, (*self._genai, kind, phase))
        for metric in _BY_PHASE:
            self._series(metric, (phase,))

    def _series(self, metric: names.Metric, labels: Labels) -> BucketCounts:
        series = self._histograms[metric.name]
        counts = series.get(labels)
        if counts is None:
            counts = series[labels] = BucketCounts(metric.buckets)
        return counts

    def _counter_family(self, metric: names.Metric) -> Metric:
        family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, value in self._counters[metric.name].items():
            family.add_metric(labels, value)
        return family

    def _histogram_family(self, metric: names.Metric) -> Metric:
        series = self._histograms[metric.name].items()
        return HistogramFamily(metric, [(k, counts.buckets(), counts.sum) for k, counts in series])


_COUNTERS = (names.REQUESTS, names.PROMPT_CHARS, names.OUTPUT_CHARS)
_HISTOGRAMS = (
    names.OPERATION_DURATION,
    names.TIME_TO_FIRST_CHUNK,
    names.TIME_PER_OUTPUT_CHUNK,
    names.TOKEN_USAGE,
    names.QUEUE,
    names.PROMPT_EVAL,
    names.DECODE,
    names.PROMPT_CHARS_RATE,
    names.OUTPUT_CHARS_RATE,
    names.MODEL_LOAD,
)
_BY_PHASE = tuple(metric for metric in _HISTOGRAMS if metric.labels == (names.PHASE,))


def _prompt_chars_per_s(prompt_chars: int, usage: Usage) -> float | None:
    """Return characters over prompt time; None where a cached token makes the rate void."""
    if usage.cached_tokens or not usage.prompt_eval_s:
        return None
    return prompt_chars / usage.prompt_eval_s


def _output_chars_per_s(output_chars: int, usage: Usage) -> float | None:
    """Return characters x (n - 1)/n over decode time; None for fewer than two tokens."""
    n = usage.output_tokens
    if n is None or n < 2 or not usage.decode_s:
        return None
    return output_chars * (n - 1) / n / usage.decode_s
