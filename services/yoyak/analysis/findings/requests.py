"""Findings about the requests: failures, cut-off work, lengths, numbers, drift."""

from collections import Counter
from statistics import fmean

from yoyak.analysis.drift import drift_across, drift_within, outliers
from yoyak.analysis.findings.evidence import Check, Evidence
from yoyak.analysis.findings.wording import finding
from yoyak.analysis.overload import is_queue_long, unfinished
from yoyak.analysis.planning import EFFECT, NOISE_SD, repetitions_needed
from yoyak.analysis.quantiles import SHOWN, floor
from yoyak.records import Finding
from yoyak.units import MS_PER_S, PERCENT, seconds

# Passes whose answers differ by more than this did different work: decode time is proportional to
# tokens, so the total is off by as much, and 2 % is the noise that we can see through.
LENGTH_TOLERANCE = 0.02
LATE_S = 0.01  # a request that leaves 10 ms late shifts every latency that counts from its schedule


def no_success(evidence: Evidence) -> Finding | None:
    """Nothing was measured."""
    if evidence.ok:
        return None
    if not evidence.requests:
        return finding("no-successful-request/none-recorded", "invalid")
    return finding("no-successful-request", "invalid", requests=len(evidence.requests))


def failed_requests(evidence: Evidence) -> Finding | None:
    """Some requests failed."""
    classes = Counter(record.error for record in evidence.requests if record.error is not None)
    if not classes or not evidence.ok:
        return None
    return finding(
        "failed-requests",
        "warning",
        failed=classes.total(),
        requests=len(evidence.requests),
        classes=", ".join(f"{name} {count}" for name, count in classes.most_common()),
    )


def interrupted(evidence: Evidence) -> Finding | None:
    """The run did not do all that it had planned."""
    planned, done = evidence.plan.repetitions, len(evidence.complete)
    if planned is None or done >= planned or evidence.sweep is not None:
        return None
    cut = len(evidence.repetitions) - done
    if cut:
        return finding("interrupted-run/cut", "warning", done=done, planned=planned, cut=cut)
    return finding("interrupted-run", "warning", done=done, planned=planned)


def output_lengths_differ(evidence: Evidence) -> Finding | None:
    """Repetitions wrote texts of different length, so their totals are of unlike work."""
    tokens = [
        sum(r.output_tokens or 0 for r in rep.ok)
        for rep in evidence.complete
        if len(rep.ok) == len(rep.requests) and all(r.output_tokens for r in rep.ok)
    ]
    if evidence.plan.duration_s is not None or not tokens:
        return None
    if max(tokens) <= (1 + LENGTH_TOLERANCE) * min(tokens):
        return None
    return finding(
        "output-lengths-differ/repetitions", "invalid", least=min(tokens), most=max(tokens)
    )


def short_answers(evidence: Evidence) -> Finding | None:
    """Answers ended before the length that was asked for."""
    asked = evidence.manifest.workload.output_tokens
    counted = [r.output_tokens for r in evidence.ok if r.output_tokens is not None]
    short = [tokens for tokens in counted if asked is not None and tokens < asked]
    if asked is None or not short:
        return None
    forced = evidence.manifest.workload.output_length_forced
    return finding(
        "short-answers/forced" if forced else "short-answers",
        "invalid" if forced else "warning",
        short=len(short),
        counted=len(counted),
        asked=asked,
        least=min(short),
    )


def too_few_repetitions(evidence: Evidence) -> Finding | None:
    """Too few repetitions for an interval, or for finding a difference."""
    n, needed = len(evidence.complete), repetitions_needed(2)
    if n >= needed or not evidence.ok or evidence.sweep is not None:
        return None
    if n <= 1:
        return finding("too-few-repetitions/no-interval", "warning", n=n, needed=needed)
    return finding(
        "too-few-repetitions",
        "info",
        n=n,
        needed=needed,
        effect=f"{PERCENT * EFFECT:.0f}",
        noise=f"{PERCENT * NOISE_SD:.0f}",
    )


def too_few_samples(evidence: Evidence) -> Finding | None:
    """Percentiles that are not shown, and what they would need."""
    n = evidence.latency.end_to_end_s.n
    missing = [p for p in SHOWN if n < floor(p)]
    if not missing or not n:
        return None
    floors = ", ".join(f"p{PERCENT * p:.0f} (n >= {floor(p)})" for p in missing)
    return finding("too-few-samples", "info", n=n, floors=floors)


def drift(evidence: Evidence) -> Finding | None:
    """The host became faster or slower while it was measured."""
    within = drift_within(evidence.complete)
    across = drift_across(evidence.rates.decode_tokens_per_s.repetition_values)
    changes = {
        name: f"{PERCENT * found.change:+.1f}"
        for name, found in (("within", within), ("across", across))
        if found is not None and found.is_clear
    }
    if not changes:
        return None
    where = "both" if len(changes) > 1 else next(iter(changes))
    return finding(f"drift/{where}", "warning", **changes)


def outlying_requests(evidence: Evidence) -> Finding | None:
    """Single requests stand apart from all others."""
    found = outliers(evidence.repetitions)
    if not found:
        return None
    return finding(
        "outliers",
        "info",
        found=len(found),
        requests=len(evidence.ok),
        listed=", ".join(found[:3]) + (", ..." if len(found) > 3 else ""),
    )


def late_client(evidence: Evidence) -> Finding | None:
    """In open loop the client did not send when it was meant to."""
    if evidence.manifest.workload.arrivals not in ("constant", "poisson"):
        return None
    late_s = max((seconds(r.sent_ns - r.scheduled_ns) for r in evidence.requests), default=0.0)
    if late_s <= LATE_S:
        return None
    return finding("late-client", "warning", late_ms=f"{MS_PER_S * late_s:.0f}")


def overloaded(evidence: Evidence) -> Finding | None:
    """In open loop requests came faster than the engine finished them."""
    if evidence.manifest.workload.arrivals not in ("constant", "poisson"):
        return None
    if not evidence.complete:
        return None
    slots = evidence.manifest.engine.parallel or 1
    waiting = fmean(unfinished(rep.requests) for rep in evidence.complete)
    requests = fmean(len(rep.requests) for rep in evidence.complete)
    if not is_queue_long(waiting, requests, slots):
        return None
    pace = evidence.rates.requests_per_s.value
    return finding(
        "overloaded",
        "warning",
        waiting=f"{waiting:.0f}",
        requests=f"{requests:.0f}",
        rate="?"
        if evidence.manifest.workload.rate_per_s is None
        else f"{evidence.manifest.workload.rate_per_s:g}",
        pace="?" if pace is None else f"{pace:.3g}",
    )


REQUEST_CHECKS: tuple[Check, ...] = (
    no_success,
    failed_requests,
    interrupted,
    output_lengths_differ,
    short_answers,
    too_few_repetitions,
    too_few_samples,
    drift,
    outlying_requests,
    late_client,
    overloaded,
)
