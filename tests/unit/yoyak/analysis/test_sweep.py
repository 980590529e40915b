"""A sweep's steps are judged by what can be counted by hand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.unit.yoyak.runs import RUN_ID, a_manifest, a_request

from yoyak.analysis.compare import compare
from yoyak.analysis.overload import is_queue_growing
from yoyak.analysis.perf import build_perf
from yoyak.analysis.probability import binomial_interval
from yoyak.analysis.sweep import judge, requests_per_step
from yoyak.analysis.targets import allowed_over
from yoyak.records import BlockRecord, Manifest, Option, RequestRecord, SweepStep
from yoyak.records.sound_results import check_perf
from yoyak.slo import parse_slo

S = 1_000_000_000
TTFT = parse_slo("ttft_p95=2s")


def served(
    arrivals_s: Sequence[float],
    service_s: float,
    *,
    repetition: int = 0,
    first_index: int = 0,
    slots: int = 1,
) -> list[RequestRecord]:
    """Requests to an engine of so many slots that serves in turn: the queue in textbook form."""
    free_s = [0.0] * slots
    records = []
    for index, at_s in enumerate(arrivals_s):
        slot = free_s.index(min(free_s))
        start_s = max(at_s, free_s[slot])
        free_s[slot] = start_s + service_s
        first_ns, done_ns = round(start_s * S) + S // 10, round(free_s[slot] * S)
        records.append(
            a_request(
                index=first_index + index,
                repetition=repetition,
                scheduled_ns=round(at_s * S),
                sent_ns=round(at_s * S),
                chunk_ns=(min(first_ns, done_ns), done_ns),
                done_ns=done_ns,
            )
        )
    return records


def steady(count: int, rate: float) -> list[float]:
    return [i / rate for i in range(count)]


def a_block(
    requests: int, *, rate: float = 1.0, repetition: int = 0, ended: str = "complete"
) -> BlockRecord:
    return BlockRecord(
        repetition=repetition,
        started_ns=0,
        done_ns=10_000 * S,
        rate_per_s=rate,
        requests=requests,
        ended=ended,  # type: ignore[arg-type]  # a literal
    )


def judged(
    records: Sequence[RequestRecord],
    *,
    planned: int | None = None,
    max_failures: int = 0,
    slots: int = 1,
) -> SweepStep:
    block = a_block(planned or len(records))
    return judge(block, records, TTFT, slots=slots, max_failures=max_failures)


@pytest.mark.parametrize(
    ("percent", "requests", "allowed"),
    [(95, 130, 6), (95, 140, 7), (99, 100, 1), (99, 99, 0), (90, 64, 6), (50, 11, 5)],
)
def test_how_many_may_be_over(percent: int, requests: int, allowed: int) -> None:
    (target,) = parse_slo(f"ttft_p{percent}=2s")
    assert allowed_over(target, requests) == allowed


def test_a_step_has_as_many_requests_as_its_rarest_percentile_needs() -> None:
    assert requests_per_step(parse_slo("ttft_p95=2s,e2e_p50=9s")) == 130
    assert requests_per_step(parse_slo("ttft_p99=2s,e2e_p50=9s")) == 662


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 130, 0.0, 0.0280),  # 1 - 0.025^(1/130)
        (10, 10, 0.6915, 1.0),  # 0.025^(1/10)
        (5, 10, 0.1871, 0.8129),  # Clopper and Pearson (1934)
        (6, 130, 0.0171, 0.0978),
    ],
)
def test_the_exact_interval_of_a_share(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert binomial_interval(successes, trials) == pytest.approx((low, high), abs=1e-4)
    assert binomial_interval(0, 0) is None


def test_a_step_without_a_wait_meets_its_target_for_certain() -> None:
    step = judged(served(steady(130, 0.5), 1.0))
    assert (step.met, step.is_certain, step.is_overloaded) == (True, True, False)
    (target,) = step.targets
    assert (target.over, target.met) == (0, True)
    assert target.percentile_s == pytest.approx(0.1)
    assert step.finished_per_s == pytest.approx(130 / (129 / 0.5 + 1.0))


def test_few_requests_meet_a_target_but_not_for_certain() -> None:
    step = judged(served(steady(30, 0.5), 1.0))
    assert (step.met, step.is_certain) == (True, False)
    (target,) = step.targets
    assert target.percentile_s is None  # 130 are needed to show a p95
    assert target.over_ratio_ci95 == pytest.approx((0.0, 0.1157), abs=1e-4)  # 1 - 0.025^(1/30)


def test_six_of_130_over_the_limit_are_met_and_seven_missed() -> None:
    records = served(steady(130, 0.5), 1.0)
    slow = [replace(r, chunk_ns=(r.scheduled_ns + 3 * S, r.done_ns + 3 * S)) for r in records[:7]]
    six = judged([*slow[:6], *records[6:]])
    seven = judged([*slow, *records[7:]])
    assert (six.met, six.targets[0].over, six.is_certain) == (True, 6, False)
    assert (seven.met, seven.targets[0].over, seven.is_certain) == (False, 7, False)


def test_a_queue_that_grows_is_missed_whatever_the_limit() -> None:
    records = served(steady(130, 1.1), 1.0)
    (loose,) = parse_slo("ttft_p95=1h")
    step = judge(a_block(130), records, (loose,), slots=1, max_failures=0)
    assert (step.targets[0].met, step.is_overloaded, step.met) == (True, True, False)
    assert step.is_certain


@pytest.mark.parametrize("rate", [0.5, 0.95, 1.0])
def test_a_queue_that_keeps_up_does_not_grow(rate: float) -> None:
    assert not is_queue_growing(served(steady(130, rate), 1.0), slots=1)


@pytest.mark.parametrize("rate", [1.1, 1.5, 4.0])
def test_a_queue_that_cannot_keep_up_grows(rate: float) -> None:
    assert is_queue_growing(served(steady(130, rate), 1.0), slots=1)


def test_many_in_flight_are_no_queue() -> None:
    # 64 slots, each busy: 60 in flight all the time, though the engine says nothing of its slots.
    assert not is_queue_growing(served(steady(260, 6.0), 10.0, slots=64), slots=1)
    assert is_queue_growing(served(steady(520, 9.0), 10.0, slots=64), slots=1)


def test_a_failed_request_is_over_every_limit_and_too_many_miss_the_step() -> None:
    records = served(steady(130, 0.5), 1.0)
    broken = [replace(records[0], error="http_5xx", chunk_ns=()), *records[1:]]
    strict, lenient = judged(broken), judged(broken, max_failures=1)
    assert (strict.failed, strict.targets[0].over) == (1, 1)
    assert (strict.met, lenient.met) == (False, True)


def test_a_step_given_up_early_is_judged_by_what_was_planned() -> None:
    records = served(steady(20, 0.5), 1.0)
    late = [replace(r, chunk_ns=(r.scheduled_ns + 3 * S, r.done_ns + 3 * S)) for r in records]
    step = judged(late[:7] + records[7:], planned=130)
    assert (step.planned, step.sent, step.met) == (130, 20, False)
    assert step.targets[0].percentile_s is None  # of a part that was not chosen by chance
    assert step.targets[0].over_ratio_ci95 == binomial_interval(7, 130)


def a_sweep() -> Manifest:
    manifest = a_manifest()
    workload = replace(
        manifest.workload,
        slo="ttft_p95=2s",
        arrivals="constant",
        concurrency=None,
        repetitions=None,
    )
    options = {"max_failures": Option(value=0, origin="default")}
    return replace(manifest, workload=workload, options=options)


def test_the_results_of_a_sweep_are_those_of_its_highest_rate_that_met() -> None:
    slow = served(steady(130, 0.5), 1.0)
    good = served(steady(130, 0.9), 1.0, repetition=1, first_index=200)
    bad = served(steady(130, 1.5), 1.0, repetition=2, first_index=400)
    blocks = [
        a_block(130, rate=0.5),
        a_block(130, rate=0.9, repetition=1),
        a_block(130, rate=1.5, repetition=2),
    ]
    perf = build_perf(a_sweep(), [*slow, *good, *bad], [], [], finished_at=None, blocks=blocks)
    check_perf(perf, "perf.json")
    assert perf.sweep is not None
    assert [step.met for step in perf.sweep.steps] == [True, True, False]
    assert (perf.sweep.highest_met_per_s, perf.sweep.lowest_missed_per_s) == (0.9, 1.5)
    assert perf.workload.rate_per_s == 0.9
    assert perf.totals.requests == 130
    assert perf.latency.time_to_first_token_s.n == 130
    codes = {finding.code for finding in perf.findings}
    assert "slo-search-unfinished" in codes  # 0.9 and 1.5 are further apart than 10 %
    assert not codes & {"interrupted-run", "too-few-repetitions", "slo-missed"}


def test_a_sweep_that_no_rate_meets_says_so() -> None:
    records = [
        replace(r, chunk_ns=(r.scheduled_ns + 3 * S, r.done_ns + 3 * S))
        for r in served(steady(7, 0.5), 1.0)
    ]
    perf = build_perf(
        a_sweep(),
        records,
        [],
        [],
        finished_at=None,
        blocks=[a_block(130, rate=0.5, ended="missed")],
    )
    check_perf(perf, "perf.json")
    assert perf.sweep is not None
    assert perf.sweep.highest_met_per_s is None
    assert "slo-missed" in {finding.code for finding in perf.findings}


def test_a_step_without_an_end_is_in_no_result() -> None:
    perf = build_perf(a_sweep(), served(steady(5, 0.5), 1.0), [], [], finished_at=None, blocks=[])
    assert perf.sweep is not None
    assert perf.sweep.steps == ()
    assert perf.totals.requests == 0


def test_a_run_without_a_target_has_no_sweep() -> None:
    assert build_perf(a_manifest(), [a_request()], [], [], finished_at=None).sweep is None


def test_sweeps_of_two_hosts_are_the_same_load_at_rates_of_their_own() -> None:
    perfs = []
    for host, rate in (("slow", 0.5), ("fast", 0.9)):
        manifest = a_sweep()
        manifest = replace(manifest, run_id=f"{RUN_ID}-{host}", host={"hostname": host})
        perfs.append(
            build_perf(
                manifest,
                served(steady(130, rate), 1.0),
                [],
                [],
                finished_at=None,
                blocks=[a_block(130, rate=rate)],
            )
        )
    unknown = ("weights", "quantization", "engine")
    comparison = compare(perfs, allow=unknown, baseline="slow")
    (load,) = [item for item in comparison.gate if item.code == "load"]
    assert load.status == "same"
    assert set(load.values.values()) == {"constant, the highest rate with ttft_p95=2s"}
    (runs,) = [table for table in comparison.tables if table.key == "runs"]
    column = [column.key for column in runs.columns].index("highest_met_per_s")
    assert {row.label: row.cells[column].value for row in runs.rows} == {"slow": 0.5, "fast": 0.9}
