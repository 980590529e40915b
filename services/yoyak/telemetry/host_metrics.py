"""The metrics of the host, the engine's processes and the GPUs, sampled while they are scraped."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from yoyak.host.gpu import THROTTLE_REASONS
from yoyak.records.sample import CpuTimes, GpuSample, HostSample
from yoyak.telemetry import names

Rows = list[tuple[tuple[str, ...], float]]


class HostMetrics(Collector):
    """One sample a scrape. A source that is missing makes no series, never a 0."""

    def __init__(
        self,
        registry: CollectorRegistry,
        sample: Callable[[], HostSample | None],
        memory_limit_bytes: Callable[[], int | None],
    ) -> None:
        """Register with `registry`.

        Args:
            registry: what is scraped.
            sample: reads the host now.
            memory_limit_bytes: the tightest limit of the engine's control groups now.
        """
        self._sample = sample
        self._memory_limit_bytes = memory_limit_bytes
        self._gpu_labels = GpuLabels()
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Read the host once and build the families that it has a source for."""
        sample = self._sample()
        if sample is None:
            return
        gpus = self._gpu_labels.pairs(sample.gpus)
        for metric, rows in _rows(sample, gpus, self._memory_limit_bytes()):
            if rows:
                yield family(metric, rows)

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering reads no host."""
        return []


class GpuLabels:
    """The label `gpu`: the board's number, and "/n" for its n-th MIG instance.

    A device keeps its label for good: one that is lost leaves a gap, and the next does not take
    its place in the middle of a series.
    """

    def __init__(self) -> None:
        """Know no device yet."""
        self._instances: dict[tuple[int, str | None], str] = {}  # of (board's number, uuid)

    def pairs(self, gpus: Iterable[GpuSample]) -> list[tuple[str, GpuSample]]:
        """Return each device with its label; instances are numbered as they are first seen."""
        return [(self._label(gpu), gpu) for gpu in gpus]

    def _label(self, gpu: GpuSample) -> str:
        if gpu.parent_uuid is None:
            return str(gpu.index)
        key = gpu.index, gpu.uuid
        if key not in self._instances:
            number = sum(board == gpu.index for board, _ in self._instances)
            self._instances[key] = f"{gpu.index}/{number}"
        return self._instances[key]


def _field_rows(gpus: Sequence[tuple[str, GpuSample]], field: str) -> Rows:
    """Return one row for each GPU that has the field."""
    values = ((label, getattr(gpu, field)) for label, gpu in gpus)
    return [((label,), value) for label, value in values if value is not None]


def _throttle_rows(gpus: Sequence[tuple[str, GpuSample]]) -> Rows:
    """Return a row for every reason that NVML knows: 1 if it holds now, else 0."""
    return [
        ((label, reason), float(reason in gpu.throttle_reasons))
        for label, gpu in gpus
        if gpu.throttle_reasons is not None
        for reason in THROTTLE_REASONS.values()
    ]


def family(metric: names.Metric, rows: Rows) -> Metric:
    """Return a counter or gauge family of (label values, value) rows."""
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    built = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in rows:
        built.add_metric(labels, value)
    return built


def _rows(
    sample: HostSample, gpus: Sequence[tuple[str, GpuSample]], limit_bytes: int | None
) -> Iterator[tuple[names.Metric, Rows]]:
    yield names.HOST_CPU, _cpu_rows(sample.cpu)
    yield names.HOST_MEMORY_AVAILABLE, _row(sample.memory_available_bytes)
    yield names.ENGINE_THROTTLED, _row(sample.cgroup_throttled_s)
    engine = sample.engine
    if engine is not None:
        yield names.ENGINE_CPU, _row(engine.cpu_s)
        yield names.ENGINE_RSS, _row(engine.rss_bytes)
        yield names.ENGINE_RSS_PEAK, _row(engine.rss_peak_bytes)
        yield names.ENGINE_MEMORY_LIMIT, _row(limit_bytes)
    for metric, field in _GPU_FIELDS:
        yield metric, _field_rows(gpus, field)
    yield names.GPU_THROTTLED, _throttle_rows(gpus)


_GPU_FIELDS = (
    (names.GPU_UTILIZATION, "utilization_ratio"),
    (names.GPU_MEMORY_USED, "memory_used_bytes"),
    (names.GPU_MEMORY_TOTAL, "memory_total_bytes"),
    (names.ENGINE_GPU_MEMORY, "engine_memory_bytes"),
    (names.GPU_POWER, "power_w"),
    (names.GPU_ENERGY, "energy_j"),
    (names.GPU_TEMPERATURE, "temperature_c"),
    (names.GPU_SM_CLOCK, "sm_clock_hz"),
)


def _row(value: float | None) -> Rows:
    return [] if value is None else [((), value)]


def _cpu_rows(cpu: CpuTimes | None) -> Rows:
    if cpu is None:
        return []
    values = ((mode, getattr(cpu, f"{mode}_s")) for mode in names.CPU_MODES)
    return [((mode,), value) for mode, value in values if value is not None]
