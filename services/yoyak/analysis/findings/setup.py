"""Findings about what was run: weights, loading, options that nobody confirmed."""

from yoyak.analysis.findings.evidence import Check, Evidence
from yoyak.analysis.totals import load_states
from yoyak.records import Finding


def synthetic_weights(evidence: Evidence) -> Finding | None:
    """The weights are random."""
    if evidence.manifest.engine.model.synthetic is not True:
        return None
    return Finding(
        code="synthetic-weights",
        severity="info",
        message="the weights are synthetic: the speed is that of the model's shape, the text is "
        "noise. That real weights of this shape run at the same speed follows from the kernels, "
        "which do not look at values, and is not proven here",
        mend="run with the real weights before a decision: --model FILE.gguf",
    )


def load_state(evidence: Evidence) -> Finding | None:
    """Where the weights came from at each load is unknown, or not always the same."""
    if not evidence.loads:
        return Finding(
            code="load-not-measured",
            severity="info",
            message="the model was never loaded explicitly: there is no load time, no total with "
            "load, and repetitions share one load",
            mend="let yoyak start the engine, or use one that can unload and load",
        )
    states = load_states(evidence.loads)
    if len(states) > 1:
        names = ", ".join("unknown" if state is None else state for state in states)
        return Finding(
            code="load-state-mixed",
            severity="warning",
            message=f"loads began from different states ({names}): load times are not of one kind",
            mend="repeat with the model file in the page cache (run twice), or dropped from it",
        )
    if states[0] is None:
        return Finding(
            code="load-state-unknown",
            severity="info",
            message="this host cannot tell whether the weights came from the page cache or from "
            "disk, so load times cannot be compared with others",
            mend="run on the engine's own host, with read access to the model file",
        )
    return None


def loads_missing(evidence: Evidence) -> Finding | None:
    """Some repetitions began with a load that is recorded, and others did not."""
    loaded = {load.repetition for load in evidence.loads}
    without = [rep.index for rep in evidence.repetitions if rep.index not in loaded]
    if not evidence.loads or not without:
        return None
    return Finding(
        code="loads-missing",
        severity="warning",
        message=f"{len(without)} of {len(evidence.repetitions)} repetitions have no load of their "
        "own on record, so there is no total with load",
        mend="look whether loads.jsonl was cut; run again",
    )


def options_not_confirmed(evidence: Evidence) -> Finding | None:
    """The engine did something else than asked, or does not say."""
    engine, work = evidence.manifest.engine, evidence.manifest.workload
    threads = evidence.manifest.options.get("threads")
    pairs = (
        ("threads", threads.value if threads else None, engine.threads),
        ("context", work.context_tokens, engine.context_tokens),
        ("batch", work.batch_tokens, engine.batch_tokens),
    )
    wrong = [
        f"{name} {asked} became {did}"
        for name, asked, did in pairs
        if asked is not None and did is not None and asked != did
    ]
    if wrong:
        return Finding(
            code="options-not-followed",
            severity="invalid",
            message="the engine did not do what was asked: " + ", ".join(wrong),
            mend="start the engine with these options, or ask for what it does",
        )
    silent = [name for name, asked, did in pairs if asked is not None and did is None]
    if not silent:
        return None
    return Finding(
        code="options-unconfirmed",
        severity="info",
        message=f"the engine does not say whether it followed: {', '.join(silent)}",
        mend="check its own log, or use llamacpp, which answers for each",
    )


SETUP_CHECKS: tuple[Check, ...] = (
    synthetic_weights,
    load_state,
    loads_missing,
    options_not_confirmed,
)
