"""The report of a comparison as one self-contained page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from yoyak.analysis.comparison import Comparison, GateItem
from yoyak.records import Perf
from yoyak.report.cells import table_text
from yoyak.report.comparison_figures import Latencies, comparison_figures
from yoyak.report.findings import SEVERITIES, sort_findings, target_words
from yoyak.report.messages import Messages
from yoyak.report.page import render

# What a reader asks first; the others follow the charts.
MAIN_TABLES = ("runs", "types", "times", "ranking", "lengths", "cost")
MOST_RUNS = 50  # whose findings stand in the page, those with the gravest first
MOST_VERDICTS = 12  # before they are folded, so that findings stay on the first screens
GATE_ORDER = ("differs", "unknown", "same")


def comparison_html(
    comparison: Comparison, perfs: Sequence[Perf] = (), latencies: Latencies | None = None
) -> str:
    """Return a comparison as an HTML page that needs nothing else, in the comparison's language.

    Args:
        comparison: what is shown.
        perfs: the runs behind it, for the findings of each by itself.
        latencies: see comparison_figures.

    Raises:
        UsageError: no report is written in that language.
    """
    t = Messages(comparison.language)
    runs = [subject for subject in comparison.subjects if subject.level == "run"]
    words = t("comparison_of", n=len(runs))
    of_runs = _of_runs(t, comparison, perfs)
    views = [table_text(table) for table in comparison.tables]
    return render(
        "comparison.html.j2",
        t,
        title=f"{words} · yoyak",
        groups=comparison_figures(t, comparison, latencies),
        context={
            "comparison": comparison,
            "title_words": words,
            "runs": len(runs),
            "synthetic": any(perf.model.synthetic for perf in perfs),
            "of_runs": of_runs[:MOST_RUNS],
            "more_of_runs": max(0, len(of_runs) - MOST_RUNS),
            "shown_verdicts": comparison.verdicts[:MOST_VERDICTS],
            "folded_verdicts": comparison.verdicts[MOST_VERDICTS:],
            "finding_list": sort_findings(t, comparison.findings),
            "target_words": target_words(t, comparison.target),
            "main_tables": [view for view in views if view.key in MAIN_TABLES],
            "other_tables": [view for view in views if view.key not in MAIN_TABLES],
            "gate": [
                _gate_view(item)
                for item in sorted(comparison.gate, key=lambda i: GATE_ORDER.index(i.status))
            ],
        },
    )


def _of_runs(t: Messages, comparison: Comparison, perfs: Sequence[Perf]) -> list[Mapping[str, Any]]:
    """Return each run's own findings under its label, for the runs that have some."""
    labels = {
        run_id: subject.label
        for subject in comparison.subjects
        if subject.level == "run"
        for run_id in subject.run_ids
    }
    return [
        {
            "label": labels.get(perf.run_id, perf.run_id),
            "findings": sort_findings(t, perf.findings),
            "counts": ", ".join(
                f"{t(f'severity_{severity}')} {count}"
                for severity in SEVERITIES
                if (count := sum(f.severity == severity for f in perf.findings))
            ),
        }
        for perf in sorted(perfs, key=_gravest)
        if perf.findings
    ]


def _gravest(perf: Perf) -> int:
    return min((SEVERITIES.index(f.severity) for f in perf.findings), default=len(SEVERITIES))


def _gate_view(item: GateItem) -> Mapping[str, Any]:
    """Return a condition with its values, each once, and who has which where they differ."""
    by_value: dict[str | None, list[str]] = defaultdict(list)
    for label, value in item.values.items():
        by_value[value].append(label)
    return {
        "code": item.code,
        "title": item.title,
        "status": item.status,
        "why": item.why,
        "mend": item.mend,
        "allowed": item.allowed,
        "groups": [
            {"value": value, "labels": ", ".join(labels) if len(by_value) > 1 else ""}
            for value, labels in by_value.items()
        ],
    }
