"""Findings about the requests: failures, cut-off work, lengths, numbers, drift."""

from collections import Counter

from yoyak.analysis.drift import drift_across, drift_within, outliers
from yoyak.analysis.findings.evidence import Check, Evidence
from yoyak.analysis.planning import EFFECT, NOISE_SD, repetitions_needed
from yoyak.analysis.quantiles import SHOWN, floor
from yoyak.records import Finding
from yoyak.units import PERCENT

# Passes whose answers differ by more than this did different work: decode time is proportional to
# tokens, so the total is off by as much, and 2 % is the noise that we can see through.
LENGTH_TOLERANCE = 0.02
LATE_S = 0.01  # a request that leaves 10 ms late shifts every latency that counts from its schedule


def no_success(evidence: Evidence) -> Finding | None:
    """Nothing was measured."""
    if evidence.ok:
        return None
    count = len(evidence.requests)
    return Finding(
        code="no-successful-request",
        severity="invalid",
        message=f"none of {count} measured requests succeeded, so there are no latencies or rates"
        if count
        else "no measured request was recorded: the run ended during loading or warm-up",
        mend="read the error in requests.jsonl, mend the engine, and run again",
    )


def failed_requests(evidence: Evidence) -> Finding | None:
    """Some requests failed."""
    classes = Counter(record.error for record in evidence.requests if record.error is not None)
    if not classes or not evidence.ok:
        return None
    listed = ", ".join(f"{name} {count}" for name, count in classes.most_common())
    return Finding(
        code="failed-requests",
        severity="warning",
        message=f"{classes.total()} of {len(evidence.requests)} measured requests failed "
        f"({listed}); latencies, rates and sums are of the others",
        mend="find the cause in requests.jsonl; a longer --timeout helps against timeouts",
    )


def interrupted(evidence: Evidence) -> Finding | None:
    """The run did not do all that it had planned."""
    planned, done = evidence.plan.repetitions, len(evidence.complete)
    if planned is None or done >= planned:
        return None
    cut = len(evidence.repetitions) - done
    return Finding(
        code="interrupted-run",
        severity="warning",
        message=f"{done} of {planned} repetitions are complete"
        + (f", {cut} more cut off: it counts in latencies only" if cut else ""),
        mend="run again, or go on with --resume",
    )


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
    return Finding(
        code="output-lengths-differ",
        severity="invalid",
        message=f"repetitions wrote {min(tokens)} to {max(tokens)} tokens for the same articles: "
        "totals and requests per second are of unlike work; rates per token stand",
        mend="use an engine that forces the output length, or a fixed --seed and --temperature 0",
    )


def short_answers(evidence: Evidence) -> Finding | None:
    """Answers ended before the length that was asked for."""
    asked = evidence.manifest.workload.output_tokens
    counted = [r.output_tokens for r in evidence.ok if r.output_tokens is not None]
    short = [tokens for tokens in counted if asked is not None and tokens < asked]
    if not short:
        return None
    forced = evidence.manifest.workload.output_length_forced
    return Finding(
        code="short-answers",
        severity="invalid" if forced else "warning",
        message=f"{len(short)} of {len(counted)} answers are shorter than the {asked} tokens that "
        f"were asked for, the shortest {min(short)}"
        + ("; this engine was to force the length" if forced else ""),
        mend="compare rates per token, not totals; llamacpp can force the length",
    )


def too_few_repetitions(evidence: Evidence) -> Finding | None:
    """Too few repetitions for an interval, or for finding a difference."""
    n, needed = len(evidence.complete), repetitions_needed(2)
    if n >= needed or not evidence.ok:
        return None
    if n <= 1:
        message = f"{n} complete repetition: no interval can be given and nothing compared"
    else:
        message = (
            f"{n} complete repetitions: a difference of {PERCENT * EFFECT:.0f} % between two hosts "
            f"at {PERCENT * NOISE_SD:.0f} % noise needs {needed} to be found 9 times in 10"
        )
    return Finding(
        code="too-few-repetitions",
        severity="warning" if n <= 1 else "info",
        message=message,
        mend=f"run with --repetitions {needed}",
    )


def too_few_samples(evidence: Evidence) -> Finding | None:
    """Percentiles that are not shown, and what they would need."""
    n = evidence.latency.end_to_end_s.n
    missing = [p for p in SHOWN if n < floor(p)]
    if not missing or not n:
        return None
    listed = ", ".join(f"p{PERCENT * p:.0f} from {floor(p)}" for p in missing)
    return Finding(
        code="too-few-samples",
        severity="info",
        message=f"{n} requests: percentiles are shown above their floors only ({listed} requests)",
        mend="more --articles or --repetitions give more requests",
    )


def drift(evidence: Evidence) -> Finding | None:
    """The host became faster or slower while it was measured."""
    within = drift_within(evidence.complete)
    across = drift_across(evidence.rates.decode_tokens_per_s.repetition_values)
    clear = [
        f"{PERCENT * abs(found.change):.1f} % {'slower' if found.change > 0 else 'faster'} {where}"
        for found, where in (
            (within, "in the second half of a repetition than in the first"),
            (across, "in the last repetition than in the first"),
        )
        if found is not None and found.is_clear
    ]
    if not clear:
        return None
    return Finding(
        code="drift",
        severity="warning",
        message="after warm-up the time per token drifted: " + "; ".join(clear),
        mend="look for heat, CPU credits or other load; a longer --warmup helps if it settles",
    )


def outlying_requests(evidence: Evidence) -> Finding | None:
    """Single requests stand apart from all others."""
    found = outliers(evidence.repetitions)
    if not found:
        return None
    return Finding(
        code="outliers",
        severity="info",
        message=f"{len(found)} of {len(evidence.ok)} requests stand apart in their time per token "
        f"({', '.join(found[:3])}{', ...' if len(found) > 3 else ''}); they are counted",
        mend="look at the samples around them for other load",
    )


def late_client(evidence: Evidence) -> Finding | None:
    """In open loop the client did not send when it was meant to."""
    if evidence.manifest.workload.arrivals not in ("constant", "poisson"):
        return None
    late_s = sorted((r.sent_ns - r.scheduled_ns) / 1e9 for r in evidence.requests)
    if not late_s or late_s[-1] <= LATE_S:
        return None
    return Finding(
        code="late-client",
        severity="warning",
        message=f"requests left up to {late_s[-1] * 1000:.0f} ms after their time: the client, not "
        "the engine, made part of the latency",
        mend="run the client on a host of its own, or lower --rate",
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
)
