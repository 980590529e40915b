"""Findings about the client's own error: whether it is known, and known for such a load."""

from yoyak.analysis.findings.wording import finding
from yoyak.records import Calibration, Finding, Totals, Workload


def calibration_findings(
    calibration: Calibration | None, workload: Workload, totals: Totals
) -> tuple[Finding, ...]:
    """Return the doubts about the client of a run.

    Args:
        calibration: of this host by this version; None if nobody has made one.
        workload: of the run.
        totals: of the run, for its rate of tokens.
    """
    if calibration is None:
        return (finding("not-calibrated", "info"),)
    found = []
    sound, streams = calibration.sound_concurrency, workload.concurrency
    if sound is None:
        found.append(finding("client-past-calibration/never-sound", "warning"))
    elif workload.arrivals == "closed" and streams is not None and streams > sound:
        key = "untested" if calibration.saturation_concurrency is None else "saturated"
        found.append(
            finding(f"client-past-calibration/{key}", "warning", streams=streams, sound=sound)
        )
    rate, most = _tokens_per_s(totals), calibration.sound_tokens_per_s
    if rate is not None and most is not None and rate > most:
        found.append(
            finding(
                "client-past-calibration/rate", "warning", rate=f"{rate:.0f}", sound=f"{most:.0f}"
            )
        )
    return tuple(found)


def _tokens_per_s(totals: Totals) -> float | None:
    if totals.output_tokens is None or not totals.total_s:
        return None
    return totals.output_tokens / totals.total_s
