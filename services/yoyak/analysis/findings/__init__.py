"""Doubts and facts about one run that its reader must know; each check is a small function."""

from collections.abc import Sequence

from yoyak.analysis.findings.engine import ENGINE_CHECKS
from yoyak.analysis.findings.evidence import Evidence
from yoyak.analysis.findings.host import HOST_CHECKS
from yoyak.analysis.findings.requests import REQUEST_CHECKS
from yoyak.analysis.findings.setup import SETUP_CHECKS
from yoyak.records import Finding

__all__ = ["CHECKS", "Evidence", "cut_lines", "find", "gravest_first"]

CHECKS = (*REQUEST_CHECKS, *ENGINE_CHECKS, *SETUP_CHECKS, *HOST_CHECKS)
_ORDER = {"invalid": 0, "warning": 1, "info": 2}


def find(evidence: Evidence, *, also: Sequence[Finding] = ()) -> tuple[Finding, ...]:
    """Return every finding, those of the shell in `also` included, the gravest first."""
    found = [finding for check in CHECKS if (finding := check(evidence)) is not None]
    return gravest_first([*also, *found])


def cut_lines(names: Sequence[str]) -> tuple[Finding, ...]:
    """Return the finding about files whose last line was cut off when they were written."""
    if not names:
        return ()
    return (
        Finding(
            code="cut-line",
            severity="warning",
            message=f"the last line of {', '.join(names)} was cut off, as by a crash or a copy "
            "that broke off; it is left out",
            mend="copy the folder from its host again; if it is so there, run again",
        ),
    )


def gravest_first(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings by severity, in their order within one."""
    return tuple(sorted(found, key=lambda finding: _ORDER[finding.severity]))
