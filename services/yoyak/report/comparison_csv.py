"""A comparison as CSV: one row a run, and always the same columns in the same order."""

from collections.abc import Mapping, Sequence

from yoyak.analysis.comparison import Cell, Comparison, Contrast
from yoyak.analysis.metrics import KINDS
from yoyak.analysis.tables import COST, RESULTS, SPECIFICATION, Field
from yoyak.records import Latency, Rates, Totals
from yoyak.report.csv_table import csv_text

# Tables of a comparison with one row a run; their columns stand side by side.
RUN_TABLES = ("runs", "cost", "specifications")
TIMES = tuple(kind.key for kind in KINDS)  # each also as "times better than the baseline"


def comparison_csv(comparison: Comparison) -> str:
    """Return one row a run in stored units; a cell is empty where nothing is known.

    Columns: `run`, `is_baseline`, every column that a comparison's tables can have, named
    `key (unit)`, with `key_low` and `key_high` where it can have an interval, and for each metric
    `times_key`, its ends, `times_key_p_holm` and `times_key_outcome` against the baseline.
    """
    cells: dict[str, dict[str, Cell]] = {}
    labels: dict[str, None] = {}
    for table in comparison.tables:
        if table.key in RUN_TABLES:
            labels |= dict.fromkeys(row.label for row in table.rows)
            for index, column in enumerate(table.columns):
                cells.setdefault(column.key, {row.label: row.cells[index] for row in table.rows})
    contrasts = {
        metric.key: {contrast.label: contrast for contrast in metric.contrasts}
        for metric in comparison.metrics
        if metric.level == "run"
    }
    header = ["run", "is_baseline", *(name for field in _fields() for name in _names(field))]
    header += [name for key in TIMES for name in _times_names(key)]
    rows = (
        [
            label,
            label == comparison.baseline,
            *(part for field in _fields() for part in _parts(field, cells, label)),
            *(part for key in TIMES for part in _times(contrasts.get(key, {}).get(label))),
        ]
        for label in labels
    )
    return csv_text(header, rows)


def _fields() -> Sequence[Field]:
    """Return every column that a table of runs can have, each once."""
    by_key = {field.key: field for field in (*SPECIFICATION[:2], *RESULTS, *COST, *SPECIFICATION)}
    return tuple(by_key.values())


def _has_interval(field: Field) -> bool:
    return (
        field.key in Rates.__dataclass_fields__
        or field.key in Latency.__dataclass_fields__
        or f"{field.key}_ci95" in Totals.__dataclass_fields__
    )


def _names(field: Field) -> list[str]:
    name = f"{field.key} ({field.unit})" if field.unit else field.key
    return [name, f"{field.key}_low", f"{field.key}_high"] if _has_interval(field) else [name]


def _parts(field: Field, cells: Mapping[str, Mapping[str, Cell]], label: str) -> list[object]:
    cell = cells.get(field.key, {}).get(label)
    value = None if cell is None else cell.value
    if not _has_interval(field):
        return [value]
    low, high = (None, None) if cell is None or cell.interval is None else cell.interval
    return [value, low, high]


def _times_names(key: str) -> list[str]:
    return [f"times_{key}{end}" for end in ("", "_low", "_high", "_p_holm", "_outcome")]


def _times(contrast: Contrast | None) -> list[object]:
    if contrast is None:
        return [None] * len(_times_names(""))
    low, high = contrast.interval or (None, None)
    return [contrast.ratio, low, high, contrast.p_holm, contrast.outcome]
