"""The cells of a table as text: one rule for terminal, Markdown and HTML."""

from collections.abc import Sequence
from dataclasses import dataclass

from yoyak.analysis.comparison import Cell, Column, Table
from yoyak.report.numbers import UNKNOWN, Unit, fit_unit, show, show_bounds

TIE = "≈"


@dataclass(frozen=True, slots=True)
class CellText:
    """One cell, ready to print."""

    value: str
    interval: str | None = None
    unit: str | None = None  # only where the column's header does not say it
    note: str | None = None
    is_number: bool = False
    is_known: bool = True
    is_tie: bool = False  # a ratio that shows no difference; marked with TIE

    @property
    def text(self) -> str:
        """Value, interval and unit on one line."""
        mark = TIE if self.is_tie else None
        return " ".join(part for part in (self.value, self.interval, self.unit, mark) if part)


@dataclass(frozen=True, slots=True)
class ColumnText:
    """A column's header and its cells."""

    column: Column
    unit: str | None  # as printed, for the header
    cells: tuple[CellText, ...]

    @property
    def header(self) -> str:
        """Title and unit."""
        return f"{self.column.title} ({self.unit})" if self.unit else self.column.title

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds numbers, so that it is set flush right."""
        return all(cell.is_number for cell in self.cells if cell.is_known)


@dataclass(frozen=True, slots=True)
class RowText:
    """A row as text, one cell a column."""

    label: str
    is_baseline: bool
    cells: tuple[CellText, ...]


@dataclass(frozen=True, slots=True)
class TableText:
    """A table as text, by columns and by rows."""

    key: str
    title: str
    columns: tuple[ColumnText, ...]
    rows: tuple[RowText, ...]
    note: str | None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why cells are unknown, each reason once, with the columns or rows that it holds for."""
        places: dict[str, list[str]] = {}
        for column in self.columns:
            by_note: dict[str, list[str]] = {}
            for row, cell in zip(self.rows, column.cells, strict=True):
                if cell.note and not cell.is_known:
                    by_note.setdefault(cell.note, []).append(row.label)
            for note, rows in by_note.items():
                is_whole = len(rows) == len(self.rows)
                places.setdefault(note, []).extend([column.column.title] if is_whole else rows)
        return tuple(f"{', '.join(dict.fromkeys(where))}: {note}" for note, where in places.items())


def has_ties(table: TableText) -> bool:
    """Say whether a cell is marked, so that the mark must be explained."""
    return any(cell.is_tie for row in table.rows for cell in row.cells)


def table_text(table: Table) -> TableText:
    """Return the table with every cell as text."""
    columns = column_texts(table)
    return TableText(
        key=table.key,
        title=table.title,
        columns=columns,
        rows=tuple(
            RowText(row.label, row.is_baseline, tuple(column.cells[at] for column in columns))
            for at, row in enumerate(table.rows)
        ),
        note=table.note,
    )


def column_texts(table: Table) -> tuple[ColumnText, ...]:
    """Return the table by columns. Numbers of one column share a unit, said once in its header,
    unless its cells bring units of their own."""
    return tuple(
        _column(column, [row.cells[index] for row in table.rows])
        for index, column in enumerate(table.columns)
    )


def _column(column: Column, cells: Sequence[Cell]) -> ColumnText:
    if any(cell.unit not in (None, column.unit) for cell in cells):
        return ColumnText(
            column, None, tuple(_cell(cell, cell.unit or column.unit, None) for cell in cells)
        )
    numbers = [c.value for c in cells if isinstance(c.value, int | float)]
    ends = [end for c in cells if c.interval for end in c.interval]
    unit = fit_unit(column.unit, [*numbers, *ends])
    texts = tuple(_cell(cell, column.unit, unit) for cell in cells)
    return ColumnText(column, unit.label, texts)


def _cell(cell: Cell, unit: str | None, within: Unit | None) -> CellText:
    if isinstance(cell.value, str):
        return CellText(cell.value, note=cell.note)
    if cell.value is None and cell.interval is not None:
        shown = show_bounds(cell.interval, unit=unit, within=within)
    else:
        shown = show(cell.value, cell.interval, unit=unit, within=within)
    if shown is None:
        return CellText(UNKNOWN, note=cell.note, is_known=False)
    return CellText(
        shown.value,
        shown.interval,
        shown.unit if within is None else None,
        cell.note,
        is_number=True,
        is_tie=cell.note == "no_difference",  # the outcome of comparison.Contrast
    )
