"""Findings and targets in words, the same for every form of report."""

from collections.abc import Sequence

from yoyak.analysis.comparison import TargetResult
from yoyak.analysis.findings import all_said
from yoyak.analysis.lists import shortened
from yoyak.analysis.quantiles import SHOWN, floor
from yoyak.records import Finding
from yoyak.report.messages import Messages

FLOORS = {f"p{100 * probability:g}": floor(probability) for probability in SHOWN}
SEVERITIES = ("invalid", "warning", "info")


def sort_findings(t: Messages, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings in the reader's language, the gravest first, else in the order given."""
    in_words = all_said(findings, "ko" if t.language == "ko" else "en")
    return sorted(in_words, key=lambda finding: SEVERITIES.index(finding.severity))


def target_words(t: Messages, target: TargetResult | None) -> str | None:
    """Return which host is the cheapest that meets the latency target, or that none does."""
    if target is None:
        return None
    words = {"metric": target.metric, "limit": f"{target.limit:g}"}
    if target.cheapest is not None:
        said = t("target_met", host=target.cheapest, **words)
    elif target.meeting:
        said = t("target_met_without_price", hosts=", ".join(shortened(target.meeting)), **words)
    else:
        said = t("target_missed", **words)
    if target.unknown:
        said += " " + t("target_unknown", hosts=", ".join(shortened(target.unknown)))
        floor = FLOORS.get(target.metric.rpartition(".")[2])
        if floor is not None:
            statistic = target.metric.rpartition(".")[2]
            said += " " + t("target_floor", statistic=statistic, floor=floor)
    return said
