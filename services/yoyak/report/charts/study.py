"""The panels of the old study: one family by size, or one size by family, four quantities each."""

from yoyak.analysis.comparison import Column, Table
from yoyak.report.charts.spec import LABEL_WIDTH, SCHEMA, Spec, chart, chart_title, rounded
from yoyak.report.messages import Messages
from yoyak.report.numbers import fit_unit, fixed, show
from yoyak.report.theme import color

ROW_HEIGHT = 30  # px
# As in the old study: total time, prompt characters/s, output characters/s, memory.
QUANTITIES = (
    "total_with_load_s",
    "prompt_chars_per_total_s",
    "output_chars_per_total_s",
    "client_rss_end_bytes",
)
SHEET_CHART_WIDTH = 320  # px of each of the four, in a file


def panel(t: Messages, table: Table, column: Column) -> Spec | None:
    """Return one quantity of a family's or a size's table as bars, in the order of the table."""
    at = table.columns.index(column)
    cells = [(row.label, row.cells[at].value) for row in table.rows]
    known = [(label, float(v)) for label, v in cells if isinstance(v, int | float)]
    if not known:
        return None
    unit = fit_unit(column.unit, [value for _, value in known])
    rows: list[Spec] = []
    for label, value in known:
        shown = show(value, unit=column.unit, within=unit)
        text = fixed(value, 0) if shown is None else shown.value
        rows.append({"row": label, "v": rounded(value * unit.factor), "text": text})
    title = f"{column.title} ({unit.label})" if unit.label else column.title
    y = {
        "field": "row",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelLimit": LABEL_WIDTH},
    }
    x = {
        "field": "v",
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [0, rounded(max(float(r["v"]) for r in rows) * 1.18)], "nice": False},
        "axis": {"tickCount": 4},
    }
    return chart(
        t("study_chart_says", quantity=column.title, table=table.title),
        height=ROW_HEIGHT * len(rows),
        values=rows,
        layer=[
            {
                "mark": {"type": "bar", "height": {"band": 0.62}, "color": color("series-1")},
                "encoding": {
                    "y": y,
                    "x": x,
                    "tooltip": [
                        {"field": "row", "title": t("host")},
                        {"field": "text", "title": title},
                    ],
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {
                    "y": y,
                    "x": x,
                    "text": {"field": "text"},
                    "color": {"value": color("ink")},
                },
            },
        ],
    )


def panels(t: Messages, table: Table) -> list[tuple[Column, Spec]]:
    """Return the quantities of the old study that the table knows, each with its chart."""
    by_key = {column.key: column for column in table.columns}
    found = []
    for key in QUANTITIES:
        if key in by_key:
            spec = panel(t, table, by_key[key])
            if spec is not None:
                found.append((by_key[key], spec))
    return found


def sheet(t: Messages, table: Table) -> Spec | None:
    """Return the panels of one table on one sheet, two by two, for a file."""
    drawn = [spec for _, spec in panels(t, table)]
    if not drawn:
        return None
    parts = [
        {
            **{key: spec[key] for key in ("height", "data", "layer")},
            "width": SHEET_CHART_WIDTH,
        }
        for spec in drawn
    ]
    return {
        "$schema": SCHEMA,
        "description": table.title,
        "title": chart_title(table.title, table.note),
        "concat": parts,
        "columns": 2,
        "spacing": {"row": 28, "column": 28},
        "resolve": {"scale": {"x": "independent", "y": "independent"}},
    }
