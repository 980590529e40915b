"""The results of one run as tables, the same for terminal, Markdown, CSV and HTML."""

from collections.abc import Sequence
from dataclasses import replace

from yoyak.analysis.comparison import Cell, Column, Row, Table
from yoyak.analysis.quantiles import floor
from yoyak.records import (
    Distribution,
    LoadRecord,
    Perf,
    Rate,
    StepTarget,
    Sweep,
    SweepStep,
)
from yoyak.report.calibration import calibration_tables
from yoyak.report.messages import Messages
from yoyak.slo import slo_text
from yoyak.units import PERCENT

# In the order of the work; perf.json has the same keys.
RATES = (
    ("prompt_tokens_per_s", "tokens/s"),
    ("prompt_chars_per_s", "characters/s"),
    ("decode_tokens_per_s", "tokens/s"),
    ("output_chars_per_s", "characters/s"),
    ("requests_per_s", "requests/s"),
)
LATENCIES = (
    "time_to_first_token_s",
    "time_per_output_token_s",
    "end_to_end_s",
    "prompt_eval_s",
    "decode_s",
    "queue_and_overhead_s",
    "inter_chunk_latency_s",
)
BRIEF_LATENCIES = 3  # the first ones: those that a reader of summaries feels
BRIEF_TOTALS = ("total_s", "total_with_load_s", "requests", "failed")
PERCENTILES = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99))
TOTALS = (
    ("total_s", "s"),
    ("total_with_load_s", "s"),
    ("requests", None),
    ("failed", None),
    ("article_chars", None),
    ("prompt_chars", None),
    ("output_chars", None),
    ("prompt_tokens", None),
    ("output_tokens", None),
    ("prompt_chars_per_total_s", "characters/s"),
    ("output_chars_per_total_s", "characters/s"),
    ("client_rss_end_bytes", "bytes"),
    ("client_cpu_percent", "%"),
)
RESOURCES = (
    ("engine_rss_peak_bytes", "bytes"),
    ("engine_rss_end_bytes", "bytes"),
    ("engine_rss_anon_bytes", "bytes"),
    ("engine_huge_page_bytes", "bytes"),
    ("engine_rss_file_bytes", "bytes"),
    ("engine_pss_bytes", "bytes"),
    ("engine_cpu_percent", "%"),
    ("client_cpu_percent", "%"),
    ("host_cpu_percent", "%"),
    ("foreign_cpu_percent", "%"),
    ("host_steal_percent", "%"),
    ("cpu_pressure_percent", "%"),
    ("cgroup_throttled_s", "s"),
)
GPU = (
    ("utilization_mean_ratio", "ratio"),
    ("memory_peak_bytes", "bytes"),
    ("power_mean_w", "W"),
    ("energy_j", "J"),
    ("temperature_max_c", "°C"),
)
COST = (
    ("usd_per_hour", "USD/h"),
    ("usd_per_1000_articles", "USD"),
    ("usd_per_million_output_tokens", "USD"),
)


def run_tables(t: Messages, perf: Perf) -> tuple[Table, ...]:
    """Return every published number of a run, in the order in which a reader asks."""
    return (
        *sweep_tables(t, perf),
        rates_table(t, perf),
        latency_table(t, perf),
        totals_table(t, perf),
        *load_tables(t, perf),
        resources_table(t, perf),
        *gpu_tables(t, perf),
        cost_table(t, perf),
        *calibration_tables(t, perf),
    )


def brief_tables(t: Messages, perf: Perf) -> tuple[Table, ...]:
    """Return what matters most: the rates, three latencies, and one table of the rest."""
    latency, totals = latency_table(t, perf), totals_table(t, perf)
    rest = [
        *(row for row in totals.rows if row.label in {t(f"totals.{key}") for key in BRIEF_TOTALS}),
        resources_table(t, perf).rows[0],
        *(row for row in cost_table(t, perf).rows if row.label == t("cost.usd_per_1000_articles")),
    ]
    kept = [i for i, column in enumerate(latency.columns) if column.key not in ("min", "max")]
    return (
        *sweep_tables(t, perf),
        replace(rates_table(t, perf), note=None),
        Table(
            key="latency",
            title=latency.title,
            columns=tuple(latency.columns[i] for i in kept),
            rows=tuple(
                Row(label=row.label, cells=tuple(row.cells[i] for i in kept))
                for row in latency.rows[:BRIEF_LATENCIES]
            ),
        ),
        replace(totals, rows=tuple(rest), note=None),
        *calibration_tables(t, perf),
    )


