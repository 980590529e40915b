"""Findings about a set of runs: what makes their numbers unlike, beside the gate."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from yoyak.analysis import lengths
from yoyak.analysis.comparison import GateItem, Subject
from yoyak.analysis.findings.host import HUGE_PAGE_RATIO
from yoyak.analysis.findings.wording import finding
from yoyak.analysis.lists import shortened
from yoyak.analysis.resources import huge_page_ratio, works_on_cpu
from yoyak.records import EngineFacts, Finding, Perf, Severity
from yoyak.units import GIB

_GRAVE: tuple[Severity, ...] = ("invalid", "warning")


def study_findings(
    runs: Mapping[str, Perf],
    subjects: Mapping[str, Subject],
    gate: Sequence[GateItem],
    *,
    unpaired: Sequence[str],
) -> tuple[Finding, ...]:
    """Return every finding over the runs, by label.

    Args:
        runs: by label.
        subjects: by the same labels.
        gate: its items.
        unpaired: runs whose articles could not be paired with the baseline's, though they differ.
    """
    checks = (
        _gate_unknown(gate),
        _gate_allowed(gate),
        *_length_findings(runs),
        *_of_single_runs(runs),
        _loading_inside(runs),
        _rates_share_total(runs),
        *_size_groups(subjects),
        _gpu_unobserved(runs, subjects),
        *_engine_differences(runs),
        _pages_differ(runs),
        _placement_differs(runs),
        _models_differ(runs, gate),
        _prices_differ(subjects),
        _unpaired(unpaired),
    )
    return tuple(finding for finding in checks if finding is not None)


def _gate_unknown(gate: Sequence[GateItem]) -> Finding | None:
    items = [item for item in gate if item.status == "unknown" and not item.allowed]
    if not items:
        return None
    return finding(
        "gate-unknown",
        "warning",
        codes=", ".join(item.code for item in items),
        options=" ".join(f"--allow {item.code}" for item in items),
    )


def _gate_allowed(gate: Sequence[GateItem]) -> Finding | None:
    items = [item for item in gate if item.allowed]
    if not items:
        return None
    return finding("gate-allowed", "warning", codes=", ".join(item.code for item in items))


def _length_findings(runs: Mapping[str, Perf]) -> tuple[Finding, ...]:
    if not lengths.unlike(runs):
        return ()
    known = lengths.output_lengths(runs)
    recovered = any(length.is_recovered for length in known.values())
    differ = finding(
        f"output-lengths-differ/{'recovered' if recovered else 'hosts'}",
        "invalid",
        listed=_some([f"{label} {_range(length)}" for label, length in known.items()]),
    )
    bounds = lengths.bounds_at_equal_length(runs, known)
    if not bounds:
        return (differ,)
    pairs = [f"{a} / {b}" for a, b in lengths.unordered_pairs(bounds)]
    told = {
        "least": str(lengths.shortest(known)),
        "spans": _some([f"{label} {_span(*span)}" for label, span in bounds.items()]),
    }
    if pairs:
        told["pairs"] = _some(pairs, "; ")
    key = "equal-length-bounds/unordered" if pairs else "equal-length-bounds"
    return differ, finding(key, "warning", **told)


def _of_single_runs(runs: Mapping[str, Perf]) -> tuple[Finding, ...]:
    """What makes single runs doubtful, by code: a comparison is no better than its runs."""
    found = []
    for severity in _GRAVE:
        by_code: defaultdict[str, list[str]] = defaultdict(list)
        for label, perf in runs.items():
            for code in dict.fromkeys(f.code for f in perf.findings if f.severity == severity):
                by_code[code].append(label)
        if by_code:
            listed = "; ".join(f"{code}: {_some(labels)}" for code, labels in by_code.items())
            found.append(finding(f"of-single-runs/{severity}", severity, listed=listed))
    return tuple(found)


def _loading_inside(runs: Mapping[str, Perf]) -> Finding | None:
    labels = [
        label
        for label, perf in runs.items()
        if perf.totals.total_s is None and perf.totals.total_with_load_s is not None
    ]
    return finding("loading-inside-total", "warning", labels=_some(labels)) if labels else None


def _rates_share_total(runs: Mapping[str, Perf]) -> Finding | None:
    labels = [
        label
        for label, perf in runs.items()
        if perf.totals.output_chars_per_total_s is not None
        and perf.rates.decode_tokens_per_s.value is None
    ]
    return finding("rates-share-total", "warning", labels=_some(labels)) if labels else None


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
            found.append(finding("memory-differs", "info", size=size, listed=_some(parts, "; ")))
    return tuple(found)


def _gpu_unobserved(runs: Mapping[str, Perf], subjects: Mapping[str, Subject]) -> Finding | None:
    labels = [
        label
        for label, perf in runs.items()
        if subjects[label].accelerator and not perf.resources.gpus and perf.engine.backend is None
    ]
    if not labels:
        return None
    gpu = subjects[labels[0]].accelerator or "GPU"
    return finding("gpu-unobserved", "warning", labels=_some(labels), gpu=gpu)


def _engine_differences(runs: Mapping[str, Perf]) -> tuple[Finding, ...]:
    reads: tuple[tuple[str, Callable[[EngineFacts], str | None]], ...] = (
        ("backend-differs", lambda engine: engine.backend),
        ("isa-differs", lambda engine: engine.isa),
        ("build-differs", lambda engine: engine.build),
    )
    found = []
    for key, read in reads:
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for label, perf in runs.items():
            value = read(perf.engine)
            if value is not None:
                groups[value].append(label)
        if len(groups) > 1:
            listed = _some([f"{value}: {_some(names)}" for value, names in groups.items()], "; ")
            found.append(finding(key, "info", listed=listed))
    return tuple(found)


def _pages_differ(runs: Mapping[str, Perf]) -> Finding | None:
    """Weights in huge pages here and in small ones there, where CPUs work on them."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for label, perf in runs.items():
        ratio = huge_page_ratio(perf.engine, perf.resources)
        if ratio is not None:
            groups["huge" if ratio >= HUGE_PAGE_RATIO else "small"].append(label)
    if len(groups) <= 1:
        return None
    listed = "; ".join(f"{pages}: {_some(labels)}" for pages, labels in groups.items())
    return finding("pages-differ", "warning", listed=listed)


