"""Findings about what was run: weights, loading, options that nobody confirmed."""

from yoyak.analysis.findings.evidence import Check, Evidence
from yoyak.analysis.findings.wording import finding
from yoyak.analysis.totals import load_states
from yoyak.records import Finding


def synthetic_weights(evidence: Evidence) -> Finding | None:
    """The weights are random."""
    if evidence.manifest.engine.model.synthetic is not True:
        return None
    return finding("synthetic-weights", "info")


def load_state(evidence: Evidence) -> Finding | None:
    """Where the weights came from at each load is unknown, or not always the same."""
    if not evidence.loads:
        return finding("load-not-measured", "info")
    states = load_states(evidence.loads)
    if len(states) > 1:
        return finding(
            "load-state-mixed", "warning", states=", ".join(state or "?" for state in states)
        )
    return finding("load-state-unknown", "info") if states[0] is None else None


def loads_missing(evidence: Evidence) -> Finding | None:
    """Some repetitions began with a load that is recorded, and others did not."""
    loaded = {load.repetition for load in evidence.loads}
    without = [rep.index for rep in evidence.repetitions if rep.index not in loaded]
    if not evidence.loads or not without:
        return None
    return finding(
        "loads-missing",
        "warning",
        without=len(without),
        repetitions=len(evidence.repetitions),
    )


def options_not_confirmed(evidence: Evidence) -> Finding | None:
    """The engine did something else than asked, or does not say."""
    engine, work = evidence.manifest.engine, evidence.manifest.workload
    threads, slots = map(evidence.manifest.options.get, ("threads", "slots"))
    pairs = (
        ("threads", threads.value if threads else None, engine.threads),
        ("slots", slots.value if slots else None, engine.parallel),
        ("context", work.context_tokens, engine.context_tokens),
        ("batch", work.batch_tokens, engine.batch_tokens),
    )
    wrong = [
        f"{name} {asked} -> {did}"
        for name, asked, did in pairs
        if asked is not None and did is not None and asked != did
    ]
    if wrong:
        return finding("options-not-followed", "invalid", wrong=", ".join(wrong))
    silent = [name for name, asked, did in pairs if asked is not None and did is None]
    return finding("options-unconfirmed", "info", silent=", ".join(silent)) if silent else None


SETUP_CHECKS: tuple[Check, ...] = (
    synthetic_weights,
    load_state,
    loads_missing,
    options_not_confirmed,
)
