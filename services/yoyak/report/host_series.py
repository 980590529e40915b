"""From the samples of a run to the panels on its time axis, thinned to what a screen can show."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from yoyak.analysis.resources import busy_s
from yoyak.records import HostSample
from yoyak.report.charts.host import Panel, Series
from yoyak.report.messages import Messages
from yoyak.units import GIB, PERCENT, seconds

MOST_BUCKETS = 240  # of a panel: three pixels each at 720 px
# The kernel counts CPU time in ticks of 10 ms: over 0.1 s that is a tenth of a core, over 1 s a
# hundredth.
LEAST_BUCKET_S = 1.0


def host_panels(
    t: Messages, samples: Sequence[HostSample], *, logical_cpus: int | None
) -> list[Panel]:
    """Return the panels of the host, the engine and the GPUs; a panel may hold nothing known."""
    if len(samples) < 2:
        return []
    ordered = sorted(samples, key=lambda sample: sample.at_ns)
    ends = bucket_ends([seconds(sample.at_ns) for sample in ordered])
    edges = [ordered[i] for i in ends]
    buckets = [ordered[first : last + 1] for first, last in pairwise(ends)]
    return [
        _cpu_panel(t, edges, logical_cpus),
        _memory_panel(t, buckets),
        _pressure_panel(t, edges),
        *_gpu_panels(t, buckets),
    ]


def _cpu_panel(t: Messages, edges: Sequence[HostSample], logical_cpus: int | None) -> Panel:
    at_s = _starts(edges)
    engine: list[float | None] = []
    client: list[float | None] = []
    other: list[float | None] = []
    undivided: list[float | None] = []
    steal: list[float | None] = []
    for before, after in pairwise(edges):
        span_s = seconds(after.at_ns - before.at_ns)
        busy = _difference(_busy_s(before), _busy_s(after))
        of_engine = _engine_cpu_s(before, after)
        of_client = _difference(
            before.client.cpu_s if before.client else None,
            after.client.cpu_s if after.client else None,
        )
        stolen = _difference(
            before.cpu.steal_s if before.cpu else None, after.cpu.steal_s if after.cpu else None
        )
        rest = None if busy is None else max(0.0, busy - (of_engine or 0.0) - (of_client or 0.0))
        for series, value in (
            (engine, of_engine),
            (client, of_client),
            # Without the engine's own seconds, it is among the rest, which then is not foreign.
            (other, rest if of_engine is not None else None),
            (undivided, rest if of_engine is None else None),
            (steal, stolen),
        ):
            series.append(None if value is None or span_s <= 0 else value / span_s)
    return Panel(
        key="cpu",
        title=t("cpu_cores"),
        says=t("cpu_chart_says"),
        series=(
            Series(t("engine"), at_s, tuple(engine), "series-1"),
            Series(t("client"), at_s, tuple(client), "series-3"),
            Series(t("foreign_load"), at_s, tuple(other), "series-2"),
            Series(t("undivided_load"), at_s, tuple(undivided), "series-5"),
            Series(t("steal"), at_s, tuple(steal), "series-4"),
        ),
        stacked=True,
        ceiling=None if logical_cpus is None else float(logical_cpus),
        ceiling_label=t("logical_cpus_n", n=logical_cpus or 0),
    )


def _memory_panel(t: Messages, buckets: Sequence[Sequence[HostSample]]) -> Panel:
    at_s = tuple(seconds(bucket[0].at_ns) for bucket in buckets)

    def of_engine(name: str) -> tuple[float | None, ...]:
        return tuple(
            _largest(
                getattr(sample.engine, name) / GIB
                for sample in bucket
                if sample.engine is not None and getattr(sample.engine, name) is not None
            )
            for bucket in buckets
        )

    anon, file = of_engine("anon_bytes"), of_engine("file_bytes")
    split = any(value is not None for value in (*anon, *file))
    parts = (
        (
            Series(t("engine_file"), at_s, file, "series-3"),
            Series(t("engine_anon"), at_s, anon, "series-1"),
        )
        if split
        else (Series(t("engine_rss"), at_s, of_engine("rss_bytes"), "series-1"),)
    )
    return Panel(
        key="memory",
        title=t("memory_gib"),
        says=t("memory_chart_says"),
        series=parts,
        stacked=True,
    )


def _pressure_panel(t: Messages, edges: Sequence[HostSample]) -> Panel:
    at_s = _starts(edges)

    def share(name: str) -> tuple[float | None, ...]:
        found = []
        for before, after in pairwise(edges):
            spent = _difference(getattr(before, name), getattr(after, name))
            span_s = seconds(after.at_ns - before.at_ns)
            found.append(None if spent is None or span_s <= 0 else PERCENT * spent / span_s)
        return tuple(found)

    return Panel(
        key="pressure",
        title=t("pressure_percent"),
        says=t("pressure_chart_says"),
        series=(
            Series(t("cpu_pressure"), at_s, share("cpu_pressure_s"), "series-2"),
            Series(t("throttled"), at_s, share("cgroup_throttled_s"), "series-4"),
        ),
        stacked=False,
    )


def _gpu_panels(t: Messages, buckets: Sequence[Sequence[HostSample]]) -> list[Panel]:
    at_s = tuple(seconds(bucket[0].at_ns) for bucket in buckets)
    names: dict[str, str] = {}
    for bucket in buckets:
        for gpu in bucket[0].gpus:
            names.setdefault(
                gpu.uuid or str(gpu.index), f"GPU {gpu.index} {gpu.name or ''}".strip()
            )
    if not names:
        return []
    panels = []
    for key, field, scale in (
        ("gpu_utilization", "utilization_ratio", PERCENT),
        ("gpu_memory", "memory_used_bytes", 1 / GIB),
        ("gpu_power", "power_w", 1.0),
    ):
        series = tuple(
            Series(
                name,
                at_s,
                tuple(
                    _mean(
                        getattr(gpu, field) * scale
                        for sample in bucket
                        for gpu in sample.gpus
                        if (gpu.uuid or str(gpu.index)) == uuid and getattr(gpu, field) is not None
                    )
                    for bucket in buckets
                ),
            )
            for uuid, name in names.items()
        )
        panels.append(
            Panel(key=key, title=t(key), says=t(f"{key}_says"), series=series, stacked=False)
        )
    return panels


def _busy_s(sample: HostSample) -> float | None:
    return None if sample.cpu is None else busy_s(sample.cpu)


def _engine_cpu_s(before: HostSample, after: HostSample) -> float | None:
    """Return the engine's CPU seconds between two samples; None across a restart."""
    first, second = before.engine, after.engine
    if first is None or second is None:
        return None
    if (first.pid, first.starttime_ticks) != (second.pid, second.starttime_ticks):
        return None
    return _difference(first.cpu_s, second.cpu_s)


def bucket_ends(at_s: Sequence[float]) -> list[int]:
    """Return the indexes that cut ascending stamps into stretches of equal length, about.

    A stretch is LEAST_BUCKET_S long at least, and there are MOST_BUCKETS at most. The first and
    the last stamp are among the ends.
    """
    if not at_s:
        return []
    width_s = max(LEAST_BUCKET_S, (at_s[-1] - at_s[0]) / MOST_BUCKETS)
    ends = [0]
    for index, at in enumerate(at_s):
        # Half a millisecond of grace: samplers are never exactly on time.
        if at - at_s[ends[-1]] >= width_s - 0.0005:
            ends.append(index)
    if ends[-1] != len(at_s) - 1:
        ends.append(len(at_s) - 1)
    return ends


def _starts(edges: Sequence[HostSample]) -> tuple[float, ...]:
    return tuple(seconds(sample.at_ns) for sample in edges[:-1])


def _difference(before: float | None, after: float | None) -> float | None:
    """Return how far a counter went; None if it is unknown or began anew."""
    if before is None or after is None or after < before:
        return None
    return after - before


def _largest(values: Iterable[float]) -> float | None:
    return max(values, default=None)


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None
