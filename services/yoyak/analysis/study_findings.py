"""Findings about a set of runs: what makes their numbers unlike, beside the gate."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from yoyak.analysis import lengths
from yoyak.analysis.comparison import GateItem, Subject
from yoyak.records import EngineFacts, Finding, Perf
from yoyak.units import GIB

_LISTED = 5  # as many as a line holds


def study_findings(
    runs: Mapping[str, Perf],
    subjects: Mapping[str, Subject],
    gate: Sequence[GateItem],
    *,
    paired: set[str],
) -> tuple[Finding, ...]:
    """Return every finding over the runs, by label.

    Args:
        runs: by label.
        subjects: by the same labels.
        gate: its items.
        paired: run ids whose requests were read.
    """
    checks = (
        _gate_unknown(gate),
        _gate_allowed(gate),
        *_length_findings(runs),
        _loading_inside(runs),
        _rates_share_total(runs),
        *_size_groups(subjects),
        _gpu_unobserved(runs, subjects),
        *_engine_differences(runs),
        _models_differ(runs, gate),
        _prices_differ(subjects),
        _unpaired(runs, paired),
    )
    return tuple(finding for finding in checks if finding is not None)


def _gate_unknown(gate: Sequence[GateItem]) -> Finding | None:
    items = [item for item in gate if item.status == "unknown" and not item.allowed]
    if not items:
        return None
    return Finding(
        code="gate-unknown",
        severity="warning",
        message="whether the runs did the same work is unknown in: "
        + ", ".join(item.code for item in items)
        + "; there are tables and no verdict",
        mend="run again, or accept what is unknown: "
        + " ".join(f"--allow {item.code}" for item in items),
    )


def _gate_allowed(gate: Sequence[GateItem]) -> Finding | None:
    items = [item for item in gate if item.allowed]
    if not items:
        return None
    return Finding(
        code="gate-allowed",
        severity="warning",
        message="accepted by --allow although it differs or is unknown: "
        + ", ".join(item.code for item in items),
    )


def _length_findings(runs: Mapping[str, Perf]) -> tuple[Finding, ...]:
    tokens = [perf.totals.output_tokens for perf in runs.values()]
    if len(tokens) > 1 and None not in tokens and len(set(tokens)) == 1:
        return ()  # as many tokens: the same work, whatever characters they spell
    known = lengths.output_lengths(runs)
    if not lengths.differ(known):
        return ()
    listed = _some([f"{label} {_range(length)}" for label, length in known.items()])
    recovered = any(length.is_recovered for length in known.values())
    found = [
        Finding(
            code="output-lengths-differ",
            severity="invalid",
            message=f"the outputs differ in length ({listed} characters"
            + (", recovered from rate times total" if recovered else "")
            + "), so the totals and rates over totals are of unlike work",
            mend="fix the output length: llamacpp forces it; compare rates per token meanwhile",
        )
    ]
    bounds = lengths.bounds_at_equal_length(runs, known)
    pairs = lengths.unordered_pairs(bounds)
    if bounds:
        spans = _some([f"{label} {_span(low, high)}" for label, (low, high) in bounds.items()])
        ordered = "; ".join(f"{a} and {b}" for a, b in pairs[:_LISTED])
        more = f" and {len(pairs) - _LISTED} more pairs" if len(pairs) > _LISTED else ""
        found.append(
            Finding(
                code="equal-length-bounds",
                severity="warning",
                message=f"at {lengths.shortest(known)} characters, the shortest, only bounds "
                f"follow ({spans})"
                + (f", so these cannot be ordered: {ordered}{more}" if pairs else ""),
            )
        )
    return tuple(found)


def _loading_inside(runs: Mapping[str, Perf]) -> Finding | None:
    labels = [
        label
        for label, perf in runs.items()
        if perf.totals.total_s is None and perf.totals.total_with_load_s is not None
    ]
    if not labels:
        return None
    return Finding(
        code="loading-inside-total",
        severity="warning",
        message=f"loading the model is inside the total of {_some(labels)}, and how long it took "
        "was not recorded: the total of a fast host may be mostly loading",
        mend="run again: yoyak times loads apart",
    )


def _rates_share_total(runs: Mapping[str, Perf]) -> Finding | None:
    labels = [
        label
        for label, perf in runs.items()
        if perf.totals.output_chars_per_total_s is not None
        and perf.rates.decode_tokens_per_s.value is None
    ]
    if not labels:
        return None
    return Finding(
        code="rates-share-total",
        severity="warning",
        message=f"both rates of {_some(labels)} divide by one and the same total, so they are one "
        "measurement, not two: neither is the speed of prompt evaluation or of decoding",
        mend="run again with an engine that times its phases",
    )


def _size_groups(subjects: Mapping[str, Subject]) -> tuple[Finding, ...]:
    """Instances of one size share vCPUs, and may pass for the same machine; memory may differ."""
    sizes: defaultdict[str, list[Subject]] = defaultdict(list)
    for subject in subjects.values():
        if subject.size and subject.memory_bytes:
            sizes[subject.size].append(subject)
    found = []
    for size, members in sizes.items():
        groups: defaultdict[int, list[str]] = defaultdict(list)
        for member in members:
            groups[round((member.memory_bytes or 0) / GIB)].append(member.label)
        if len(groups) > 1:
            parts = [
                f"{gib} GiB ({_some(labels)})"
                for gib, labels in sorted(groups.items(), reverse=True)
            ]
            listed = _some(parts, " against ")
            found.append(
                Finding(
                    code="memory-differs",
                    severity="info",
                    message=f"hosts of size {size} do not have the same memory: {listed}",
                )
            )
    return tuple(found)


def _gpu_unobserved(runs: Mapping[str, Perf], subjects: Mapping[str, Subject]) -> Finding | None:
    labels = [
        label
        for label, perf in runs.items()
        if subjects[label].accelerator and not perf.resources.gpus and perf.engine.backend is None
    ]
    if not labels:
        return None
    return Finding(
        code="gpu-unobserved",
        severity="warning",
        message=f"{_some(labels)} has a GPU ({subjects[labels[0]].accelerator}), and nothing "
        "recorded whether the engine used it: a CPU may have been measured",
        mend="run again: yoyak samples GPUs and records the engine's backend",
    )


def _engine_differences(runs: Mapping[str, Perf]) -> tuple[Finding, ...]:
    reads: tuple[tuple[str, str, Callable[[EngineFacts], str | None]], ...] = (
        ("backend-differs", "backend", lambda engine: engine.backend),
        ("isa-differs", "instruction sets", lambda engine: engine.isa),
        ("build-differs", "build", lambda engine: engine.build),
    )
    found = []
    for code, name, read in reads:
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for label, perf in runs.items():
            value = read(perf.engine)
            if value is not None:
                groups[value].append(label)
        if len(groups) > 1:
            listed = _some([f"{value}: {_some(names)}" for value, names in groups.items()], "; ")
            found.append(
                Finding(
                    code=code,
                    severity="info",
                    message=f"the engine's {name} differs between hosts ({listed}): the "
                    "comparison is of host and build together",
                )
            )
    return tuple(found)


def _models_differ(runs: Mapping[str, Perf], gate: Sequence[GateItem]) -> Finding | None:
    """Models of other names, where digests do not say that they are the same weights."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for label, perf in runs.items():
        names[perf.model.name].append(label)
    weights = next(item for item in gate if item.code == "weights")
    if len(names) == 1 or weights.status == "same":
        return None
    listed = _some([f"{name}: {_some(labels)}" for name, labels in names.items()], "; ")
    return Finding(
        code="models-differ",
        severity="warning",
        message=f"the models' names differ ({listed}), and no digest says that they are the same: "
        "what is compared may be models, not hosts",
        mend="run the same model everywhere",
    )


