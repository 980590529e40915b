"""The charts of a comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from yoyak.analysis.comparison import Cell, Column, Comparison, Metric, Row, Table
from yoyak.analysis.quantiles import SHOWN, quantile_above_floor
from yoyak.report.charts.comparison import bars, cost_against_speed, forest
from yoyak.report.charts.latency_of_hosts import MOST_CURVES, distributions
from yoyak.report.charts.study import panels
from yoyak.report.figures import Figure, FigureGroup
from yoyak.report.messages import Messages

Latencies = Mapping[str, Mapping[str, Sequence[float]]]  # seconds by latency, by label of a run
LATENCIES = ("time_to_first_token_s", "end_to_end_s")
MOST_ROWS = 50  # of a chart; of more hosts it shows the best
MOST_STUDIES = 12  # families and sizes with charts of their own; the tables hold all
STUDY_TABLES = ("family:", "size:")  # keys of the tables that the old study drew


def comparison_figures(
    t: Messages, comparison: Comparison, latencies: Latencies | None = None
) -> tuple[FigureGroup, ...]:
    """Return the groups of charts for which the comparison has data.

    Args:
        t: the words.
        comparison: what is drawn.
        latencies: of the runs that `runs_with_curves` names, those whose requests are at hand.
    """
    groups = [
        FigureGroup("rates", t("group_hosts"), tuple(_metrics(t, comparison))),
        FigureGroup("cost", t("group_cost"), tuple(_front(t, comparison))),
        FigureGroup("latency", t("group_latency"), tuple(_latency(t, comparison, latencies or {}))),
    ]
    for at, table in enumerate(study_tables(comparison)[:MOST_STUDIES]):
        figures = tuple(
            Figure(
                f"study{at}_{column.key}",
                column.title,
                _study_reading(t, table),
                spec,
                _one_column(table, column),
                "half",
            )
            for column, spec in panels(t, table)
        )
        groups.append(FigureGroup(f"study{at}", table.title, figures))
    return tuple(group for group in groups if group.figures)


def study_tables(comparison: Comparison) -> list[Table]:
    """Return the tables by family, then those by size."""
    return [
        table
        for prefix in STUDY_TABLES
        for table in comparison.tables
        if table.key.startswith(prefix)
    ]


def runs_with_curves(comparison: Comparison) -> tuple[str, ...]:
    """Return the labels of the runs whose latencies are drawn on one chart: the baseline, then
    those that finish most articles, no more than there are colours."""
    pace = next(
        (m for m in comparison.metrics if (m.key, m.level) == ("requests_per_s", "run")), None
    )
    if pace is None:
        return ()
    known = sorted((e for e in pace.estimates if e.value), key=lambda e: -(e.value or 0.0))
    others = [e.label for e in known if e.label != comparison.baseline]
    first = [] if comparison.baseline is None else [comparison.baseline]
    return tuple([*first, *others][:MOST_CURVES])


def _latency(t: Messages, comparison: Comparison, latencies: Latencies) -> list[Figure]:
    runs = sum(subject.level == "run" for subject in comparison.subjects)
    figures = []
    for key in LATENCIES:
        values = {
            label: found[key] for label, found in latencies.items() if len(found.get(key, ())) > 0
        }
        if len(values) < 2:
            continue
        name = t(f"latency.{key}")
        reading = t("figure_hosts_ecdf_reading")
        if len(values) < runs:
            reading += " " + t("figure_hosts_ecdf_some", shown=len(values), n=runs)
        spec = distributions(t, name=name, values_s=values)
        table = _percentiles(t, name, values)
        figures.append(Figure(f"hosts_ecdf_{key}", name, reading, spec, table, "half"))
    return figures


def _percentiles(t: Messages, name: str, values: Mapping[str, Sequence[float]]) -> Table:
    return Table(
        key="percentiles",
        title=name,
        columns=(
            *(Column(key=f"p{p * 100:g}", title=f"p{p * 100:g}", unit="s") for p in SHOWN),
            Column(key="n", title=t("requests")),
        ),
        rows=tuple(
            Row(
                label=label,
                cells=(
                    *(
                        Cell(value=quantile_above_floor(of_run, p, requests=len(of_run)))
                        for p in SHOWN
                    ),
                    Cell(value=len(of_run)),
                ),
            )
            for label, of_run in values.items()
        ),
        note=t("percentiles_note"),
    )


def _metrics(t: Messages, comparison: Comparison) -> list[Figure]:
    figures = []
    for whole in comparison.metrics:
        metric = _best(whole, comparison.baseline)
        best_of = ""
        if metric is not whole:
            best_of = t("figure_best_of", shown=MOST_ROWS, n=len(whole.estimates))
        key = metric.key if metric.level == "run" else f"{metric.key}_{metric.level}"
        title = metric.title
        if metric.level == "type":
            title = t("by_type", metric=metric.title)
        baseline = metric.contrasts[0].baseline if metric.contrasts else comparison.baseline
        drawn = bars(t, metric, baseline=baseline)
        if drawn is None:
            continue
        figures.append(
            Figure(
                f"bars_{key}",
                title,
                f"{t('figure_bars_reading')} {best_of}".strip(),
                drawn,
                _estimates_table(t, metric),
                "half",
            )
        )
        ratios = forest(t, metric)
        if ratios is not None:
            figures.append(
                Figure(
                    f"forest_{key}",
                    t("figure_forest", metric=title, baseline=baseline or ""),
                    f"{t('figure_forest_reading')} {best_of}".strip(),
                    ratios,
                    _contrasts_table(t, metric),
                    "half",
                )
            )
    return figures


def _best(metric: Metric, baseline: str | None) -> Metric:
    """Return the metric of the best MOST_ROWS subjects and the baseline, itself if of no more."""
    if len(metric.estimates) <= MOST_ROWS:
        return metric
    known = [(e.value, e.label) for e in metric.estimates if e.value is not None]
    known.sort(key=lambda pair: pair[0], reverse=metric.better == "higher")
    kept = {label for _, label in known[:MOST_ROWS]} | {baseline}
    return replace(
        metric,
        estimates=tuple(e for e in metric.estimates if e.label in kept),
        contrasts=tuple(c for c in metric.contrasts if c.label in kept),
    )


def _front(t: Messages, comparison: Comparison) -> list[Figure]:
    spec = cost_against_speed(t, comparison.front)
    if spec is None:
        return []
    table = Table(
        key="front",
        title=t("figure_front"),
        columns=(
            Column(key="speed", title=t("articles_per_hour")),
            Column(key="cost", title=t("usd_per_1000_articles")),
            Column(key="front", title=t("on_the_front")),
        ),
        rows=tuple(
            Row(
                label=point.label,
                cells=(
                    Cell(value=point.articles_per_hour),
                    Cell(value=point.usd_per_1000_articles),
                    Cell(value=t("yes" if point.on_front else "no")),
                ),
            )
            for point in comparison.front
        ),
    )
    return [Figure("front", t("figure_front"), t("figure_front_reading"), spec, table)]


def _estimates_table(t: Messages, metric: Metric) -> Table:
    return Table(
        key=metric.key,
        title=metric.title,
        columns=(
            Column(key="value", title=t("mean_and_interval"), unit=metric.unit),
            Column(key="n", title=t("repetitions") if metric.level == "run" else t("hosts")),
        ),
        rows=tuple(
            Row(label=e.label, cells=(Cell(value=e.value, interval=e.interval), Cell(value=e.n)))
            for e in metric.estimates
        ),
    )


def _contrasts_table(t: Messages, metric: Metric) -> Table:
    return Table(
        key=metric.key,
        title=metric.title,
        columns=(
            Column(key="ratio", title=t("ratio_to_baseline"), unit="x"),
            Column(key="p_holm", title=t("p_holm")),
            Column(key="outcome", title=t("verdict")),
        ),
        rows=tuple(
            Row(
                label=c.label,
                cells=(
                    Cell(value=c.ratio, interval=c.interval),
                    Cell(value=c.p_holm),
                    Cell(value=t(f"outcome_{c.outcome}")),
                ),
            )
            for c in metric.contrasts
        ),
    )


def _one_column(table: Table, column: Column) -> Table:
    at = table.columns.index(column)
    return Table(
        key=column.key,
        title=f"{table.title}: {column.title}",
        columns=(column,),
        rows=tuple(
            Row(label=row.label, cells=(row.cells[at],), is_baseline=row.is_baseline)
            for row in table.rows
        ),
    )


def _study_reading(t: Messages, table: Table) -> str:
    by_family = table.key.startswith("family:")
    return t("figure_family_reading" if by_family else "figure_size_reading")
