"""Results as CSV for a spreadsheet: stored units, all digits, an empty cell where unknown."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from yoyak.analysis.comparison import Cell, Comparison
from yoyak.records import Perf

# Tables of a comparison with one row a run; their columns stand side by side.
RUN_TABLES = ("runs", "cost", "specifications")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run text that begins so


def perf_csv(perf: Perf) -> str:
    """Return perf.json as two columns: the key with its path, and the value."""
    return _text(("key", "value"), ((key, value) for key, value in _flat("", asdict(perf))))


def comparison_csv(comparison: Comparison) -> str:
    """Return one row a run: every column of its tables, with `_low` and `_high` where a column
    has intervals, in stored units (the header names them)."""
    columns: dict[str, dict[str, Cell]] = {}
    units: dict[str, str | None] = {}
    labels: dict[str, None] = {}
    for table in comparison.tables:
        if table.key not in RUN_TABLES:
            continue
        for index, column in enumerate(table.columns):
            if column.key in columns:
                continue
            units[column.key] = column.unit
            columns[column.key] = {row.label: row.cells[index] for row in table.rows}
        labels |= dict.fromkeys(row.label for row in table.rows)
    header = ["run", "is_baseline"]
    fields: list[tuple[str, str]] = []
    for key, cells in columns.items():
        name = f"{key} ({units[key]})" if units[key] else key
        header.append(name)
        fields.append((key, "value"))
        if any(cell.interval for cell in cells.values()):
            header += [f"{key}_low", f"{key}_high"]
            fields += [(key, "low"), (key, "high")]
    rows = (
        [label, label == comparison.baseline, *(_part(columns[k].get(label), p) for k, p in fields)]
        for label in labels
    )
    return _text(header, rows)


def _part(cell: Cell | None, part: str) -> object:
    if cell is None:
        return None
    if part == "value":
        return cell.value
    if cell.interval is None:
        return None
    return cell.interval[0 if part == "low" else 1]


def _flat(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), part)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _flat(f"{path}.{index}", part)
    else:
        yield path, value


def _text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    """Return a value as a spreadsheet may take it: nothing for unknown, text never a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value  # the writer leaves None empty