def _placement_differs(runs: Mapping[str, Perf]) -> Finding | None:
    """Engines on CPUs that ask for huge pages beside others, as those of before we asked."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for label, perf in runs.items():
        asks = perf.engine.asks_huge_pages
        if works_on_cpu(perf.engine, perf.resources):
            groups["unknown" if asks is None else "yes" if asks else "no"].append(label)
    if len(groups) <= 1:
        return None
    listed = "; ".join(f"{asks}: {_some(labels)}" for asks, labels in groups.items())
    return finding("placement-differs", "warning", listed=listed)


def _models_differ(runs: Mapping[str, Perf], gate: Sequence[GateItem]) -> Finding | None:
    """Models of other names, where digests do not say that they are the same weights."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for label, perf in runs.items():
        names[perf.model.name].append(label)
    weights = next(item for item in gate if item.code == "weights")
    if len(names) == 1 or weights.status == "same":
        return None
    listed = _some([f"{name}: {_some(labels)}" for name, labels in names.items()], "; ")
    return finding("models-differ", "warning", listed=listed)


def _prices_differ(subjects: Mapping[str, Subject]) -> Finding | None:
    sources = {s.price_source for s in subjects.values() if s.price_source}
    if len(sources) <= 1:
        return None
    return finding("price-sources-differ", "info", sources=_some(sorted(sources), "; "))


def _unpaired(labels: Sequence[str]) -> Finding | None:
    return finding("articles-not-paired", "warning", labels=_some(labels)) if labels else None


def _some(parts: Sequence[str], between: str = ", ") -> str:
    return between.join(shortened(parts))


def _range(length: lengths.Length) -> str:
    return f"{length.low}" if length.low == length.high else f"{length.low}-{length.high}"


def _span(low: float, high: float) -> str:
    return f"{high:.1f} s" if low == high else f"{low:.1f}-{high:.1f} s"
