from collections.abc import Callable
from dataclasses import replace

import pytest

from yoyak.analysis.choice import parse_target
from yoyak.analysis.compare import compare
from yoyak.errors import UsageError
from yoyak.records import Perf

MakeHost = Callable[..., Perf]


def with_p95(perf: Perf, seconds: float | None) -> Perf:
    found = replace(perf.latency.end_to_end_s, p95=seconds, min=0.5, max=30.0)
    return replace(perf, latency=replace(perf.latency, end_to_end_s=found))


def test_the_cheapest_host_that_meets_the_target(make_host: MakeHost) -> None:
    runs = [
        with_p95(make_host("dear.a", usd=4.0), 5.0),
        with_p95(make_host("cheap.a", usd=2.0), 9.0),
        with_p95(make_host("cheapest.a", usd=1.0), 20.0),
        with_p95(make_host("unpriced.a"), 1.0),
        with_p95(make_host("unknown.a", usd=0.5), None),
    ]
    found = compare(runs, target=parse_target("end_to_end_s.p95", 10)).target
    assert found is not None
    assert found.cheapest == "cheap.a"
    assert found.meeting == ("cheap.a", "dear.a", "unpriced.a")
    assert found.failing == ("cheapest.a",)
    assert found.unknown == ("unknown.a",)


def test_nobody_may_meet_it(make_host: MakeHost) -> None:
    runs = [with_p95(make_host(name, usd=1.0), 9.0) for name in ("a.a", "b.a")]
    found = compare(runs, target=parse_target("end_to_end_s.p95", 1)).target
    assert found is not None
    assert (found.cheapest, found.meeting) == (None, ())


@pytest.mark.parametrize("metric", ["end_to_end_s", "end_to_end_s.p42", "speed.p95", ""])
def test_a_target_that_is_no_latency_is_refused_with_those_there_are(metric: str) -> None:
    with pytest.raises(UsageError, match=r"end_to_end_s\.p95"):
        parse_target(metric, 1)


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_a_limit_is_above_0(limit: float) -> None:
    with pytest.raises(UsageError, match="above 0"):
        parse_target("end_to_end_s.p95", limit)


def test_the_front_holds_what_nothing_beats_in_both(make_host: MakeHost) -> None:
    runs = [
        make_host("slow-cheap.a", pace=1.0, usd=1.0),  # 1 USD for what 1/s does
        make_host("fast-dear.a", pace=4.0, usd=8.0),
        make_host("beaten.a", pace=0.5, usd=1.0),
        make_host("unpriced.a", pace=9.0),
    ]
    found = {point.label: point.on_front for point in compare(runs).front}
    assert found == {"slow-cheap.a": True, "fast-dear.a": True, "beaten.a": False}
