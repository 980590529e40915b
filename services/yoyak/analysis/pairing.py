"""The same articles on both hosts: what pairing takes out of a repetition's value."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from statistics import fmean

import numpy as np

from yoyak.analysis.rates import decode_contribution, decode_source, prompt_contribution
from yoyak.analysis.repetitions import Repetition
from yoyak.records import Perf


@dataclass(frozen=True, slots=True)
class Observation:
    """One request's rate on the logarithmic scale."""

    repetition: int
    article_id: str
    log_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What a comparison needs of a run's requests; a hundredth of their size."""

    decode_tokens_per_s: tuple[Observation, ...]
    prompt_tokens_per_s: tuple[Observation, ...]


def needs_requests(perf: Perf) -> bool:
    """Say whether a run's requests must be read for its articles to be paired.

    Not where every repetition sent each article once and nothing failed: its repetition values are
    paired already, and perf.json is enough.
    """
    articles, repetitions = len(perf.workload.article_ids), perf.rates.requests_per_s.n
    return bool(perf.totals.failed) or perf.totals.requests != articles * repetitions


def runs_to_pair(runs: Mapping[str, Perf], baseline: str) -> tuple[str, ...]:
    """Return the labels of the runs whose requests are needed for the contrasts to be fair.

    A contrast is of two runs: where one holds another mix of articles, both must be read. So the
    baseline is read with every run that needs it, and with a baseline that needs it every run is.
    Runs without rates have nothing to pair.
    """
    timed = [label for label, perf in runs.items() if perf.rates.decode_tokens_per_s.value]
    needing = [label for label in timed if needs_requests(runs[label])]
    if baseline in needing:
        return tuple(timed)
    return tuple(dict.fromkeys([baseline, *needing])) if needing else ()


def unpaired(
    to_pair: Sequence[str], seen: Mapping[str, "Observations"], baseline: str
) -> tuple[str, ...]:
    """Return the labels of the runs that should be paired with the baseline and cannot be."""
    if baseline in to_pair and baseline not in seen:
        return tuple(label for label in to_pair if label != baseline)
    return tuple(label for label in to_pair if label not in seen)


def observe(repetitions: Sequence[Repetition]) -> Observations:
    """Return the observations of complete repetitions."""
    source = decode_source([record for rep in repetitions for record in rep.ok])
    kinds = {
        "decode_tokens_per_s": decode_contribution("tokens", source),
        "prompt_tokens_per_s": prompt_contribution("tokens"),
    }
    found = {
        name: tuple(
            Observation(rep.index, record.article_id, log(part[0] / part[1]))
            for rep in repetitions
            for record in rep.ok
            if (part := contribution(record)) is not None and part[0] > 0
        )
        for name, contribution in kinds.items()
    }
    return Observations(**found)


def same_articles_throughout(a: Sequence[Observation], b: Sequence[Observation]) -> bool:
    """Say whether every repetition of both runs holds the same articles equally often.

    Then pairing is already done: each repetition's value is of the same work, article effects
    cancel in the ratio of two hosts, and the published repetition values are compared as they are.
    """
    mixes: list[Counter[str]] = []
    for observations in (a, b):
        by_repetition: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for seen in observations:
            by_repetition[seen.repetition][seen.article_id] += 1
        mixes.extend(by_repetition.values())
    return all(mix == mixes[0] for mix in mixes)


def paired_logs(
    a: Sequence[Observation], b: Sequence[Observation]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return both runs' repetition values on the log scale, freed of which articles they held.

    Where requests failed or repetitions ran for a time, repetitions hold different articles, and
    a mix of short ones would pass for a fast host. So only articles that both runs have are kept,
    and each request counts by how far it lies from its article's level, the middle between the
    two runs' means of it:

        y(r) = mean over requests of repetition r of (log rate - level(article))

    Returns:
        Shapes (repetitions of a,), (repetitions of b,), whose means' difference is the log ratio;
        None if the runs share no article.
    """
    means = [_article_means(observations) for observations in (a, b)]
    level = {name: (means[0][name] + means[1][name]) / 2 for name in means[0] if name in means[1]}
    if not level:
        return None
    first, second = (_repetition_values(observations, level) for observations in (a, b))
    return first, second


def _article_means(observations: Sequence[Observation]) -> dict[str, float]:
    by_article: defaultdict[str, list[float]] = defaultdict(list)
    for seen in observations:
        by_article[seen.article_id].append(seen.log_rate)
    return {name: fmean(values) for name, values in by_article.items()}


def _repetition_values(observations: Sequence[Observation], level: dict[str, float]) -> np.ndarray:
    by_repetition: defaultdict[int, list[float]] = defaultdict(list)
    for seen in observations:
        if seen.article_id in level:
            by_repetition[seen.repetition].append(seen.log_rate - level[seen.article_id])
    return np.array([fmean(by_repetition[index]) for index in sorted(by_repetition)])
