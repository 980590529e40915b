"""Results in a terminal, a pipe and a file."""

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from yoyak.analysis.comparison import Cell, Column, Comparison, Row, Table
from yoyak.records import Finding
from yoyak.report.cells import table_text
from yoyak.report.messages import Messages
from yoyak.report.terminal import (
    WIDTH,
    FittedTable,
    render_comparison,
    render_run,
    report_console,
)
from yoyak.store.run_folder import Run


def printed(renderable: RenderableType, width: int | None = None) -> str:
    out = io.StringIO()
    console = report_console(out) if width is None else Console(file=out, width=width)
    console.print(renderable)
    return out.getvalue()


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("is_full", [False, True])
def test_a_run_fits_a_hundred_columns(run: Run, language: str, is_full: bool) -> None:
    assert run.perf is not None
    text = printed(render_run(run.perf, language=language, is_full=is_full))
    assert max(cell_len(line) for line in text.splitlines()) <= WIDTH


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_a_comparison_fits_the_terminal_it_is_printed_in(
    comparison: Comparison, width: int
) -> None:
    text = printed(render_comparison(comparison), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    for estimate in comparison.metrics[0].estimates:
        assert estimate.label in text


def test_a_number_is_never_cut(comparison: Comparison) -> None:
    text = printed(render_comparison(comparison), 60)
    runs = next(table for table in comparison.tables if table.key == "runs")
    for column in table_text(runs).columns:
        for cell in column.cells:
            assert cell.text in text


def test_a_pipe_gets_no_colours(run: Run) -> None:
    assert run.perf is not None
    assert "\x1b" not in printed(render_run(run.perf))


def test_no_color_is_honoured_in_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    assert run.perf is not None
    report_console(out).print(render_run(run.perf))
    assert "\x1b[3" not in out.getvalue()  # foreground colours; bold and dim may stay


def test_rates_unknowns_and_findings_are_told(run: Run) -> None:
    assert run.perf is not None
    rate = replace(run.perf.rates.decode_tokens_per_s, value=12.3456, ci95=(11.94, 12.74))
    unknown = replace(run.perf.rates.prompt_tokens_per_s, value=None, ci95=None, source=None)
    perf = replace(
        run.perf,
        rates=replace(run.perf.rates, decode_tokens_per_s=rate, prompt_tokens_per_s=unknown),
        findings=(
            Finding(code="b", severity="info", message="a note"),
            Finding(code="a", severity="invalid", message="a flaw", mend="mend it"),
        ),
    )
    text = printed(render_run(perf))
    assert "12.3 [11.9, 12.7] tokens/s" in text
    assert "Prompt evaluation: unknown" in text
    assert text.index("a flaw") < text.index("a note")
    assert "What helps: mend it" in text
    assert "SYNTHETIC WEIGHTS" in text


def test_without_a_verdict_the_terminal_says_so(old_study: Comparison) -> None:
    text = printed(render_comparison(old_study))
    assert "No verdict" in text
    assert "53.5 – 202" in text


def test_hostile_markup_is_printed_as_it_is() -> None:
    table = table_text(
        Table(
            key="k",
            title="[red]Title[/red]",
            columns=(Column(key="v", title="v"),),
            rows=(Row(label="[bold]x[/bold]", cells=(Cell(value="[link=file:///]y"),)),),
        )
    )
    text = printed(FittedTable(Messages("en"), table))
    for words in ("[red]Title[/red]", "[bold]x[/bold]", "[link=file:///]y"):
        assert words in text
