import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from yoyak.analysis.compare import compare
from yoyak.analysis.intervals import log_ratio
from yoyak.analysis.pairing import (
    Observation,
    Observations,
    needs_requests,
    paired_logs,
    same_articles_throughout,
)
from yoyak.records import Perf

Rows = list[Observation]


def host(speed: float, *, without: tuple[tuple[int, str], ...] = ()) -> Rows:
    """Three repetitions of three articles; "long" is three times as slow on any host."""
    slowness = {"short": 1.0, "middle": 1.5, "long": 3.0}
    return [
        Observation(r, name, math.log(speed / slow) + 0.001 * r)
        for r in range(3)
        for name, slow in slowness.items()
        if (r, name) not in without
    ]


def test_equal_mixes_need_no_pairing() -> None:
    assert same_articles_throughout(host(10), host(20))
    assert not same_articles_throughout(host(10), host(20, without=((1, "long"),)))


def test_a_host_that_failed_on_the_long_article_is_not_taken_for_a_fast_one() -> None:
    a, b = host(10), host(10, without=((0, "long"), (1, "long")))
    plain = log_ratio(
        np.array([np.mean([o.log_rate for o in b if o.repetition == r]) for r in range(3)]),
        np.array([np.mean([o.log_rate for o in a if o.repetition == r]) for r in range(3)]),
    )
    assert plain.value > 1.1  # without pairing the failures look like speed
    paired = paired_logs(b, a)
    assert paired is not None
    assert log_ratio(*paired).value == pytest.approx(1.0, abs=0.001)


def test_pairing_keeps_the_true_ratio_and_takes_out_the_articles() -> None:
    missing = ((0, "long"), (1, "short"), (2, "middle"))
    paired = paired_logs(host(13, without=missing), host(10))
    assert paired is not None
    found = log_ratio(*paired)
    assert found.value == pytest.approx(1.3, rel=0.001)
    assert found.interval is not None
    assert found.interval[1] / found.interval[0] < 1.01  # only the noise of repetitions is left


def test_in_a_balanced_design_pairing_changes_nothing() -> None:
    a, b = host(13), host(10)
    paired = paired_logs(a, b)
    assert paired is not None

    def means(rows: Rows) -> np.ndarray:
        return np.array(
            [np.mean([o.log_rate for o in rows if o.repetition == r]) for r in range(3)]
        )

    plain, adjusted = log_ratio(means(a), means(b)), log_ratio(*paired)
    assert adjusted.value == pytest.approx(plain.value)
    assert adjusted.interval == pytest.approx(plain.interval)


def test_runs_without_a_common_article_cannot_be_paired() -> None:
    assert paired_logs([Observation(0, "a", 1.0)], [Observation(0, "b", 1.0)]) is None


def test_compare_pairs_where_requests_were_read(make_host: Callable[..., Perf]) -> None:
    slow, fast = make_host("r5.4xlarge"), make_host("r5.8xlarge")
    seen = {
        slow.run_id: Observations(decode_tokens_per_s=tuple(host(10)), prompt_tokens_per_s=()),
        fast.run_id: Observations(
            decode_tokens_per_s=tuple(host(13, without=((0, "long"),))), prompt_tokens_per_s=()
        ),
    }
    fast = replace(fast, totals=replace(fast.totals, failed=1))
    comparison = compare([slow, fast], observe=lambda perf: seen[perf.run_id])
    decode = next(m for m in comparison.metrics if m.key == "decode_tokens_per_s")
    assert decode.contrasts[0].ratio == pytest.approx(1.3, rel=0.001)
    assert "articles-not-paired" not in {finding.code for finding in comparison.findings}


def with_failures(perf: Perf) -> Perf:
    return replace(perf, totals=replace(perf.totals, failed=1))


def test_a_run_that_needs_pairing_has_its_requests_read_and_the_baselines(
    make_host: Callable[..., Perf],
) -> None:
    base, fair, failing = (make_host(kind) for kind in ("r5.large", "r5.xlarge", "r5.2xlarge"))
    asked: list[str] = []

    def observe_none(perf: Perf) -> None:
        asked.append(perf.run_id)

    compare([base, fair, with_failures(failing)], observe=observe_none)
    assert asked == [base.run_id, failing.run_id]
    asked.clear()
    compare([with_failures(base), fair, failing], observe=observe_none)
    assert asked == [base.run_id, fair.run_id, failing.run_id]
    asked.clear()
    compare([base, fair, failing], observe=observe_none)
    assert asked == []


def test_a_contrast_that_could_not_be_paired_is_told(make_host: Callable[..., Perf]) -> None:
    base, fair, failing = (make_host(kind) for kind in ("r5.large", "r5.xlarge", "r5.2xlarge"))
    rows = Observations(decode_tokens_per_s=tuple(host(10)), prompt_tokens_per_s=())

    def told(*, of: tuple[Perf, ...], failed: Perf) -> list[str]:
        runs = [with_failures(p) if p is failed else p for p in (base, fair, failing)]
        names = {perf.run_id for perf in of}
        found = compare(runs, observe=lambda p: rows if p.run_id in names else None).findings
        return [f.details["labels"] for f in found if f.code == "articles-not-paired"]

    assert told(of=(base, failing), failed=failing) == []
    assert told(of=(failing,), failed=failing) == ["r5.2xlarge"]  # the baseline's are missing
    assert told(of=(base,), failed=failing) == ["r5.2xlarge"]
    assert told(of=(), failed=base) == ["r5.xlarge, r5.2xlarge"]


def test_requests_are_read_only_where_pairing_needs_them(make_perf: Callable[..., Perf]) -> None:
    perf = make_perf()
    assert not needs_requests(perf)
    assert needs_requests(replace(perf, totals=replace(perf.totals, failed=1)))
    assert needs_requests(replace(perf, totals=replace(perf.totals, requests=7)))  # for a duration
