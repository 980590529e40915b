"""Doubts and facts about one run that its reader must know; each check is a small function."""

from collections.abc import Sequence

from yoyak.analysis.findings.course import COURSE_CHECKS
from yoyak.analysis.findings.engine import ENGINE_CHECKS
from yoyak.analysis.findings.evidence import Evidence
from yoyak.analysis.findings.host import HOST_CHECKS
from yoyak.analysis.findings.requests import REQUEST_CHECKS
from yoyak.analysis.findings.setup import SETUP_CHECKS
from yoyak.analysis.findings.wording import all_said, finding, said
from yoyak.records import Finding

__all__ = [
    "CHECKS",
    "Evidence",
    "all_said",
    "cut_lines",
    "find",
    "finding",
    "gravest_first",
    "said",
]

CHECKS = (*COURSE_CHECKS, *REQUEST_CHECKS, *ENGINE_CHECKS, *SETUP_CHECKS, *HOST_CHECKS)
_ORDER = {"invalid": 0, "warning": 1, "info": 2}


def find(evidence: Evidence, *, also: Sequence[Finding] = ()) -> tuple[Finding, ...]:
    """Return every finding, those of the shell in `also` included, the gravest first."""
    found = [finding for check in CHECKS if (finding := check(evidence)) is not None]
    return gravest_first([*also, *found])


def cut_lines(names: Sequence[str]) -> tuple[Finding, ...]:
    """Return the finding about files whose last line was cut off when they were written."""
    return (finding("cut-line", "warning", names=", ".join(names)),) if names else ()


def gravest_first(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings by severity, in their order within one."""
    return tuple(sorted(found, key=lambda finding: _ORDER[finding.severity]))
