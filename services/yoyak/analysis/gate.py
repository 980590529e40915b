"""Whether runs did the same work: each condition is the same, differs, or is unknown."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence

from yoyak.analysis.comparison import GateItem, GateStatus
from yoyak.analysis.lists import shortened
from yoyak.analysis.messages import Say
from yoyak.errors import MeasuredFailure, UsageError, one_line
from yoyak.records import Perf

_SHOWN = 12  # hex digits of a digest that a human compares

Value = str | None


def gate(runs: Mapping[str, Perf], *, allow: Collection[str], say: Say) -> tuple[GateItem, ...]:
    """Return every condition over all runs.

    Args:
        runs: by label.
        allow: codes that the user accepts, where they differ or are unknown.

    Raises:
        UsageError: a code in `allow` that no condition has.
    """
    unknown = sorted(set(allow) - set(CONDITIONS))
    if unknown:
        raise UsageError(
            f"--allow {unknown[0]} names no condition; they are {', '.join(CONDITIONS)}"
        )
    return tuple(
        _item(code, {label: read(perf) for label, perf in runs.items()}, allow, say)
        if code != "weights"
        else _item(code, _weights(runs), allow, say)
        for code, read in CONDITIONS.items()
    )


def refuse_unlike(items: Sequence[GateItem]) -> None:
    """Raise MeasuredFailure if a condition differs and was not allowed, with the way out."""
    differing = [item for item in items if item.status == "differs" and not item.allowed]
    if not differing:
        return
    named = "; ".join(
        f"{item.title.lower()} differs ({_listed(item.values)}): {item.why}" for item in differing
    )
    options = " ".join(f"--allow {item.code}" for item in differing)
    raise MeasuredFailure(
        f"these runs did not do the same work: {named}. Run them with the same options, "
        f"or accept the difference: {options}"
    )


def verdict_possible(items: Sequence[GateItem]) -> bool:
    """Say whether every condition is the same or was allowed."""
    return all(item.status == "same" or item.allowed for item in items)


def _item(code: str, values: Mapping[str, Value], allow: Collection[str], say: Say) -> GateItem:
    status = _status(values)
    values = {label: None if v is None else one_line(v) for label, v in values.items()}
    return GateItem(
        code=code,
        title=say(f"gate_{code}"),
        status=status,
        values=values,
        why=say(f"why_{code}"),
        mend=say(f"mend_{status}", code=code),
        allowed=status != "same" and code in allow,
    )


def _status(values: Mapping[str, Value]) -> GateStatus:
    known = {value for value in values.values() if value is not None}
    if len(known) > 1:
        return "differs"
    return "unknown" if None in values.values() else "same"


def _listed(values: Mapping[str, Value]) -> str:
    """Name each value once, with the first run that has it."""
    first: dict[Value, str] = {}
    for label, value in values.items():
        first.setdefault(value, label)
    named = [f"{label} {'unknown' if value is None else value}" for value, label in first.items()]
    return ", ".join(shortened(named))


def _digest(text: str | None) -> Value:
    return text[:_SHOWN] if text else None


def _text(value: object) -> Value:
    return None if value is None else str(value)


def _articles(perf: Perf) -> Value:
    ids = perf.workload.article_ids
    if not ids:
        return None
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    return f"{len(ids)} ({digest[:_SHOWN]})"


def _load(perf: Perf) -> Value:
    work = perf.workload
    if work.arrivals is None:
        return None
    if work.arrivals == "closed":
        return None if work.concurrency is None else f"closed, {work.concurrency} at a time"
    if work.slo is not None:  # each host at its own rate, found by the same rule
        return f"{work.arrivals}, the highest rate with {work.slo}"
    return None if work.rate_per_s is None else f"{work.arrivals}, {work.rate_per_s:g} a second"


def _slots(perf: Perf) -> Value:
    """In a closed loop there are as many as users, or more than are used."""
    if perf.workload.arrivals is None:
        return None
    if perf.workload.arrivals == "closed":
        return "one a user"
    return _text(perf.engine.parallel) or "the engine's own"


def _weights(runs: Mapping[str, Perf]) -> Mapping[str, Value]:
    """The digest of the weights where every run has it, else that of the manifest likewise.

    Digests of different kinds cannot be compared; a run without the kind that is used is unknown.
    """
    by_file = {label: perf.model.weights_sha256 for label, perf in runs.items()}
    by_manifest = {label: perf.model.manifest_digest for label, perf in runs.items()}
    chosen = by_manifest if None in by_file.values() and any(by_manifest.values()) else by_file
    if None in chosen.values() and sum(map(bool, by_file.values())) > sum(
        map(bool, by_manifest.values())
    ):
        chosen = by_file
    return {label: _digest(digest) for label, digest in chosen.items()}


def _engine(perf: Perf) -> Value:
    engine = perf.engine
    return None if engine.version is None else f"{engine.name} {engine.version}"


def _load_state(perf: Perf) -> Value:
    if perf.model_load.n == 0:
        # No load of its own: fine if totals leave loading out, unknown if it hides in them.
        return "none" if perf.totals.total_s is not None else None
    return perf.model_load.state


def _rate_source(perf: Perf) -> Value:
    # Prompt rates come from the engine's clock or not at all, so there is nothing to mix up.
    return perf.rates.decode_tokens_per_s.source


def _quantization(perf: Perf) -> Value:
    return perf.model.quantization.upper() if perf.model.quantization else None


CONDITIONS: Mapping[str, Callable[[Perf], Value]] = {
    "dataset": lambda perf: _digest(perf.workload.dataset_sha256),
    "articles": _articles,
    "template": lambda perf: _digest(perf.workload.template_sha256),
    "output-tokens": lambda perf: _text(perf.workload.output_tokens),
    "output-forced": lambda perf: _text(perf.workload.output_length_forced),
    "context": lambda perf: _text(perf.workload.context_tokens),
    "batch": lambda perf: _text(perf.workload.batch_tokens),
    "seed": lambda perf: _text(perf.workload.seed),
    "temperature": lambda perf: _text(perf.workload.temperature),
    "load": _load,
    "slots": _slots,
    "threads": lambda perf: _text(perf.workload.threads_rule),
    "weights": lambda perf: _digest(perf.model.weights_sha256),  # see _weights
    "quantization": _quantization,
    "engine": _engine,
    "via": lambda perf: perf.engine.via or "direct",
    "load-state": _load_state,
    "rate-source": _rate_source,
}
