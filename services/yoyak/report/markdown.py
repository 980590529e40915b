"""Results as Markdown for a pull request or an issue."""

import re
from collections.abc import Sequence

from yoyak.analysis.comparison import Comparison
from yoyak.records import Finding, Perf
from yoyak.report.answer import host_name, lede
from yoyak.report.cells import TIE, TableText, has_ties, table_text
from yoyak.report.findings import sort_findings, target_words
from yoyak.report.messages import Messages
from yoyak.report.run_tables import brief_tables, run_tables

# What would begin a cell, a link, code, emphasis or markup: text is data here.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&@])")
MAIN_TABLES = ("runs", "types", "times", "ranking", "lengths", "cost")


def perf_markdown(perf: Perf, *, language: str = "en") -> str:
    """Return the results of one run: the answer, what matters most, findings, and every table
    folded below."""
    t = Messages(language)
    model = " ".join(part for part in (perf.model.name, perf.model.quantization) if part)
    words = t("model_on_host", model=model, host=host_name(t, perf.host))
    parts = [f"## {escape(words)}"]
    if perf.model.synthetic:
        parts.append(f"**{t('synthetic_title')}** {escape(t('synthetic'))}")
    answer = lede(t, perf)
    if answer:
        parts.append(escape(answer))
    parts += [_table(t, table_text(table)) for table in brief_tables(t, perf)]
    parts.append(_findings(t, perf.findings))
    parts.append(_folded(t, [table_text(table) for table in run_tables(t, perf)]))
    parts.append(f"{t('run_report')}: {escape(perf.run_id)}")
    return "\n\n".join(parts) + "\n"


def comparison_markdown(comparison: Comparison) -> str:
    """Return a comparison in its own language: verdicts, main tables, findings, limits, and the
    other tables folded below."""
    t = Messages(comparison.language)
    runs = [subject for subject in comparison.subjects if subject.level == "run"]
    parts = [f"## {t('comparison_of', n=len(runs))}"]
    if comparison.baseline:
        reason = f" ({comparison.baseline_reason})" if comparison.baseline_reason else ""
        parts.append(escape(t("baseline_is", baseline=comparison.baseline) + reason))
    if comparison.verdict_possible:
        if comparison.answer:
            said = escape(" ".join(comparison.answer))
            parts.append(f"**{said}**")
        parts.append(_list(comparison.verdicts))
    else:
        parts.append(f"**{t('no_verdict_title')}.** {escape(t('no_verdict'))}")
    target = target_words(t, comparison.target)
    if target:
        parts.append(escape(target))
    tables = [table_text(table) for table in comparison.tables]
    parts += [_table(t, table) for table in tables if table.key in MAIN_TABLES]
    parts.append(_findings(t, comparison.findings))
    if comparison.cannot_say:
        parts.append(f"### {t('cannot_say')}\n\n{_list(comparison.cannot_say)}")
    others = [table for table in tables if table.key not in MAIN_TABLES]
    if others:
        parts.append(_folded(t, others))
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """Return text that Markdown and HTML print as it is, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split())).replace("\\&", "&amp;")


def table_markdown(t: Messages, table: TableText) -> str:
    """Return one table with its title and notes."""
    return _table(t, table)


def _table(t: Messages, table: TableText) -> str:
    header = ["", *(escape(column.header) for column in table.columns)]
    rule = [":--", *("--:" if column.is_numeric else ":--" for column in table.columns)]
    lines = [_row(header), _row(rule)]
    for row in table.rows:
        label = f"{row.label} {t('baseline_mark')}" if row.is_baseline else row.label
        lines.append(_row([escape(label), *(escape(cell.text) for cell in row.cells)]))
    notes = [f"{TIE} {t('outcome_no_difference')}"] if has_ties(table) else []
    notes += [*table.reasons, *([table.note] if table.note else [])]
    under = "".join(f"\n\n<sub>{escape(note)}</sub>" for note in notes)
    return f"### {escape(table.title)}\n\n" + "\n".join(lines) + under


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _findings(t: Messages, findings: Sequence[Finding]) -> str:
    if not findings:
        return escape(t("no_findings"))
    lines = []
    for finding in sort_findings(t, findings):
        mend = f"<br>{t('mend')} {escape(finding.mend)}" if finding.mend else ""
        badge = t(f"severity_{finding.severity}")
        lines.append(f"- **{badge}** {escape(finding.message)} ({escape(finding.code)}){mend}")
    return f"### {t('findings')}\n\n" + "\n".join(lines)


def _folded(t: Messages, tables: Sequence[TableText]) -> str:
    body = "\n\n".join(_table(t, table) for table in tables)
    return f"<details><summary>{t('more_tables')}</summary>\n\n{body}\n\n</details>"


def _list(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {escape(sentence)}" for sentence in sentences)