def _prices_differ(subjects: Mapping[str, Subject]) -> Finding | None:
    sources = {s.price_source for s in subjects.values() if s.price_source}
    if len(sources) <= 1:
        return None
    return Finding(
        code="price-sources-differ",
        severity="info",
        message="prices come from different sources: " + _some(sorted(sources), "; "),
        mend="give one price file with --prices",
    )


def _unpaired(runs: Mapping[str, Perf], paired: set[str]) -> Finding | None:
    labels = [
        label for label, perf in runs.items() if perf.totals.failed and perf.run_id not in paired
    ]
    if not labels:
        return None
    return Finding(
        code="articles-not-paired",
        severity="warning",
        message=f"requests of {_some(labels)} failed, so its repetitions hold other articles than "
        "those of the others, and a mix of short ones passes for a fast host",
        mend="name the run's folder instead of its perf.json: articles are then paired",
    )


def _some(parts: Sequence[str], between: str = ", ") -> str:
    shown = between.join(parts[:_LISTED])
    rest = len(parts) - _LISTED
    return f"{shown} and {rest} more" if rest > 0 else shown


def _range(length: lengths.Length) -> str:
    return f"{length.low}" if length.low == length.high else f"{length.low} to {length.high}"


def _span(low: float, high: float) -> str:
    return f"{high:.1f} s" if low == high else f"{low:.1f} to {high:.1f} s"
