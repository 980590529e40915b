"""Runs beside each other: the gate first, then tables, ratios with intervals, and verdicts."""

from collections.abc import Callable, Collection, Mapping, Sequence

from yoyak.analysis import lengths
from yoyak.analysis.choice import LatencyTarget, cheapest_meeting, front
from yoyak.analysis.comparison import Comparison, Language, Subject
from yoyak.analysis.findings import all_said, gravest_first
from yoyak.analysis.gate import gate, refuse_unlike, verdict_possible
from yoyak.analysis.messages import speaker
from yoyak.analysis.metrics import Judging, build_metrics, build_type_metrics
from yoyak.analysis.pairing import Observations, runs_to_pair, unpaired
from yoyak.analysis.prices import PriceTable
from yoyak.analysis.study_findings import study_findings
from yoyak.analysis.subjects import (
    choose_baseline,
    label_runs,
    run_subject,
    type_groups,
    type_subject,
)
from yoyak.analysis.tables import Study, build_tables
from yoyak.analysis.verdicts import answer, cannot_say, verdicts
from yoyak.records import SCHEMA_VERSION, Perf
from yoyak.records.sound_results import check_perf
from yoyak.records.soundness import check_finite

Observe = Callable[[Perf], Observations | None]


def compare(
    perfs: Sequence[Perf],
    *,
    baseline: str | None = None,
    allow: Collection[str] = (),
    observe: Observe | None = None,
    prices: PriceTable | None = None,
    region: str | None = None,
    target: LatencyTarget | None = None,
    language: Language = "en",
) -> Comparison:
    """Return everything that `yoyak compare` prints.

    Args:
        perfs: the runs' results, in the order of the tables; perf.json alone is enough.
        baseline: a label, run id or instance type; None is the cheapest an hour.
        allow: codes of gate conditions that may differ or be unknown.
        observe: reads a run's requests, or returns None where only its results are at hand. Asked
            for those runs alone whose articles must be paired, since requests are large.
        prices: the user's table; None is the embedded one, for runs that hold no price.
        region: whose prices to take for hosts that did not record theirs.
        target: a latency that must be met.
        language: of titles and sentences.

    Raises:
        UsageError: fewer than two runs, one run twice, a number that is none, an unknown baseline
            or condition.
        MeasuredFailure: the runs did not do the same work; says in what, and the way out.
    """
    say = speaker(language)
    runs = label_runs(perfs)
    for label, perf in runs.items():
        check_finite(label, perf)
        check_perf(perf, label)
    refuse_unlike(gate(runs, allow=allow, say=speaker("en")))  # as every error is
    items = gate(runs, allow=allow, say=say)
    possible = verdict_possible(items)
    subjects = {
        label: run_subject(label, perf, prices=prices, region=region)
        for label, perf in runs.items()
    }
    base, reason = choose_baseline(tuple(subjects.values()), baseline)
    to_pair = runs_to_pair(runs, base)
    seen = {label: found for label in to_pair if observe and (found := observe(runs[label]))}
    judging = _judging(runs, base, is_possible=possible)
    metrics = build_metrics(runs, subjects, seen, baseline=base, judging=judging, say=say)
    types: dict[str, Subject] = {}
    groups = type_groups(runs)
    if any(len(hosts) > 1 for hosts in groups.values()):
        types = _type_subjects(groups, subjects)
        metrics += build_type_metrics(
            runs,
            subjects,
            groups,
            baseline=subjects[base].instance_type,
            judging=judging.of_types(groups),
            say=say,
        )
    everyone = (*subjects.values(), *(s for s in types.values() if s.hosts > 1))
    study = Study(runs=runs, subjects=subjects, baseline=base, say=say)
    return Comparison(
        schema_version=SCHEMA_VERSION,
        language=language,
        baseline=base,
        baseline_reason=say(reason),
        subjects=everyone,
        gate=items,
        verdict_possible=possible,
        metrics=metrics,
        tables=build_tables(study, metrics),
        answer=answer(metrics, say=say),
        verdicts=verdicts(metrics, subjects, types, say=say),
        cannot_say=cannot_say(
            runs,
            everyone,
            items,
            has_type_level=bool(types),
            judging=judging,
            say=say,
        ),
        findings=all_said(
            gravest_first(
                study_findings(runs, subjects, items, unpaired=unpaired(to_pair, seen, base))
            ),
            language,
        ),
        front=front(runs, subjects),
        target=None if target is None else cheapest_meeting(runs, subjects, target),
    )


# Findings of a run that leave no rate of it to trust. Cached prompts void their own rate, and
# unlike lengths the totals.
_VOIDING = frozenset({"clocks-disagree", "engine-restarted", "options-not-followed"})


def _judging(runs: Mapping[str, Perf], baseline: str, *, is_possible: bool) -> Judging:
    return Judging(
        is_possible=is_possible,
        void=tuple(
            label
            for label, perf in runs.items()
            if any(f.severity == "invalid" and f.code in _VOIDING for f in perf.findings)
        ),
        unlike=tuple(
            label
            for label, perf in runs.items()
            if lengths.unlike({baseline: runs[baseline], label: perf})
        ),
    )


def _type_subjects(
    groups: Mapping[str, Mapping[str, Sequence[str]]], subjects: Mapping[str, Subject]
) -> dict[str, Subject]:
    return {
        kind: type_subject(
            kind, [subjects[label] for labels in hosts.values() for label in labels], len(hosts)
        )
        for kind, hosts in groups.items()
    }
