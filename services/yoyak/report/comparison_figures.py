"""The charts of a comparison."""

from yoyak.analysis.comparison import Cell, Column, Comparison, Metric, Row, Table
from yoyak.report.charts.comparison import bars, cost_against_speed, forest
from yoyak.report.charts.study import panels
from yoyak.report.figures import Figure, FigureGroup
from yoyak.report.messages import Messages

STUDY_TABLES = ("family:", "size:")  # keys of the tables that the old study drew


def comparison_figures(t: Messages, comparison: Comparison) -> tuple[FigureGroup, ...]:
    """Return the groups of charts for which the comparison has data."""
    groups = [
        FigureGroup("rates", t("group_hosts"), tuple(_metrics(t, comparison))),
        FigureGroup("cost", t("group_cost"), tuple(_front(t, comparison))),
    ]
    for at, table in enumerate(study_tables(comparison)):
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


def _metrics(t: Messages, comparison: Comparison) -> list[Figure]:
    figures = []
    for metric in comparison.metrics:
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
                t("figure_bars_reading"),
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
                    t("figure_forest_reading"),
                    ratios,
                    _contrasts_table(t, metric),
                    "half",
                )
            )
    return figures


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
