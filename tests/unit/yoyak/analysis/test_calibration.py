from dataclasses import replace
from typing import Any

import pytest
from tests.unit.yoyak.runs import a_manifest

from yoyak.analysis.calibration import (
    calibration_level,
    nearest_level,
    saturation,
    stamp_error,
)
from yoyak.analysis.findings.calibration import calibration_findings
from yoyak.records import Calibration, CalibrationLevel, RequestRecord, Totals

MS = 1_000_000
ORIGIN_NS = 7_000_000_000


def record(**changes: object) -> RequestRecord:
    whole = RequestRecord(
        request_id="r0",
        article_id="a",
        repetition=0,
        is_warmup=False,
        scheduled_ns=0,
        sent_ns=0,
        chunk_ns=(76 * MS, 97 * MS, 116 * MS),
        done_ns=117 * MS,
        article_chars=1,
        prompt_chars=1,
        output_chars=3,
        prompt_tokens=1,
        cached_tokens=None,
        output_tokens=3,
        engine_load_s=None,
        prompt_eval_s=None,
        decode_s=None,
        engine_total_s=None,
        finish_reason="length",
        http_status=200,
        error=None,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # fields by name


def truth(**changes: object) -> dict[str, dict[str, Any]]:
    """The ruler got the request 0.25 ms after it left, and wrote at 75.25, 95.25 and 115.25 ms."""
    written = [ORIGIN_NS + at for at in (75_250_000, 95_250_000, 115_250_000)]
    entry = {
        "received_ns": ORIGIN_NS + 250_000,
        "intended_ns": written,
        "written_ns": written,
        "done_written_ns": ORIGIN_NS + 115_250_000,
    }
    return {"r0": entry | changes}


def level(
    requests: list[RequestRecord], true: dict[str, dict[str, Any]], *, cpu_s: float = 0.03
) -> CalibrationLevel:
    return calibration_level(
        requests,
        true,
        concurrency=1,
        origin_ns=ORIGIN_NS,
        cpu_s=cpu_s,
        wall_s=1.0,
        rss_peak_bytes=1,
    )


def test_the_error_is_what_was_measured_less_what_was() -> None:
    found = level([record()], truth())
    # First token: 76 ms seen, 75 true. Gaps: 21 and 19 seen, 20 true. Whole: 117 seen, 115 true.
    assert found.time_to_first_token.bias_s == pytest.approx(0.001)
    assert found.inter_chunk_latency.max_s == pytest.approx(0.001)
    assert found.inter_chunk_latency.bias_s == pytest.approx(0.0, abs=1e-12)
    assert found.end_to_end.bias_s == pytest.approx(0.002)
    assert (found.requests, found.failed) == (1, 0)
    assert found.client_cpu_s_per_1000_tokens == pytest.approx(10.0)
    assert found.output_tokens_per_s == pytest.approx(3.0)


def test_a_ruler_that_writes_late_is_no_error_of_the_client() -> None:
    late = 300 * MS
    written = [stamp + late for stamp in truth()["r0"]["written_ns"]]
    true = truth(written_ns=written, done_written_ns=ORIGIN_NS + 115_250_000 + late)
    seen = record(chunk_ns=tuple(stamp + late for stamp in record().chunk_ns), done_ns=417 * MS)
    found = level([seen], true)
    assert found.time_to_first_token.bias_s == pytest.approx(0.001)
    assert found.ruler_lateness_p99_s == pytest.approx(0.3)


def test_a_request_that_failed_or_lost_a_chunk_counts_as_failed_and_saturates() -> None:
    lost = record(chunk_ns=(76 * MS, 116 * MS))
    for bad in (record(error="reset"), lost, record(request_id="unknown")):
        found = level([bad], truth())
        assert (found.requests, found.failed, found.is_saturated) == (0, 1, True)
        assert found.time_to_first_token.bias_s is None


def test_a_client_that_uses_its_whole_core_is_saturated() -> None:
    assert not level([record()], truth(), cpu_s=0.9).is_saturated
    assert level([record()], truth(), cpu_s=0.91).is_saturated


def test_percentiles_below_their_floor_are_unknown() -> None:
    few, some = stamp_error([0.001] * 10), stamp_error([-0.001] * 661)
    assert (few.p50_s, few.p99_s, few.max_s) == (None, None, 0.001)
    assert (some.p50_s, some.p99_s) == (0.001, None)
    assert some.bias_s == pytest.approx(-0.001)
    assert stamp_error([0.001] * 662).p99_s == pytest.approx(0.001)


def test_a_large_error_at_p99_is_saturation() -> None:
    requests = [record(request_id=f"r{i}") for i in range(662)]
    entry = truth()["r0"]
    good = level(requests, {f"r{i}": entry for i in range(662)})
    slow = [replace(one, chunk_ns=(90 * MS, 97 * MS, 116 * MS)) for one in requests]
    assert not good.is_saturated
    assert level(slow, {f"r{i}": entry for i in range(662)}).is_saturated


def at(concurrency: int, rate: float, *, is_saturated: bool = False) -> CalibrationLevel:
    return replace(
        level([record()], truth()),
        concurrency=concurrency,
        output_tokens_per_s=rate,
        is_saturated=is_saturated,
    )


def test_saturation_is_the_least_level_and_what_lies_below_is_sound() -> None:
    levels = [at(1, 50.0), at(16, 800.0), at(64, 3000.0, is_saturated=True), at(256, 5000.0)]
    assert saturation(levels) == (64, 16, 800.0)
    assert saturation(levels[:2]) == (None, 16, 800.0)
    assert saturation([at(1, 50.0, is_saturated=True)]) == (1, None, None)


def calibration(*levels: CalibrationLevel) -> Calibration:
    saturated, sound, rate = saturation(levels)
    return Calibration(
        schema_version=1,
        host_id="0" * 16,
        yoyak_version="0",
        measured_at="2026-11-27T00:00:00Z",
        engine="ollama",
        has_own_cores=True,
        is_realtime=False,
        first_chunk_s=0.075,
        gap_s=0.02,
        levels=levels,
        saturation_concurrency=saturated,
        sound_concurrency=sound,
        sound_tokens_per_s=rate,
    )


def test_the_level_that_stands_for_a_load_is_the_least_that_is_as_large() -> None:
    made = calibration(at(1, 50.0), at(16, 800.0))
    assert nearest_level(made, 1) == made.levels[0]
    assert nearest_level(made, 2) == made.levels[1]
    assert nearest_level(made, 600) == made.levels[1]
    assert nearest_level(calibration(), 1) is None


def doubts(
    made: Calibration | None, *, streams: int, tokens_per_s: float = 10.0, arrivals: str = "closed"
) -> list[str | None]:
    workload = replace(
        a_manifest().workload,
        concurrency=streams,
        arrivals=arrivals,  # type: ignore[arg-type]  # a literal
    )
    totals = Totals(
        total_s=1.0,
        total_with_load_s=None,
        requests=1,
        failed=0,
        article_chars=None,
        prompt_chars=None,
        output_chars=None,
        prompt_tokens=None,
        output_tokens=tokens_per_s,
        prompt_chars_per_total_s=None,
        output_chars_per_total_s=None,
        client_rss_end_bytes=None,
        client_cpu_percent=None,
    )
    return [found.wording for found in calibration_findings(made, workload, totals)]


def test_a_run_without_calibration_is_told_so() -> None:
    assert doubts(None, streams=1) == ["not-calibrated"]


def test_a_run_within_its_calibration_has_no_doubt() -> None:
    assert doubts(calibration(at(1, 50.0), at(16, 800.0)), streams=16, tokens_per_s=800.0) == []


def test_a_run_past_its_calibration_is_warned() -> None:
    saturated = calibration(at(16, 800.0), at(64, 900.0, is_saturated=True))
    assert doubts(saturated, streams=17) == ["client-past-calibration/saturated"]
    assert doubts(calibration(at(16, 800.0)), streams=17) == ["client-past-calibration/untested"]
    assert doubts(saturated, streams=1, tokens_per_s=801.0) == ["client-past-calibration/rate"]
    never = calibration(at(1, 50.0, is_saturated=True))
    assert doubts(never, streams=1) == ["client-past-calibration/never-sound"]


def test_an_open_loop_is_judged_by_its_rate_of_tokens_alone() -> None:
    made = calibration(at(16, 800.0))
    assert doubts(made, streams=17, arrivals="poisson") == []
    assert doubts(made, streams=17, arrivals="poisson", tokens_per_s=900.0) == [
        "client-past-calibration/rate"
    ]
