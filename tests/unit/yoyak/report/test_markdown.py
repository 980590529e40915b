"""Results in a pull request."""

import re
from dataclasses import replace

from yoyak.analysis.comparison import Comparison
from yoyak.records import Finding
from yoyak.report.markdown import comparison_markdown, escape, perf_markdown
from yoyak.store.run_folder import Run


def tables(text: str) -> list[list[str]]:
    """The rows of every table."""
    blocks = re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE)
    return [block.strip().splitlines() for block in blocks]


def columns(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", row)) - 1


def test_every_row_of_a_table_has_as_many_cells(run: Run, comparison: Comparison) -> None:
    assert run.perf is not None
    for text in (perf_markdown(run.perf), comparison_markdown(comparison)):
        assert len(tables(text)) > 4
        for rows in tables(text):
            assert len({columns(row) for row in rows}) == 1


def test_text_cannot_break_the_table_or_the_page(run: Run) -> None:
    hostile = "a | b\n# c <script> `d` [e](http://f) *g* @everyone"
    assert run.perf is not None
    perf = replace(
        run.perf,
        model=replace(run.perf.model, name=hostile),
        findings=(Finding(code="`x`", severity="info", message=hostile),),
    )
    text = perf_markdown(perf)
    assert "<script>" not in text
    assert "\n# c" not in text
    assert r"a \| b \# c" in text


def test_an_escaped_text_is_one_line() -> None:
    assert escape("a\n\n b\tc") == "a b c"


def test_the_answer_and_its_doubts_are_on_top(run: Run) -> None:
    assert run.perf is not None
    text = perf_markdown(run.perf)
    folded = text.index("<details>")
    assert text.index("SYNTHETIC WEIGHTS") < folded
    assert text.index("### Findings") < folded
    assert "| Whole request | 38 |" in text
    assert "needs 64 requests, has 38" in text


def test_a_comparison_speaks_its_own_language(comparison: Comparison) -> None:
    text = comparison_markdown(replace(comparison, language="ko"))
    assert "### 살펴볼 점" in text


def test_who_is_first_comes_before_the_verdicts(comparison: Comparison) -> None:
    text = comparison_markdown(comparison)
    first = f"**{' '.join(comparison.answer)}**"
    assert "g5.16xlarge" in first
    assert text.index(first) < text.index(comparison.verdicts[0].split("]")[0].split("[")[0])


def test_without_a_verdict_the_text_says_so(old_study: Comparison) -> None:
    assert "**No verdict.**" in comparison_markdown(old_study)