def sweep_tables(t: Messages, perf: Perf) -> tuple[Table, ...]:
    """Return the steps of a rate sweep, the slowest first; none for a run that was none."""
    sweep = perf.sweep
    if sweep is None:
        return ()
    columns = [Column(key="outcome", title=t("sweep_outcome"))]
    for target in sweep.targets:
        columns += [
            Column(key=f"{target.name}_s", title=target.name, unit="s"),
            Column(key=f"{target.name}_over", title=t("sweep_over", limit=f"{target.limit_s:g}")),
        ]
    columns += [
        Column(key="sent", title=t("sweep_sent")),
        Column(key="finished_per_s", title=t("sweep_finished"), unit="requests/s"),
    ]
    rows = tuple(
        Row(
            label=t("n_per_second", n=step.rate_per_s),
            cells=(
                Cell(value=_outcome(t, step)),
                *(cell for one in step.targets for cell in _target_cells(one, step)),
                Cell(value=step.sent),
                Cell(value=step.finished_per_s, unit="requests/s"),
            ),
        )
        for step in sorted(sweep.steps, key=lambda step: step.rate_per_s)
    )
    return (
        Table(
            key="sweep",
            title=t("sweep"),
            columns=tuple(columns),
            rows=rows,
            note=sweep_words(t, sweep),
        ),
    )


def sweep_words(t: Messages, sweep: Sweep) -> str:
    """Return what a sweep found, as one sentence."""
    slo = slo_text(sweep.targets)
    if sweep.highest_met_per_s is None:
        return t("sweep_none", slo=slo)
    met = f"{sweep.highest_met_per_s:g}"
    if sweep.lowest_missed_per_s is None:
        return t("sweep_met_only", slo=slo, met=met)
    return t("sweep_found", slo=slo, met=met, missed=f"{sweep.lowest_missed_per_s:g}")


def _outcome(t: Messages, step: SweepStep) -> str:
    if step.is_overloaded:
        return t("sweep_overloaded")
    words = t("sweep_met" if step.met else "sweep_missed")
    return words if step.is_certain else f"{words}, {t('sweep_not_certain')}"


def _target_cells(one: StepTarget, step: SweepStep) -> tuple[Cell, Cell]:
    ratio = one.over / step.planned
    interval = one.over_ratio_ci95
    return (
        Cell(value=one.percentile_s, unit="s"),
        Cell(
            value=PERCENT * ratio,
            interval=None if interval is None else (PERCENT * interval[0], PERCENT * interval[1]),
            unit="%",
        ),
    )


def rates_table(t: Messages, perf: Perf) -> Table:
    """Return the rates, each with interval, number of repetitions and whose clock."""
    rows = []
    for key, unit in RATES:
        rate: Rate = getattr(perf.rates, key)
        cells = (
            Cell(
                value=rate.value,
                interval=rate.ci95,
                unit=unit,
                note=_rate_note(t, rate),
            ),
            Cell(value=rate.n),
            Cell(value=None if rate.source is None else t(rate.source)),
        )
        rows.append(Row(label=t(f"rates.{key}"), cells=cells))
    return Table(
        key="rates",
        title=t("rates"),
        columns=(
            Column(key="value", title=t("mean_and_interval"), better="higher"),
            Column(key="n", title=t("repetitions")),
            Column(key="source", title=t("clock_of")),
        ),
        rows=tuple(rows),
        note=t("rates_note"),
    )


def _rate_note(t: Messages, rate: Rate) -> str | None:
    if rate.value is None:
        return t("rate_unknown")
    return t("no_interval", n=rate.n) if rate.ci95 is None else None


def latency_table(t: Messages, perf: Perf) -> Table:
    """Return the latencies; a percentile below its floor is unknown, and its note says so."""
    rows = []
    for key in LATENCIES:
        found: Distribution = getattr(perf.latency, key)
        cells = [
            Cell(value=found.n),
            Cell(value=found.mean, interval=found.ci95, unit="s"),
            *(
                Cell(
                    value=getattr(found, name),
                    unit="s",
                    note=_floor_note(t, found, getattr(found, name), probability),
                )
                for name, probability in PERCENTILES
            ),
            Cell(value=found.min, unit="s"),
            Cell(value=found.max, unit="s"),
        ]
        rows.append(Row(label=t(f"latency.{key}"), cells=tuple(cells)))
    return Table(
        key="latency",
        title=t("latency"),
        columns=(
            Column(key="n", title=t("requests")),
            Column(key="mean", title=t("mean_and_interval"), better="lower"),
            *(Column(key=name, title=name, better="lower") for name, _ in PERCENTILES),
            Column(key="min", title=t("smallest")),
            Column(key="max", title=t("largest")),
        ),
        rows=tuple(rows),
        note=t("latency_note", **{name: floor(probability) for name, probability in PERCENTILES}),
    )


