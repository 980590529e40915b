"""The charts of one run, from its records and its results."""

from collections.abc import Sequence

from yoyak.analysis.comparison import Cell, Column, Row, Table
from yoyak.analysis.perf import is_open_loop
from yoyak.analysis.quantiles import quantile
from yoyak.records import Perf
from yoyak.report import series
from yoyak.report.charts.host import Panel, panel
from yoyak.report.charts.latency import chunk_gaps, distribution, ecdf, log_histogram
from yoyak.report.charts.phases import PHASES, phases
from yoyak.report.charts.rates import NamedRate, steadiness
from yoyak.report.charts.timeline import KINDS, requests_over_time
from yoyak.report.figures import Figure, FigureGroup
from yoyak.report.host_series import host_panels
from yoyak.report.messages import Messages
from yoyak.report.run_tables import PERCENTILES, RATES, rates_table
from yoyak.store.run_folder import Run

DECILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # rows of a distribution's table
ROWS_OF_A_PANEL = 24  # of its table; the chart has up to 240 points


def run_figures(t: Messages, run: Run) -> tuple[FigureGroup, ...]:
    """Return the groups of charts for which the run has data."""
    groups = (
        FigureGroup("speed", t("group_speed"), tuple(_speed(t, run))),
        FigureGroup("latency", t("group_latency"), tuple(_latency(t, run))),
        FigureGroup("time", t("group_time"), tuple(_time(t, run))),
    )
    return tuple(group for group in groups if group.figures)


def _speed(t: Messages, run: Run) -> list[Figure]:
    figures = []
    if run.perf is not None:
        named = [
            NamedRate(t(f"rates.{key}"), unit, getattr(run.perf.rates, key)) for key, unit in RATES
        ]
        spec = steadiness(t, named)
        if spec is not None:
            figures.append(
                Figure(
                    "rates",
                    t("figure_rates"),
                    t("figure_rates_reading"),
                    spec,
                    rates_table(t, run.perf),
                    "half",
                )
            )
    open_loop = is_open_loop(run.manifest.workload)
    by_repetition = [
        (t("repetition_n", n=number + 1), seconds)
        for number, seconds in series.phase_seconds(run.requests, run.loads, open_loop=open_loop)
    ]
    spec = phases(t, by_repetition)
    if spec is not None:
        table = Table(
            key="phases",
            title=t("figure_phases"),
            columns=tuple(Column(key=p, title=t(f"phase_{p}"), unit="s") for p in PHASES),
            rows=tuple(
                Row(label=label, cells=tuple(Cell(value=seconds.get(p)) for p in PHASES))
                for label, seconds in by_repetition
            ),
        )
        reading = t("figure_phases_reading")
        figures.append(Figure("phases", t("figure_phases"), reading, spec, table, "half"))
    return figures


def _latency(t: Messages, run: Run) -> list[Figure]:
    figures = []
    open_loop = is_open_loop(run.manifest.workload)
    for key, values in series.latencies_s(run.requests, open_loop=open_loop).items():
        if not values:
            continue
        name = t(f"latency.{key}")
        spec = distribution(t, name=name, values_s=values, percentiles_s=_known(run.perf, key))
        reading = t("figure_ecdf_reading", n=len(values))
        table = _ecdf_table(t, name, values)
        figures.append(Figure(f"ecdf_{key}", name, reading, spec, table, "third"))
    gaps = series.gaps_s(run.requests)
    histogram = log_histogram(gaps)
    if histogram.total:
        spec = chunk_gaps(t, histogram=histogram, median_s=quantile(gaps, 0.5))
        reading = t("figure_gaps_reading", n=len(gaps), zeros=histogram.zeros)
        table = _ecdf_table(t, t("latency.inter_chunk_latency_s"), gaps)
        figures.append(Figure("gaps", t("figure_gaps"), reading, spec, table))
    return figures


def _known(perf: Perf | None, key: str) -> dict[str, float | None]:
    if perf is None:
        return {}
    found = getattr(perf.latency, key)
    return {name: getattr(found, name) for name, _ in PERCENTILES}


def _ecdf_table(t: Messages, name: str, values_s: Sequence[float]) -> Table:
    points = ecdf(values_s)
    return Table(
        key="ecdf",
        title=name,
        columns=(Column(key="value", title=t("at_most"), unit="s"),),
        rows=tuple(
            Row(label=f"{share:.0%}", cells=(Cell(value=_at(points, share)),)) for share in DECILES
        ),
        note=t("ecdf_table_note"),
    )


def _at(points: Sequence[tuple[float, float]], share: float) -> float:
    """Return the smallest value that at least this share of values does not exceed."""
    return next(value for value, reached in points if reached >= share)


def _time(t: Messages, run: Run) -> list[Figure]:
    span_s = series.run_span_s(run.requests, run.loads, run.samples)
    figures = []
    repetitions = series.repetition_spans(t, run.requests, run.loads)
    if run.requests:
        timed = series.timed_requests(run.requests)
        spec = requests_over_time(
            t,
            requests=timed,
            repetitions=repetitions,
            loads=series.load_spans(t, run.loads),
            span_s=span_s,
        )
        table = Table(
            key="timeline",
            title=t("figure_timeline"),
            columns=(
                Column(key="from", title=t("sent_at_s")),
                Column(key="to", title=t("ended_at_s")),
                *(Column(key=kind, title=t(f"kind_{kind}")) for kind in KINDS),
            ),
            rows=tuple(
                Row(
                    label=span.label,
                    cells=(
                        Cell(value=span.from_s),
                        Cell(value=span.to_s),
                        *(
                            Cell(
                                value=sum(
                                    r.kind == kind and span.from_s <= r.sent_s <= span.to_s
                                    for r in timed
                                )
                            )
                            for kind in KINDS
                        ),
                    ),
                )
                for span in repetitions
            ),
        )
        reading = t("figure_timeline_reading")
        figures.append(Figure("timeline", t("figure_timeline"), reading, spec, table))
    cpus = run.manifest.host.get("logical_cpus")
    logical_cpus = cpus if isinstance(cpus, int) else None
    for data in host_panels(t, run.samples, logical_cpus=logical_cpus):
        drawn = panel(t, data, span_s=span_s)
        if drawn is None:
            continue
        title, reading = t(f"figure_{data.key}"), t(f"figure_{data.key}_reading")
        figures.append(Figure(f"host_{data.key}", title, reading, drawn, _panel_table(t, data)))
    return figures


def _panel_table(t: Messages, data: Panel) -> Table:
    known = [s for s in data.series if any(value is not None for value in s.values)]
    count = len(known[0].at_s)
    step = max(1, -(-count // ROWS_OF_A_PANEL))
    return Table(
        key=data.key,
        title=data.title,
        columns=tuple(Column(key=str(i), title=s.name) for i, s in enumerate(known)),
        rows=tuple(
            Row(
                label=f"{known[0].at_s[i]:.0f} s",
                cells=tuple(Cell(value=s.values[i]) for s in known),
            )
            for i in range(0, count, step)
        ),
        note=t("panel_table_note", step=step) if step > 1 else None,
    )
