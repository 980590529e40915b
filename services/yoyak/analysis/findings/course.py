"""Findings about a run's course: a sweep's outcome, and what a pause in mid-run means."""

from yoyak.analysis.findings.evidence import Check, Evidence
from yoyak.analysis.findings.wording import finding
from yoyak.analysis.sweep import headline
from yoyak.load.search import next_rate
from yoyak.records import Finding
from yoyak.slo import slo_text


def no_rate_meets(evidence: Evidence) -> Finding | None:
    """A sweep found no rate that meets its targets."""
    sweep = evidence.sweep
    if sweep is None or not sweep.steps or sweep.highest_met_per_s is not None:
        return None
    return finding(
        "slo-missed",
        "warning",
        slo=slo_text(sweep.targets),
        lowest=f"{sweep.lowest_missed_per_s:g}",
    )


def search_unfinished(evidence: Evidence) -> Finding | None:
    """A sweep ended before it had narrowed the rate down."""
    sweep = evidence.sweep
    if sweep is None:
        return None
    tried = [(step.rate_per_s, step.met) for step in sweep.steps]
    first = tried[0][0] if tried else 1.0
    if next_rate(tried, first=first) is None:
        return None
    return finding("slo-search-unfinished", "warning", steps=len(tried))


def uncertain_rate(evidence: Evidence) -> Finding | None:
    """The rate that was found met its targets, though too few requests were sent to be sure."""
    sweep = evidence.sweep
    step = None if sweep is None else headline(sweep)
    if sweep is None or step is None or not step.met or step.is_certain:
        return None
    return finding(
        "slo-uncertain",
        "info",
        rate=f"{step.rate_per_s:g}",
        n=step.planned,
        shares="; ".join(
            f"{one.name} {100 * one.over_ratio_ci95[0]:.1f}-{100 * one.over_ratio_ci95[1]:.1f} %"
            for one in step.targets
            if one.over_ratio_ci95 is not None
        ),
    )


def resumed(evidence: Evidence) -> Finding | None:
    """The run was cut off and gone on with."""
    resumes = evidence.manifest.resumes
    if not resumes:
        return None
    last = resumes[-1]
    by_wall = any(resume.clock == "wall" for resume in resumes)
    return finding(
        "resumed-run/reboot" if by_wall else "resumed-run",
        "warning" if by_wall else "info",
        times=len(resumes),
        at=last.at,
        repetition=last.repetition + 1,
        superseded=evidence.superseded,
    )


COURSE_CHECKS: tuple[Check, ...] = (no_rate_meets, search_unfinished, uncertain_rate, resumed)