def _floor_note(
    t: Messages, found: Distribution, value: float | None, probability: float
) -> str | None:
    if value is not None or found.mean is None:
        return None
    return t("below_floor", floor=floor(probability), n=found.n)


def totals_table(t: Messages, perf: Perf) -> Table:
    """Return the totals, the definitions of the old study among them."""
    return _pairs(
        t, "totals", perf.totals, TOTALS, note=t("totals_note"), unknown=t("rate_unknown")
    )


def resources_table(t: Messages, perf: Perf) -> Table:
    """Return what the run used of the host."""
    return _pairs(
        t,
        "resources",
        perf.resources,
        RESOURCES,
        note=t("resources_note"),
        unknown=t("resource_unknown"),
    )


def cost_table(t: Messages, perf: Perf) -> Table:
    """Return the cost; its note names the price's source, or how to give a price."""
    source = perf.cost.price_source
    note = None if source is None else t("price_source", source=source)
    why = t("price_unknown" if perf.cost.usd_per_hour is None else "cost_unknown")
    return _pairs(t, "cost", perf.cost, COST, note=note, unknown=why)


def gpu_tables(t: Messages, perf: Perf) -> tuple[Table, ...]:
    """Return one table with a row for each GPU, or none if there is no GPU."""
    if not perf.resources.gpus:
        return ()
    columns = (
        *(Column(key=key, title=t(f"gpus.{key}"), unit=unit) for key, unit in GPU),
        Column(key="throttle_reasons", title=t("gpus.throttle_reasons")),
    )
    rows = tuple(
        Row(
            label=gpu.name or gpu.uuid or "GPU",
            cells=(
                *(Cell(value=getattr(gpu, key)) for key, _ in GPU),
                Cell(value=", ".join(gpu.throttle_reasons) or t("none")),
            ),
        )
        for gpu in perf.resources.gpus
    )
    return (Table(key="gpus", title=t("gpus"), columns=columns, rows=rows),)


def load_tables(t: Messages, perf: Perf) -> tuple[Table, ...]:
    """Return the explicit model loads, or none if the engine could not be made to load."""
    load = perf.model_load
    if load.n == 0:
        return ()
    rows = tuple(
        Row(label=t("repetition_n", n=number), cells=(Cell(value=value),))
        for number, value in enumerate(load.values_s, start=1)
    )
    state = t("state_unknown") if load.state is None else t(f"state_{load.state}")
    return (
        Table(
            key="model_load",
            title=t("model_load"),
            columns=(Column(key="load_s", title=t("load_took"), unit="s", better="lower"),),
            rows=rows,
            note=t("model_load_note", state=state),
        ),
    )


def loads_table(t: Messages, loads: Sequence[LoadRecord]) -> Table:
    """Return every load with where the weights were, from the records themselves."""
    return Table(
        key="loads",
        title=t("model_load"),
        columns=(
            Column(key="load_s", title=t("load_took"), unit="s"),
            Column(key="state", title=t("weights_were")),
            Column(key="cached_ratio", title=t("in_page_cache"), unit="ratio"),
        ),
        rows=tuple(
            Row(
                label=t("repetition_n", n=load.repetition + 1),
                cells=(
                    Cell(value=load.load_s),
                    Cell(value=None if load.state is None else t(f"state_{load.state}")),
                    Cell(value=load.cached_ratio),
                ),
            )
            for load in loads
        ),
    )


def _pairs(
    t: Messages,
    key: str,
    record: object,
    names: Sequence[tuple[str, str | None]],
    *,
    note: str | None = None,
    unknown: str | None = None,
) -> Table:
    """Return a table of one value column: a row for each named field of a record.

    A field's interval, where the record has one, stands with it.
    """
    rows = tuple(
        Row(
            label=t(f"{key}.{name}"),
            cells=(
                Cell(
                    value=getattr(record, name),
                    interval=getattr(record, f"{name}_ci95", None),
                    unit=unit,
                    note=unknown if getattr(record, name) is None else None,
                ),
            ),
        )
        for name, unit in names
    )
    return Table(
        key=key,
        title=t(key),
        columns=(Column(key="value", title=t("value")),),
        rows=rows,
        note=note,
    )
