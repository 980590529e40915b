"""What charts draw, from the records alone."""

from dataclasses import replace

import pytest
from tests.unit.yoyak.runs import a_request

from yoyak.records import LoadRecord
from yoyak.report import series
from yoyak.report.messages import Messages

T = Messages("en")
S = 1_000_000_000


def a_load(repetition: int, started_s: float, load_s: float) -> LoadRecord:
    return LoadRecord(
        repetition=repetition,
        started_ns=int(started_s * S),
        done_ns=int((started_s + load_s) * S),
        load_s=load_s,
        state="disk",
        cached_ratio=0.0,
    )


def test_warm_up_and_failures_are_no_latencies() -> None:
    requests = [
        a_request(),
        a_request(is_warmup=True),
        a_request(error="timeout", chunk_ns=()),
    ]
    found = series.latencies_s(requests, open_loop=False)
    assert found["time_to_first_token_s"] == (0.5,)
    assert found["end_to_end_s"] == (1.4,)
    assert found["time_per_output_token_s"] == pytest.approx((0.1,))


def test_in_open_loop_a_request_waits_from_its_schedule() -> None:
    late = a_request(scheduled_ns=-S)
    assert series.latencies_s([late], open_loop=True)["time_to_first_token_s"] == (1.5,)


def test_a_phase_is_summed_over_the_requests_of_a_repetition() -> None:
    requests = [a_request(), a_request(), a_request(repetition=1)]
    (first, of_first), (second, of_second) = series.phase_seconds(
        requests, [a_load(0, 0, 2.5)], open_loop=False
    )
    assert (first, second) == (0, 1)
    assert of_first["load"] == 2.5
    assert of_first["prompt_eval"] == pytest.approx(2 * 0.498)
    assert of_first["decode"] == pytest.approx(2 * 0.9)
    assert of_first["queue_and_overhead"] == pytest.approx(2 * (1.4 - 0.498 - 0.9))
    assert of_second["load"] is None  # no load was recorded: not known to be 0


def test_a_phase_that_one_request_does_not_tell_is_unknown_for_the_repetition() -> None:
    requests = [a_request(), a_request(prompt_eval_s=None)]
    ((_, phases),) = series.phase_seconds(requests, [], open_loop=False)
    assert phases["prompt_eval"] is None
    assert phases["decode"] == pytest.approx(1.8)


def test_overhead_below_zero_by_the_rounding_of_two_clocks_is_drawn_as_zero() -> None:
    ((_, phases),) = series.phase_seconds([a_request(decode_s=0.91)], [], open_loop=False)
    assert phases["queue_and_overhead"] == 0.0


def test_every_request_is_on_the_time_axis_under_its_kind() -> None:
    requests = [a_request(), a_request(is_warmup=True), a_request(error="timeout")]
    assert [r.kind for r in series.timed_requests(requests)] == ["measured", "warmup", "failed"]
    assert series.timed_requests(requests)[0].taken_s == 1.4


def test_a_failed_warm_up_request_is_a_failure() -> None:
    (timed,) = series.timed_requests([a_request(is_warmup=True, error="timeout")])
    assert timed.kind == "failed"


def test_a_repetition_lasts_from_its_load_to_its_last_request() -> None:
    requests = [replace(a_request(), sent_ns=4 * S, done_ns=6 * S)]
    (span,) = series.repetition_spans(T, requests, [a_load(0, 1, 2)])
    assert (span.label, span.from_s, span.to_s) == ("Repetition 1", 1.0, 6.0)


def test_gaps_are_pooled_over_requests() -> None:
    assert len(series.gaps_s([a_request(), a_request()])) == 18


def test_nothing_happened_makes_an_axis_of_no_length() -> None:
    assert series.run_span_s([], [], []) == 0
