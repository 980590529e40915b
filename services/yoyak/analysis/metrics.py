"""Each quantity over all subjects: estimates, "times faster" than the baseline, ranking."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from yoyak.analysis.comparison import Better, Contrast, Estimate, Level, Metric, Outcome, Subject
from yoyak.analysis.intervals import Ratio, geometric_interval, geometric_mean, host_values
from yoyak.analysis.intervals import log_ratio as ratio_of_logs
from yoyak.analysis.intervals import ratio as ratio_of_values
from yoyak.analysis.messages import Say
from yoyak.analysis.multiplicity import ALPHA, holm, ranking
from yoyak.analysis.pairing import (
    Observation,
    Observations,
    paired_logs,
    same_articles_throughout,
)
from yoyak.records import Perf, Rate

_SECONDS_PER_HOUR = 3600
HEADLINES = ("decode_tokens_per_s", "prompt_tokens_per_s", "requests_per_s", "articles_per_usd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What is known of one metric of one subject; `values` is empty where nothing is."""

    values: tuple[float, ...] = ()
    stated: Rate | None = None  # as perf.json states it
    source: Literal["engine", "client"] | None = None
    observations: tuple[Observation, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A metric that can be compared."""

    key: str
    unit: str
    better: Better
    read: Callable[[Perf, Subject], Sample]
    is_of_whole_answers: bool = False  # so a host that writes less seems faster


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """Which subjects may be judged: a verdict needs more than numbers."""

    is_possible: bool  # the gate lets a verdict be
    void: Collection[str] = ()  # labels whose run is no measurement of what it names
    unlike: Collection[str] = ()  # labels whose answers differ in length from the baseline's

    def allows(self, kind: Kind, *labels: str) -> bool:
        """Say whether this metric of these subjects may be judged."""
        unfit = {*self.void, *(self.unlike if kind.is_of_whole_answers else ())}
        return self.is_possible and unfit.isdisjoint(labels)

    def of_types(self, groups: Mapping[str, Mapping[str, Sequence[str]]]) -> "Judging":
        """Return the same of types: one unfit run makes its type unfit."""

        def unfit(labels: Collection[str]) -> Collection[str]:
            return {
                kind
                for kind, hosts in groups.items()
                if any(label in labels for runs in hosts.values() for label in runs)
            }

        return Judging(
            is_possible=self.is_possible, void=unfit(self.void), unlike=unfit(self.unlike)
        )


def build_metrics(
    runs: Mapping[str, Perf],
    subjects: Mapping[str, Subject],
    observations: Mapping[str, Observations],
    *,
    baseline: str,
    judging: Judging,
    say: Say,
) -> tuple[Metric, ...]:
    """Return every metric at the level of runs that at least one run knows.

    Args:
        runs: by label.
        subjects: by the same labels.
        observations: of those runs whose requests were read, by label.
        baseline: a label.
        judging: who may be judged; others' outcomes stay unknown, and they have no rank.
        say: the words.
    """
    found = []
    for kind in KINDS:
        samples = {
            label: _observed(kind, kind.read(perf, subjects[label]), observations.get(label))
            for label, perf in runs.items()
        }
        if any(sample.values or _states(sample) for sample in samples.values()):
            found.append(
                metric(
                    kind,
                    samples,
                    baseline=baseline,
                    level="run",
                    judging=judging,
                    say=say,
                )
            )
    return tuple(found)


def build_type_metrics(
    runs: Mapping[str, Perf],
    subjects: Mapping[str, Subject],
    groups: Mapping[str, Mapping[str, Sequence[str]]],
    *,
    baseline: str | None,
    judging: Judging,
    say: Say,
) -> tuple[Metric, ...]:
    """Return every metric at the level of types, where n is the number of hosts.

    Args:
        runs: by label.
        subjects: by the same labels.
        groups: labels by type and host.
        baseline: a type, or None if the baseline's type is unknown.
        judging: as above.
        say: the words.
    """
    found = []
    for kind in KINDS:
        samples = {
            name: _type_sample(kind, hosts, runs, subjects) for name, hosts in groups.items()
        }
        if any(sample.values for sample in samples.values()):
            found.append(
                metric(
                    kind,
                    samples,
                    baseline=baseline,
                    level="type",
                    judging=judging,
                    say=say,
                )
            )
    return tuple(found)


def metric(
    kind: Kind,
    samples: Mapping[str, Sample],
    *,
    baseline: str | None,
    level: Level,
    judging: Judging,
    say: Say,
) -> Metric:
    """Return one metric over subjects, compared with one baseline and Holm-corrected over them."""
    return Metric(
        key=kind.key,
        title=say(kind.key),
        unit=kind.unit,
        better=kind.better,
        level=level,
        estimates=tuple(_estimate(label, sample) for label, sample in samples.items()),
        contrasts=_contrasts(kind, samples, baseline, judging),
        ranking=_ranking(kind, samples, judging),
    )


def _estimate(label: str, sample: Sample) -> Estimate:
    if sample.stated is not None:
        value, interval, n = sample.stated.value, sample.stated.ci95, sample.stated.n
    elif sample.values:
        value, interval = geometric_mean(sample.values), geometric_interval(sample.values)
        n = len(sample.values)
    else:
        value, interval, n = None, None, 0
    return Estimate(
        label=label,
        value=value,
        interval=interval,
        n=n,
        values=sample.values,
        source=sample.source,
    )


def _contrasts(
    kind: Kind,
    samples: Mapping[str, Sample],
    baseline: str | None,
    judging: Judging,
) -> tuple[Contrast, ...]:
    if baseline is None or baseline not in samples:
        return ()
    base = samples[baseline]
    raw = {label: _ratio(kind, s, base) for label, s in samples.items() if label != baseline}
    tested = {
        label: r.p_value
        for label, r in raw.items()
        if r and r.p_value is not None and label not in judging.void
    }
    adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
    return tuple(
        Contrast(
            label=label,
            baseline=baseline,
            ratio=found.value if found else None,
            interval=found.interval if found else None,
            p_value=found.p_value if found else None,
            p_holm=adjusted.get(label),
            outcome=_outcome(found, adjusted.get(label))
            if judging.allows(kind, label, baseline)
            else "unknown",
        )
        for label, found in raw.items()
    )


def _outcome(found: Ratio | None, p_holm: float | None) -> Outcome:
    if found is None or p_holm is None:
        return "unknown"
    if p_holm > ALPHA:
        return "no_difference"
    return "faster" if found.value > 1 else "slower"


def _ratio(kind: Kind, subject: Sample, base: Sample) -> Ratio | None:
    """Return how many times better the subject is; above 1 whichever way the metric points."""
    if not subject.values or not base.values:
        return None
    paired = _paired(subject, base)
    if paired is not None:
        first, second = paired
        return ratio_of_logs(first, second)
    if kind.better == "lower":
        return ratio_of_values(base.values, subject.values)
    return ratio_of_values(subject.values, base.values)


def _paired(subject: Sample, base: Sample) -> tuple[np.ndarray, np.ndarray] | None:
    first, second = subject.observations, base.observations
    if not first or not second or same_articles_throughout(first, second):
        return None
    return paired_logs(first, second)


def _ranking(
    kind: Kind, samples: Mapping[str, Sample], judging: Judging
) -> tuple[tuple[str, ...], ...]:
    if not judging.is_possible or (kind.is_of_whole_answers and judging.unlike):
        return ()
    known = {
        label: sample.values
        for label, sample in samples.items()
        if sample.values and label not in judging.void
    }
    sign = 1 if kind.better == "higher" else -1
    groups = ranking([sign * np.log(values) for values in known.values()])
    labels = list(known)
    return tuple(tuple(labels[i] for i in group) for group in groups)


def _type_sample(
    kind: Kind,
    hosts: Mapping[str, Sequence[str]],
    runs: Mapping[str, Perf],
    subjects: Mapping[str, Subject],
) -> Sample:
    by_host = [
        [value for label in labels for value in kind.read(runs[label], subjects[label]).values]
        for labels in hosts.values()
    ]
    return Sample(values=host_values([values for values in by_host if values]))


def _states(sample: Sample) -> bool:
    return sample.stated is not None and sample.stated.value is not None


def _observed(kind: Kind, sample: Sample, seen: Observations | None) -> Sample:
    if seen is None or kind.key not in ("decode_tokens_per_s", "prompt_tokens_per_s"):
        return sample
    return replace(sample, observations=getattr(seen, kind.key))


def _rate_kind(key: str, unit: str, *, is_of_whole_answers: bool = False) -> Kind:
    def read(perf: Perf, _: Subject) -> Sample:
        rate: Rate = getattr(perf.rates, key)
        return Sample(values=rate.repetition_values, stated=rate, source=rate.source)

    return Kind(
        key=key, unit=unit, better="higher", read=read, is_of_whole_answers=is_of_whole_answers
    )


def _articles_per_usd(perf: Perf, subject: Subject) -> Sample:
    if subject.usd_per_hour is None:
        return Sample()
    factor = _SECONDS_PER_HOUR / subject.usd_per_hour
    return Sample(values=tuple(v * factor for v in perf.rates.requests_per_s.repetition_values))


def _model_load_s(perf: Perf, _: Subject) -> Sample:
    values = perf.model_load.values_s
    # A load that took no time was none: the model was resident, and nothing can be compared.
    return Sample(values=values if all(value > 0 for value in values) else ())


KINDS = (
    _rate_kind("decode_tokens_per_s", "tokens/s"),
    _rate_kind("prompt_tokens_per_s", "tokens/s"),
    _rate_kind("requests_per_s", "1/s", is_of_whole_answers=True),
    Kind(
        key="articles_per_usd",
        unit="1/USD",
        better="higher",
        read=_articles_per_usd,
        is_of_whole_answers=True,
    ),
    _rate_kind("output_chars_per_s", "characters/s"),
    _rate_kind("prompt_chars_per_s", "characters/s"),
    Kind(key="model_load_s", unit="s", better="lower", read=_model_load_s),
)
