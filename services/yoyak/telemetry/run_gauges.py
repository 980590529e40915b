"""Finished runs as gauges of the present, so that hosts long gone are compared with live ones.

Every number is one of perf.json (docs/measurement.md defines it); nothing is worked out here but
base units. What a run does not know has no series.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from prometheus_client.core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from yoyak.records import Distribution, GpuResources, Perf, Rate, Severity
from yoyak.telemetry import names
from yoyak.telemetry.host_metrics import Rows, family
from yoyak.units import PERCENT

RUN_ID = "run_id"
MODEL = "model"
ENGINE = "engine"
STATISTIC = "statistic"
SEVERITY = "severity"
RUN_LABELS = (RUN_ID, names.INSTANCE_TYPE, MODEL, ENGINE)

STATISTICS = ("mean", "ci95_low", "ci95_high", "p50", "p90", "p95", "p99", "max")
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "invalid")

Values = list[tuple[tuple[str, ...], float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunGauge:
    """A gauge of finished runs: what it is called, and how it is read from one."""

    metric: names.Metric
    read: Callable[[Perf], Values]  # (values of the labels after RUN_LABELS, value)


def _gauge(
    name: str, help_text: str, read: Callable[[Perf], Values], labels: tuple[str, ...] = ()
) -> RunGauge:
    metric = names.Metric(
        name=f"yoyak_run_{name}", kind="gauge", help=help_text, labels=(*RUN_LABELS, *labels)
    )
    return RunGauge(metric=metric, read=read)


def _one(name: str, help_text: str, read: Callable[[Perf], float | None]) -> RunGauge:
    return _gauge(name, help_text, lambda perf: [((), read(perf))])


def _rate(name: str, help_text: str) -> RunGauge:
    def read(perf: Perf) -> Values:
        rate: Rate = getattr(perf.rates, f"{name}_per_s")
        low, high = rate.ci95 or (None, None)
        return [(("mean",), rate.value), (("ci95_low",), low), (("ci95_high",), high)]

    return _gauge(f"{name}_per_second", help_text, read, (STATISTIC,))


def _latency(name: str, help_text: str) -> RunGauge:
    def read(perf: Perf) -> Values:
        found: Distribution = getattr(perf.latency, f"{name}_s")
        low, high = found.ci95 or (None, None)
        known = {"ci95_low": low, "ci95_high": high}
        return [
            ((statistic,), known[statistic] if statistic in known else getattr(found, statistic))
            for statistic in STATISTICS
        ]

    return _gauge(f"{name}_seconds", help_text, read, (STATISTIC,))


def _gpu(name: str, help_text: str, read: Callable[[GpuResources], float | None]) -> RunGauge:
    def rows(perf: Perf) -> Values:
        return [((str(number),), read(gpu)) for number, gpu in enumerate(perf.resources.gpus)]

    return _gauge(f"gpu_{name}", help_text, rows, (names.GPU,))


def _ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / PERCENT


def _load(perf: Perf) -> Values:
    values_s = perf.model_load.values_s
    return [((perf.model_load.state or "unknown",), fmean(values_s) if values_s else None)]


def _findings(perf: Perf) -> Values:
    severities = [finding.severity for finding in perf.findings]
    return [((severity,), severities.count(severity)) for severity in SEVERITIES]


def _started_s(perf: Perf) -> float | None:
    if perf.started_at is None:
        return None
    try:
        return datetime.fromisoformat(perf.started_at).timestamp()
    except ValueError:  # written by hand: one odd date must not end the scrape of all runs
        return None


def _info(perf: Perf) -> Values:
    boards = dict.fromkeys(gpu.name for gpu in perf.resources.gpus if gpu.name)
    synthetic = None if perf.model.synthetic is None else str(perf.model.synthetic).lower()
    values = (
        perf.engine.version,
        perf.model.quantization,
        synthetic,
        ", ".join(boards),
        perf.host.get("instance_id"),
        perf.workload.dataset_sha256,
    )
    return [(tuple("" if value is None else str(value) for value in values), 1.0)]


RUN_INFO = _gauge(
    "info",
    "Always 1; what ran, as far as it is known",
    _info,
    (
        "engine_version",
        "quantization",
        "synthetic",
        names.ACCELERATOR,
        names.INSTANCE_ID,
        "dataset_sha256",
    ),
)
RUN_STARTED = _one("started_timestamp_seconds", "When the run began, Unix time", _started_s)
RUN_FINDINGS = _gauge("findings", "Doubts of a run, by how grave they are", _findings, (SEVERITY,))

RUN_TOTAL = _one(
    "total_seconds",
    "One measured pass over the articles without loading, mean over repetitions",
    lambda perf: perf.totals.total_s,
)
RUN_TOTAL_WITH_LOAD = _one(
    "total_with_load_seconds",
    "One measured pass with the model's load before it, as the old study counted",
    lambda perf: perf.totals.total_with_load_s,
)
RUN_REQUESTS = _one(
    "requests", "Measured requests over all repetitions", lambda perf: perf.totals.requests
)
RUN_FAILED = _one(
    "failed_requests", "Measured requests that failed", lambda perf: perf.totals.failed
)
RUN_REPETITIONS = _one(
    "repetitions", "Complete repetitions", lambda perf: perf.rates.requests_per_s.n or None
)
RUN_ARTICLE_CHARS = _one(
    "article_chars", "Article characters of one pass", lambda perf: perf.totals.article_chars
)
RUN_PROMPT_CHARS = _one(
    "prompt_chars", "Prompt characters of one pass", lambda perf: perf.totals.prompt_chars
)
RUN_OUTPUT_CHARS = _one(
    "output_chars", "Output characters of one pass", lambda perf: perf.totals.output_chars
)
RUN_PROMPT_TOKENS = _one(
    "prompt_tokens", "Prompt tokens of one pass", lambda perf: perf.totals.prompt_tokens
)
RUN_OUTPUT_TOKENS = _one(
    "output_tokens", "Output tokens of one pass", lambda perf: perf.totals.output_tokens
)
RUN_PROMPT_CHARS_PER_TOTAL = _one(
    "prompt_chars_per_total_second",
    "Prompt characters over total seconds with load: the old study's definition",
    lambda perf: perf.totals.prompt_chars_per_total_s,
)
RUN_OUTPUT_CHARS_PER_TOTAL = _one(
    "output_chars_per_total_second",
    "Output characters over total seconds with load: the old study's definition",
    lambda perf: perf.totals.output_chars_per_total_s,
)
RUN_PROMPT_TOKENS_RATE = _rate("prompt_tokens", "Uncached prompt tokens over prompt time")
RUN_PROMPT_CHARS_RATE = _rate("prompt_chars", "Uncached prompt characters over prompt time")
RUN_DECODE_TOKENS_RATE = _rate("decode_tokens", "Tokens after the first over decode time")
RUN_OUTPUT_CHARS_RATE = _rate("output_chars", "Output characters over decode time")
RUN_REQUESTS_RATE = _rate("requests", "Requests that succeeded over the time of a pass")
RUN_TIME_TO_FIRST_TOKEN = _latency("time_to_first_token", "Time to the first token")
RUN_INTER_CHUNK = _latency("inter_chunk_latency", "Single gaps between chunks")
RUN_TIME_PER_OUTPUT_TOKEN = _latency(
    "time_per_output_token", "Time per output token after the first"
)
RUN_END_TO_END = _latency("end_to_end", "From a request's start to its last byte")
RUN_PROMPT_EVAL = _latency("prompt_eval", "Prompt evaluation")
RUN_DECODE = _latency("decode", "Decoding, from the first token to the last")
RUN_QUEUE_AND_OVERHEAD = _latency(
    "queue_and_overhead", "What is left of a request beside load, prompt and decode"
)
RUN_MODEL_LOAD = _gauge(
    "model_load_seconds",
    "Explicit loads of the model, their mean, by where its weights were",
    _load,
    (names.STATE,),
)
RUN_CLIENT_RSS = _one(
    "client_resident_memory_bytes",
    "The load generator's resident memory at the end; all that the old study measured",
    lambda perf: perf.totals.client_rss_end_bytes,
)
RUN_ENGINE_RSS_END = _one(
    "engine_resident_memory_bytes",
    "The engine's resident memory at the end",
    lambda perf: perf.resources.engine_rss_end_bytes,
)
RUN_ENGINE_RSS_PEAK = _one(
    "engine_resident_memory_peak_bytes",
    "The kernel's high-water mark of the engine's resident memory",
    lambda perf: perf.resources.engine_rss_peak_bytes,
)
RUN_ENGINE_CPU = _one(
    "engine_cpu_cores",
    "Cores that the engine kept busy on average",
    lambda perf: _ratio(perf.resources.engine_cpu_percent),
)
RUN_FOREIGN_CPU = _one(
    "foreign_cpu_cores",
    "Cores that neither engine nor load generator kept busy",
    lambda perf: _ratio(perf.resources.foreign_cpu_percent),
)
RUN_HOST_CPU = _one(
    "host_cpu_ratio",
    "Share of the host's CPU time that was busy",
    lambda perf: _ratio(perf.resources.host_cpu_percent),
)
RUN_HOST_STEAL = _one(
    "host_steal_ratio",
    "Share of the host's CPU time that the hypervisor gave to others",
    lambda perf: _ratio(perf.resources.host_steal_percent),
)
RUN_THROTTLED = _one(
    "throttled_seconds",
    "Time in which a CPU quota held the engine back",
    lambda perf: perf.resources.cgroup_throttled_s,
)
RUN_GPU_UTILIZATION = _gpu(
    "utilization_ratio",
    "Mean share of time in which a kernel ran",
    lambda gpu: gpu.utilization_mean_ratio,
)
RUN_GPU_MEMORY_PEAK = _gpu(
    "memory_peak_bytes", "Most GPU memory in use", lambda gpu: gpu.memory_peak_bytes
)
RUN_GPU_POWER = _gpu("power_watts", "Mean power of the board", lambda gpu: gpu.power_mean_w)
RUN_GPU_ENERGY = _gpu(
    "energy_joules",
    "Energy of the board over the measured requests of all repetitions",
    lambda gpu: gpu.energy_j,
)
RUN_GPU_TEMPERATURE = _gpu(
    "temperature_max_celsius", "Highest temperature of the GPU", lambda gpu: gpu.temperature_max_c
)
RUN_USD_PER_HOUR = _one(
    "usd_per_hour", "What the host costs an hour", lambda perf: perf.cost.usd_per_hour
)
RUN_USD_PER_1000_ARTICLES = _one(
    "usd_per_1000_articles",
    "What 1000 articles cost on this host at the run's pace",
    lambda perf: perf.cost.usd_per_1000_articles,
)
RUN_USD_PER_MILLION_TOKENS = _one(
    "usd_per_million_output_tokens",
    "What a million output tokens cost on this host at the run's pace",
    lambda perf: perf.cost.usd_per_million_output_tokens,
)

RUN_GAUGES: tuple[RunGauge, ...] = tuple(
    gauge for gauge in list(globals().values()) if isinstance(gauge, RunGauge)
)
RUN_METRICS: dict[str, names.Metric] = {gauge.metric.name: gauge.metric for gauge in RUN_GAUGES}


class RunGauges(Collector):
    """The gauges of whatever runs are there when they are scraped."""

    def __init__(self, registry: CollectorRegistry, read: Callable[[], tuple[Perf, ...]]) -> None:
        """Register with `registry`; as long as `read` gives the same runs nothing is rebuilt."""
        self._read = read
        self._runs: tuple[Perf, ...] = ()
        self._families: list[Metric] = []
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Build the families of all runs."""
        runs = self._read()
        if runs is not self._runs:
            self._families = list(_families(runs))
            self._runs = runs
        yield from self._families

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering reads no run."""
        return []


def _families(runs: tuple[Perf, ...]) -> Iterator[Metric]:
    for gauge in RUN_GAUGES:
        rows: Rows = [
            ((*_labels(perf), *labels), value)
            for perf in runs
            for labels, value in gauge.read(perf)
            if value is not None
        ]
        if rows:
            yield family(gauge.metric, rows)


def _labels(perf: Perf) -> tuple[str, ...]:
    instance_type = perf.host.get("instance_type")
    return (perf.run_id, instance_type or "", perf.model.name, perf.engine.name)
