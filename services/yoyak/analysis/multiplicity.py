"""Many comparisons at once: Holm's correction, and a ranking that claims no more than it can."""

from collections.abc import Sequence

import numpy as np

from yoyak.analysis.intervals import ROUNDING
from yoyak.analysis.probability import t_two_sided_p

ALPHA = 0.05


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return Holm's adjusted p-values, in the order given.

    Sorted ascending, p_(i) becomes max over j <= i of (m - j + 1) * p_(j), at most 1. Rejecting
    what is at most ALPHA keeps the chance of any false alarm among the m at ALPHA.

    Source:
        Holm, S. (1979), A simple sequentially rejective multiple test procedure.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    stepped = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    adjusted = np.empty_like(stepped)
    adjusted[order] = stepped
    return tuple(float(value) for value in adjusted)


def ranking(log_values: Sequence[np.ndarray]) -> tuple[tuple[int, ...], ...]:
    """Return indexes from the largest to the smallest, those that cannot be told apart together.

    A line between two groups is drawn only where every member above it differs from every member
    below it: Welch on the logarithms, all pairs, Holm-corrected over the pairs. So "group 1 is
    ahead of group 2" holds for each pair that it names.

    Args:
        log_values: the logarithms of each subject's repetition values, larger is better. A subject
            with fewer than two, or pairs without any spread, cannot be told from others.
    """
    count = len(log_values)
    means = np.array([np.mean(values) for values in log_values])
    order = np.argsort(-means, kind="stable")
    rows, columns = np.triu_indices(count, 1)
    p = _pairwise_p([log_values[i] for i in order], rows, columns)
    differs = np.zeros((count, count), dtype=bool)
    differs[rows, columns] = np.asarray(holm(p)) <= ALPHA
    groups: list[tuple[int, ...]] = []
    start = 0
    for end in range(1, count + 1):
        if end == count or differs[:end, end:].all():
            groups.append(tuple(int(i) for i in order[start:end]))
            start = end
    return tuple(groups)


def _pairwise_p(samples: list[np.ndarray], rows: np.ndarray, columns: np.ndarray) -> list[float]:
    """Welch's p for each pair at once; 1 where it cannot be computed. 200 runs make 19,900."""
    n = np.array([len(sample) for sample in samples], dtype=float)
    mean = np.array([np.mean(sample) for sample in samples])
    part = np.array([np.var(s, ddof=1) / len(s) if len(s) > 1 else np.nan for s in samples])
    total = part[rows] + part[columns]
    known = np.isfinite(total) & (total > ROUNDING**2)
    rows, columns, total = rows[known], columns[known], total[known]
    freedom = total**2 / (part[rows] ** 2 / (n[rows] - 1) + part[columns] ** 2 / (n[columns] - 1))
    p = np.ones(len(known))
    p[known] = t_two_sided_p((mean[rows] - mean[columns]) / np.sqrt(total), freedom)
    return [float(value) for value in p]
