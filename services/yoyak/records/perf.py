"""perf.json: the published results. docs/measurement.md defines every number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from yoyak.records.calibration import Calibration
from yoyak.records.manifest import EngineFacts, ModelFacts, Workload
from yoyak.records.request import LoadState

Severity = Literal["info", "warning", "invalid"]
Interval = tuple[float, float]  # low, high; 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A doubt or a fact that the reader must know, in English."""

    code: str  # kebab-case, stable
    severity: Severity
    message: str
    mend: str | None = None  # the option or action that would settle it
    wording: str | None = None  # which of the code's messages: says it in another language
    details: Mapping[str, str] = field(default_factory=dict)  # the message's fields, as shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over one measured pass, and the historical definitions under honest names."""

    total_s: float | None  # one pass without loading, mean over repetitions
    total_with_load_s: float | None
    requests: int | None  # measured ones, over all repetitions
    failed: int | None
    article_chars: int | None  # these five: over one pass
    prompt_chars: int | None
    output_chars: float | None  # mean over repetitions
    prompt_tokens: float | None
    output_tokens: float | None
    prompt_chars_per_total_s: float | None  # over total_with_load_s
    output_chars_per_total_s: float | None
    client_rss_end_bytes: int | None
    client_cpu_percent: float | None
    total_s_ci95: Interval | None = None
    total_with_load_s_ci95: Interval | None = None
    prompt_chars_per_total_s_ci95: Interval | None = None
    output_chars_per_total_s_ci95: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLoad:
    """Explicit unload and load, one value a repetition."""

    state: LoadState | None
    n: int
    values_s: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A latency over requests; a percentile below its floor is None."""

    n: int  # requests
    mean: float | None = None
    ci95: Interval | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Every latency in seconds."""

    time_to_first_token_s: Distribution
    inter_chunk_latency_s: Distribution
    time_per_output_token_s: Distribution
    end_to_end_s: Distribution
    prompt_eval_s: Distribution
    decode_s: Distribution
    queue_and_overhead_s: Distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate, the geometric mean over repetitions, and whose clock it rests on."""

    value: float | None
    ci95: Interval | None
    n: int  # repetitions
    source: Literal["engine", "client"] | None
    repetition_values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Every rate per second."""

    prompt_tokens_per_s: Rate
    prompt_chars_per_s: Rate
    decode_tokens_per_s: Rate
    output_chars_per_s: Rate
    requests_per_s: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuResources:
    """One GPU over the measured phase."""

    name: str | None
    uuid: str | None
    utilization_mean_ratio: float | None
    memory_peak_bytes: int | None
    power_mean_w: float | None
    energy_j: float | None
    temperature_max_c: float | None
    throttle_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the run used; CPU percents count 100 as one core unless the name says host."""

    engine_rss_end_bytes: int | None
    engine_rss_peak_bytes: int | None
    engine_rss_anon_bytes: int | None
    engine_rss_file_bytes: int | None
    engine_pss_bytes: int | None
    engine_cpu_percent: float | None
    client_cpu_percent: float | None
    host_cpu_percent: float | None  # 100 = all cores
    foreign_cpu_percent: float | None  # 100 = one core: host less engine less client
    host_steal_percent: float | None  # 100 = all cores
    cpu_pressure_percent: float | None
    cgroup_throttled_s: float | None
    engine_huge_page_bytes: int | None = None  # of anonymous memory; the least reading
    gpus: tuple[GpuResources, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Money; None if no price is known."""

    usd_per_hour: float | None
    price_source: str | None
    usd_per_1000_articles: float | None
    usd_per_million_output_tokens: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SloTarget:
    """A limit on one percentile of one latency."""

    name: str  # ttft_p95
    latency: str  # the field of `Latency` that it is of
    probability: float  # 0.95
    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTarget:
    """How one step of a sweep stood against one target."""

    name: str
    over: int  # requests over the limit, failed ones included
    over_ratio_ci95: Interval | None  # of the share over it (Clopper-Pearson)
    percentile_s: float | None  # None below its floor, or where the step was given up early
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStep:
    """One rate that was tried."""

    repetition: int  # the block in requests.jsonl
    rate_per_s: float
    planned: int  # requests
    sent: int  # fewer where it was given up early
    failed: int
    finished_per_s: float | None  # requests that succeeded / pass
    is_overloaded: bool  # the queue grew
    met: bool
    is_certain: bool  # the intervals alone decide, at 95 %
    targets: tuple[StepTarget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The search for the highest rate that meets the targets.

    The truth lies between the two rates: one was met, the other missed.
    """

    targets: tuple[SloTarget, ...]
    steps: tuple[SweepStep, ...]  # as they were tried
    highest_met_per_s: float | None  # None: no rate met them
    lowest_missed_per_s: float | None  # None: none was missed


@dataclass(frozen=True, slots=True, kw_only=True)
class Perf:
    """perf.json."""

    schema_version: int
    run_id: str
    started_at: str | None
    finished_at: str | None
    host: Mapping[str, Any]
    engine: EngineFacts
    model: ModelFacts
    workload: Workload
    totals: Totals
    model_load: ModelLoad
    latency: Latency
    rates: Rates
    resources: Resources
    cost: Cost
    findings: tuple[Finding, ...] = ()
    calibration: Calibration | None = None  # of this host and version; None: nobody made one
    sweep: Sweep | None = None  # with --slo; the results above are of the highest rate that met
