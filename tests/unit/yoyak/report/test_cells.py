"""Tables as text."""

import pytest

from yoyak.analysis.comparison import Cell, Column, Row, Table
from yoyak.report.cells import TableText, has_ties, table_text
from yoyak.units import GIB, MIB


def a_table(column: Column, *cells: Cell) -> TableText:
    rows = tuple(Row(label=f"row {i}", cells=(cell,)) for i, cell in enumerate(cells))
    return table_text(Table(key="k", title="Title", columns=(column,), rows=rows))


def texts(table: TableText) -> list[str]:
    return [row.cells[0].text for row in table.rows]


def test_a_column_shares_one_unit_and_says_it_once() -> None:
    table = a_table(
        Column(key="m", title="Memory", unit="bytes"),
        Cell(value=12 * MIB),
        Cell(value=2 * GIB, unit="bytes"),
    )
    assert table.columns[0].header == "Memory (GiB)"
    assert texts(table) == ["0.0117", "2.00"]


def test_cells_with_units_of_their_own_keep_them() -> None:
    table = a_table(
        Column(key="v", title="value"), Cell(value=0.083, unit="s"), Cell(value=5, unit=None)
    )
    assert table.columns[0].header == "value"
    assert texts(table) == ["83.0 ms", "5"]


@pytest.mark.parametrize("value", [None, float("nan")])
def test_an_unknown_value_is_a_dash_and_never_a_zero(value: float | None) -> None:
    table = a_table(Column(key="v", title="value", unit="s"), Cell(value=value), Cell(value=0.0))
    assert texts(table) == ["–", "0"]
    assert not table.rows[0].cells[0].is_known


def test_a_range_without_a_value_is_printed_as_a_range() -> None:
    column = Column(key="v", title="Total", unit="s")
    table = a_table(column, Cell(value=None, interval=(53.5, 202.2)), Cell(value=37.8))
    assert texts(table) == ["53.5 – 202", "37.8"]


def test_the_reason_of_unknowns_is_said_once_for_a_whole_column() -> None:
    table = a_table(
        Column(key="p90", title="p90"),
        Cell(value=None, note="needs 64 requests"),
        Cell(value=None, note="needs 64 requests"),
    )
    assert table.reasons == ("p90: needs 64 requests",)


def test_the_reason_of_one_unknown_names_its_row() -> None:
    table = a_table(
        Column(key="v", title="value"), Cell(value=1.0, note="engine"), Cell(value=None, note="why")
    )
    assert table.reasons == ("row 1: why",)


def test_a_ratio_that_shows_no_difference_is_marked() -> None:
    column = Column(key="x", title="Decode", unit="x")
    table = a_table(column, Cell(value=1.01, note="no_difference"), Cell(value=2.0, note="faster"))
    assert texts(table) == ["1.01 ≈", "2.00"]
    assert table.columns[0].header == "Decode (×)"
    assert has_ties(table)


def test_words_are_set_left_and_numbers_right() -> None:
    assert not a_table(Column(key="w", title="words"), Cell(value="x")).columns[0].is_numeric
    assert a_table(Column(key="n", title="numbers"), Cell(value=1.5)).columns[0].is_numeric
