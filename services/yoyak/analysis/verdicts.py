"""What a comparison shows, in plain sentences, and what it cannot show."""

from collections.abc import Mapping, Sequence

from yoyak.analysis.comparison import Contrast, GateItem, Metric, Subject
from yoyak.analysis.lists import shortened
from yoyak.analysis.messages import Say
from yoyak.analysis.metrics import HEADLINES, Judging
from yoyak.analysis.planning import EFFECT, NOISE_SD, repetitions_needed
from yoyak.records import Perf
from yoyak.records.perf import Interval
from yoyak.units import PERCENT

_MOST_HOSTS = 1000  # beyond that the number of repetitions says nothing to a reader


def verdicts(
    metrics: Sequence[Metric],
    runs: Mapping[str, Subject],
    types: Mapping[str, Subject],
    *,
    say: Say,
) -> tuple[str, ...]:
    """Return a sentence for each subject that was compared with the baseline.

    Faster and slower are said with ratio and interval, always as a number above 1. Where Holm's
    correction leaves nothing, "no difference shown" is the answer. Unknown outcomes are not
    mentioned.
    """
    headlines = [metric for metric in metrics if metric.key in HEADLINES]
    by_subject: dict[tuple[str, str], list[tuple[Metric, Contrast]]] = {}
    for metric in headlines:
        for contrast in metric.contrasts:
            if contrast.outcome != "unknown":
                key = (metric.level, contrast.label)
                by_subject.setdefault(key, []).append((metric, contrast))
    return tuple(
        _sentence((types if level == "type" else runs)[label], level, found, say)
        for (level, label), found in by_subject.items()
    )


def answer(metrics: Sequence[Metric], *, say: Say) -> tuple[str, ...]:
    """Return who finishes most articles and who costs least per article, over all pairs.

    Hosts that cannot be told apart are named together. A metric that ranks fewer than two
    subjects, or cannot tell the first from the last, has no sentence. Types of several hosts
    answer in place of their runs.
    """
    level = "type" if any(metric.level == "type" for metric in metrics) else "run"
    ranked = {
        metric.key: metric.ranking
        for metric in metrics
        if metric.level == level and len(metric.ranking) > 1
    }
    return tuple(
        say(f"first_{key}", labels=" ≈ ".join(shortened(ranked[key][0])))
        for key in ("requests_per_s", "articles_per_usd")
        if key in ranked
    )


def cannot_say(
    runs: Mapping[str, Perf],
    subjects: Sequence[Subject],
    gate: Sequence[GateItem],
    *,
    has_type_level: bool,
    judging: Judging,
    say: Say,
) -> tuple[str, ...]:
    """Return what these data cannot say, in sentences."""
    sentences = []
    unknown = [item.title for item in gate if item.status == "unknown" and not item.allowed]
    if unknown:
        sentences.append(say("cannot_unknown", items=", ".join(unknown)))
    if judging.is_possible and judging.void:
        sentences.append(say("cannot_void", labels=", ".join(shortened(list(judging.void)))))
    if judging.is_possible and judging.unlike:
        sentences.append(say("cannot_unlike", labels=", ".join(shortened(list(judging.unlike)))))
    if judging.is_possible and len(runs) > 1:
        sentences.extend(_about_verdicts(runs, has_type_level=has_type_level, say=say))
    if any(perf.model.synthetic for perf in runs.values()):
        sentences.append(say("cannot_synthetic"))
    unpriced = [s.label for s in subjects if s.level == "run" and s.usd_per_hour is None]
    if unpriced:
        sentences.append(say("cannot_price", labels=", ".join(shortened(unpriced))))
    return tuple(sentences)


def _about_verdicts(runs: Mapping[str, Perf], *, has_type_level: bool, say: Say) -> list[str]:
    sentences = [] if has_type_level else [say("cannot_one_host")]
    hosts = min(len(runs), _MOST_HOSTS)
    needed = repetitions_needed(hosts)
    fewest = min(perf.rates.requests_per_s.n for perf in runs.values())
    if fewest < needed:
        sentences.append(
            say(
                "cannot_small",
                hosts=hosts,
                effect=f"{PERCENT * EFFECT:.0f}",
                noise=f"{PERCENT * NOISE_SD:.0f}",
                needed=needed,
                n=fewest,
            )
        )
    sentences.append(say("cannot_metrics"))
    return sentences


def _sentence(
    subject: Subject, level: str, found: Sequence[tuple[Metric, Contrast]], say: Say
) -> str:
    parts = [
        say(
            f"{contrast.outcome}_{metric.key}",
            ratio=_times(contrast, say),
            baseline=contrast.baseline,
        )
        for metric, contrast in found
        if contrast.outcome in ("faster", "slower")
    ]
    same = [(m, c) for m, c in found if c.outcome == "no_difference"]
    if same:
        names = ", ".join(metric.title.lower() for metric, _ in same)
        parts.append(say("no_difference", baseline=same[0][1].baseline, metrics=names))
    joined = "; ".join(parts)
    if level == "type":
        return say("verdict_type", label=subject.label, hosts=subject.hosts, parts=joined)
    return say("verdict", label=subject.label, parts=joined)


def _times(contrast: Contrast, say: Say) -> str:
    """Write how many times, above 1: "slower" turns the ratio over."""
    value, interval = contrast.ratio or 1.0, contrast.interval or (1.0, 1.0)
    if contrast.outcome == "slower":
        value, interval = 1 / value, _inverse(interval)
    return say("times", value=f"{value:.2f}", low=f"{interval[0]:.2f}", high=f"{interval[1]:.2f}")


def _inverse(interval: Interval) -> Interval:
    return 1 / interval[1], 1 / interval[0]
