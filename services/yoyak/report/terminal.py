"""Results in a terminal: tables that fit its width, with what must be known under them."""

from collections.abc import Iterable, Sequence
from typing import IO

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from yoyak.analysis.comparison import Comparison
from yoyak.records import Finding, Perf
from yoyak.report.answer import host_name
from yoyak.report.cells import TIE, CellText, ColumnText, TableText, has_ties, table_text
from yoyak.report.findings import sort_findings, target_words
from yoyak.report.messages import Messages
from yoyak.report.run_tables import brief_tables, run_tables

WIDTH = 100  # columns, where the output is no terminal and says nothing of its own
STYLES = {"invalid": "bold red", "warning": "yellow", "info": "blue"}
COLUMN_PADDING = 3  # between columns
LEAST_TEXT_WIDTH = 18  # of a column of words; the rest wraps
MOST_LABEL_WIDTH = 40  # of a row; a longer label wraps


def report_console(file: IO[str]) -> Console:
    """Return a console for results: no colours in files and pipes or under NO_COLOR, and WIDTH
    columns where there is no terminal."""
    is_terminal = file.isatty()
    return Console(
        file=file, width=None if is_terminal else WIDTH, highlight=False, soft_wrap=False
    )


def render_run(perf: Perf, *, language: str = "en", is_full: bool = False) -> RenderableType:
    """Return the results of one run: rates, latency, totals, then findings.

    Args:
        perf: the results.
        language: "en" or "ko".
        is_full: every table of the report, not only what matters most.
    """
    t = Messages(language)
    parts: list[RenderableType] = [_heading(t, perf)]
    if perf.model.synthetic:
        title = Text(f"{t('synthetic_title')} ", style=STYLES["warning"])
        parts.append(title + Text(t("synthetic"), style="default"))
    tables = [table_text(table) for table in (run_tables if is_full else brief_tables)(t, perf)]
    parts += [FittedTable(t, table) for table in tables]
    parts.append(_findings(t, perf.findings))
    return Group(*_spaced(parts))


def render_comparison(comparison: Comparison) -> RenderableType:
    """Return a comparison in its own language: verdicts, tables, findings, limits."""
    t = Messages(comparison.language)
    runs = [subject for subject in comparison.subjects if subject.level == "run"]
    head = Text(t("comparison_of", n=len(runs)), style="bold")
    if comparison.baseline:
        head.append(f"  {t('baseline_is', baseline=comparison.baseline)}", style="default")
        if comparison.baseline_reason:
            head.append(f" ({comparison.baseline_reason})", style="dim")
    parts: list[RenderableType] = [head]
    parts += [FittedTable(t, table_text(table)) for table in comparison.tables]
    if comparison.verdict_possible:
        if comparison.answer:
            parts.append(Text(" ".join(comparison.answer), style="bold"))
        if comparison.verdicts:
            parts.append(_list(t("verdicts"), comparison.verdicts))
    else:
        parts.append(
            Text(f"{t('no_verdict_title')}. ", style=STYLES["warning"])
            + Text(t("no_verdict"), style="default")
        )
    target = target_words(t, comparison.target)
    if target:
        parts.append(Text(target))
    parts.append(_findings(t, comparison.findings))
    if comparison.cannot_say:
        parts.append(_list(t("cannot_say"), comparison.cannot_say))
    return Group(*_spaced(parts))


class FittedTable:
    """A table that is cut into several of fewer columns where the terminal is too narrow."""

    def __init__(self, t: Messages, table: TableText) -> None:
        """Take the words for its footnotes and the table."""
        self._t = t
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = self._table
        labels = [self._label(index) for index in range(len(table.rows))]
        first = min(_widest(labels), MOST_LABEL_WIDTH)
        groups = split_columns(table.columns, first, options.max_width)
        for number, columns in enumerate(groups, start=1):
            part = f" ({number}/{len(groups)})" if len(groups) > 1 else ""
            yield Text(f"{table.title}{part}", style="bold")
            yield _rich_table(columns, labels)
        for line in self._footnotes():
            yield Padding(Text(line, style="dim"), (0, 0, 0, 1))

    def _label(self, index: int) -> str:
        row = self._table.rows[index]
        return f"{row.label} {self._t('baseline_mark')}" if row.is_baseline else row.label

    def _footnotes(self) -> Iterable[str]:
        if has_ties(self._table):
            yield f"{TIE} {self._t('outcome_no_difference')}"
        yield from self._table.reasons
        if self._table.note:
            yield self._table.note


def split_columns(
    columns: Sequence[ColumnText], first_width: int, width: int
) -> list[list[ColumnText]]:
    """Return the columns in groups, each of which fits beside the row labels.

    A column that fits nowhere has a group of its own; its cells wrap.
    """
    groups: list[list[ColumnText]] = [[]]
    used = first_width + COLUMN_PADDING
    for column in columns:
        needed = _width(column) + COLUMN_PADDING
        if groups[-1] and used + needed > width:
            groups.append([])
            used = first_width + COLUMN_PADDING
        groups[-1].append(column)
        used += needed
    return groups


def _widest(texts: Sequence[str]) -> int:
    return max((cell_len(text) for text in texts), default=0)


def _width(column: ColumnText) -> int:
    """Return the width that a column needs. A header may break between its words, a number
    nowhere, and a text somewhere, though not everywhere."""
    header = _widest(column.header.split())
    cells = _widest([cell.text for cell in column.cells])
    return max(header, cells if column.is_numeric else min(cells, LEAST_TEXT_WIDTH))


def _rich_table(columns: Sequence[ColumnText], labels: Sequence[str]) -> RichTable:
    table = RichTable(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    table.add_column("", overflow="fold", width=min(_widest(labels), MOST_LABEL_WIDTH))
    for column in columns:
        table.add_column(
            column.header,
            justify="right" if column.is_numeric else "left",
            width=_width(column) if column.is_numeric else None,
            overflow="fold",
        )
    for index, label in enumerate(labels):
        table.add_row(Text(label), *(_cell(column.cells[index]) for column in columns))
    return table


def _cell(cell: CellText) -> Text:
    if not cell.is_known:
        return Text(cell.value, style="dim")
    text = Text(cell.value)
    for part in (cell.interval, cell.unit, TIE if cell.is_tie else None):
        if part:
            text.append(f" {part}", style="dim")
    return text


def _heading(t: Messages, perf: Perf) -> Text:
    model = " ".join(part for part in (perf.model.name, perf.model.quantization) if part)
    words = t("model_on_host", model=model, host=host_name(t, perf.host))
    return Text(words, style="bold") + Text(f"  {perf.run_id}", style="dim")


def _findings(t: Messages, findings: Sequence[Finding]) -> RenderableType:
    if not findings:
        return Text(t("no_findings"), style="green")
    table = RichTable.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in sort_findings(t, findings):
        words = Text(finding.message)
        if finding.mend:
            words.append(f"\n{t('mend')} {finding.mend}", style="dim")
        badge = Text(t(f"severity_{finding.severity}"), style=STYLES[finding.severity])
        table.add_row(badge, words)
    return Group(Text(t("findings"), style="bold"), table)


def _list(title: str, sentences: Sequence[str]) -> RenderableType:
    table = RichTable.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for sentence in sentences:
        table.add_row(Text("-"), Text(sentence))
    return Group(Text(title, style="bold"), table)


def _spaced(parts: Sequence[RenderableType]) -> list[RenderableType]:
    spaced: list[RenderableType] = []
    for part in parts:
        if spaced:
            spaced.append(Text())
        spaced.append(part)
    return spaced
