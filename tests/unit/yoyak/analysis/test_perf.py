import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from yoyak.analysis.prices import PriceTable, RegionPrices
from yoyak.records import LoadRecord, Manifest, Option, Perf, RequestRecord
from yoyak.store.codec import from_json, to_json

MakePerf = Callable[..., Perf]
Change = Callable[..., tuple[RequestRecord, ...]]


def codes(perf: Perf) -> set[str]:
    return {finding.code for finding in perf.findings}


def test_totals_are_over_one_pass(make_perf: MakePerf) -> None:
    totals = make_perf().totals
    assert totals.total_s == 4  # two requests of 2 s, one after the other
    assert totals.total_with_load_s == 8  # and 3 or 5 s of loading
    assert (totals.requests, totals.failed) == (4, 0)
    assert (totals.article_chars, totals.prompt_chars, totals.output_chars) == (120, 200, 44)
    assert (totals.prompt_tokens, totals.output_tokens) == (100, 22)


def test_the_old_studys_rates_keep_their_definition(make_perf: MakePerf) -> None:
    totals = make_perf().totals
    assert totals.prompt_chars_per_total_s == 200 / 8
    assert totals.output_chars_per_total_s == 44 / 8


def test_totals_carry_the_interval_of_their_repetitions(make_perf: MakePerf) -> None:
    totals = make_perf().totals
    assert totals.total_s_ci95 == pytest.approx((4, 4))  # both passes took 4 s
    # 7 s and 9 s with loading: t(0.975, 1) = 12.706 on the logarithms.
    half = 12.7062 * (math.log(9 / 7) / math.sqrt(2)) / math.sqrt(2)
    centre = math.sqrt(63)
    expected = (centre / math.exp(half), centre * math.exp(half))
    assert totals.total_with_load_s_ci95 == pytest.approx(expected, rel=1e-4)
    assert totals.prompt_chars_per_total_s_ci95 == pytest.approx(
        (200 / expected[1], 200 / expected[0]), rel=1e-4
    )


def test_totals_of_one_repetition_have_no_interval(
    make_perf: MakePerf, records: tuple[RequestRecord, ...]
) -> None:
    totals = make_perf(requests=records[:2]).totals
    assert (totals.total_s, totals.total_s_ci95, totals.total_with_load_s_ci95) == (4, None, None)


def test_decode_rates_count_the_steps_after_the_first_token(make_perf: MakePerf) -> None:
    rates = make_perf().rates
    assert rates.decode_tokens_per_s.value == pytest.approx(10)  # 10 steps in 1 s
    assert rates.decode_tokens_per_s.source == "engine"
    assert rates.output_chars_per_s.value == pytest.approx(20)  # 22 * 10 / 11
    assert rates.decode_tokens_per_s.n == 2


def test_prompt_rates_are_over_the_engines_prompt_time(make_perf: MakePerf) -> None:
    rates = make_perf().rates
    assert rates.prompt_tokens_per_s.value == pytest.approx(100)
    assert rates.prompt_chars_per_s.value == pytest.approx(200)


def test_requests_per_s_is_the_pace_of_a_pass(make_perf: MakePerf) -> None:
    assert make_perf().rates.requests_per_s.repetition_values == (0.5, 0.5)


def test_a_repetitions_rate_is_a_sum_over_a_sum(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    slow = change(records, 0, decode_s=3.0)
    rate = make_perf(requests=slow).rates.decode_tokens_per_s
    assert rate.repetition_values == pytest.approx((20 / 4, 20 / 2))
    assert rate.value == pytest.approx((5 * 10) ** 0.5)  # geometric mean over repetitions


def test_without_the_engines_clock_decode_rates_rest_on_the_clients(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    rate = make_perf(requests=change(records, decode_s=None)).rates.decode_tokens_per_s
    assert rate.source == "client"
    assert rate.value == pytest.approx(10)


def test_one_request_without_the_engines_clock_moves_the_whole_run_to_the_clients(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    rate = make_perf(requests=change(records, 2, decode_s=None)).rates.decode_tokens_per_s
    assert rate.source == "client"


def test_an_engine_that_counts_no_tokens_has_no_decode_rate(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    perf = make_perf(requests=change(records, output_tokens=None))
    assert perf.rates.decode_tokens_per_s.value is None
    assert perf.rates.decode_tokens_per_s.source is None
    assert perf.totals.output_tokens is None


def test_warm_up_is_left_out(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    warm = change(records[:1], request_id="w", is_warmup=True, decode_s=9.0, done_ns=50 * 10**9)
    assert make_perf(requests=(*warm, *records)) == make_perf()


def test_failed_requests_are_counted_and_enter_no_latency(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    perf = make_perf(requests=change(records, 3, error="timeout", done_ns=500 * 10**9))
    assert (perf.totals.requests, perf.totals.failed) == (4, 1)
    assert perf.latency.end_to_end_s.n == 3
    assert perf.latency.end_to_end_s.max == 2
    assert "failed-requests" in codes(perf)


def test_without_a_success_everything_is_unknown_and_invalid(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    perf = make_perf(requests=change(records, error="connect"))
    assert perf.latency.end_to_end_s.n == 0
    assert perf.latency.end_to_end_s.mean is None
    assert perf.rates.requests_per_s.value is None
    assert perf.totals.output_chars is None
    assert perf.findings[0].code == "no-successful-request"
    assert perf.findings[0].severity == "invalid"


def test_a_run_without_any_record_is_a_result_too(make_perf: MakePerf) -> None:
    perf = make_perf(requests=(), load_records=())
    assert perf.totals.total_s is None
    assert (perf.totals.requests, perf.model_load.n) == (0, 0)
    assert codes(perf) >= {"no-successful-request", "interrupted-run"}


def test_a_rate_over_cached_tokens_is_void(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    perf = make_perf(requests=change(records, 1, cached_tokens=25))
    assert perf.rates.prompt_tokens_per_s.value is None
    assert perf.rates.prompt_chars_per_s.value is None
    assert perf.rates.decode_tokens_per_s.value == pytest.approx(10)
    assert [f.severity for f in perf.findings if f.code == "cached-tokens"] == ["invalid"]


def test_the_few_cached_tokens_of_a_chat_template_are_left_out_of_the_rate(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    perf = make_perf(requests=change(records, cached_tokens=2))
    assert perf.rates.prompt_tokens_per_s.value == pytest.approx(48 / 0.5)
    assert perf.rates.prompt_chars_per_s.value == pytest.approx(100 * 0.96 / 0.5)
    assert [f.severity for f in perf.findings if f.code == "cached-tokens"] == ["info"]


def test_a_repetition_that_was_cut_off_counts_in_latencies_only(
    make_perf: MakePerf, records: tuple[RequestRecord, ...]
) -> None:
    perf = make_perf(requests=records[:3])
    assert perf.latency.end_to_end_s.n == 3
    assert perf.rates.decode_tokens_per_s.n == 1
    assert perf.rates.decode_tokens_per_s.ci95 is None
    assert "interrupted-run" in codes(perf)


def test_a_repetition_that_runs_for_a_time_is_whole_when_the_time_is_over(
    make_perf: MakePerf, manifest: Manifest
) -> None:
    timed = {**manifest.options, "duration": Option(value=4.0, origin="flag")}
    assert make_perf(manifest=replace(manifest, options=timed)).rates.requests_per_s.n == 2
    longer = {**manifest.options, "duration": Option(value=5.0, origin="flag")}
    assert make_perf(manifest=replace(manifest, options=longer)).rates.requests_per_s.n == 0


def test_in_open_loop_latency_counts_from_the_schedule(
    make_perf: MakePerf,
    manifest: Manifest,
    records: tuple[RequestRecord, ...],
) -> None:
    work = replace(manifest.workload, arrivals="poisson", rate_per_s=0.5, concurrency=None)
    late = tuple(replace(r, scheduled_ns=r.sent_ns - 10**9) for r in records)
    perf = make_perf(manifest=replace(manifest, workload=work), requests=late)
    assert perf.latency.time_to_first_token_s.mean == pytest.approx(1.5)
    assert perf.totals.total_s == 5
    assert "late-client" in codes(perf)


def test_without_explicit_loads_the_total_with_load_is_unknown(make_perf: MakePerf) -> None:
    perf = make_perf(load_records=())
    assert perf.totals.total_with_load_s is None
    assert perf.totals.prompt_chars_per_total_s is None
    assert perf.totals.total_s == 4
    assert "load-not-measured" in codes(perf)


def test_loads_of_different_states_have_none(
    make_perf: MakePerf, loads: tuple[LoadRecord, ...]
) -> None:
    mixed = (loads[0], replace(loads[1], state="disk"))
    perf = make_perf(load_records=mixed)
    assert perf.model_load.state is None
    assert perf.model_load.values_s == (3, 5)
    assert "load-state-mixed" in codes(perf)
    assert make_perf().model_load.state == "page_cache"


def test_gaps_are_pooled_and_counted_in_requests(make_perf: MakePerf) -> None:
    gaps = make_perf().latency.inter_chunk_latency_s
    assert gaps.n == 4
    assert gaps.mean == pytest.approx(0.1)
    assert gaps.p50 is None  # 40 gaps, but 4 requests


def test_the_users_price_beats_the_table(make_perf: MakePerf) -> None:
    cost = make_perf(usd_per_hour=3.6).cost
    assert cost.usd_per_hour == 3.6
    assert cost.usd_per_1000_articles == pytest.approx(0.001 * 2 * 1000)  # 2 s an article
    assert cost.usd_per_million_output_tokens == pytest.approx(0.001 * 1e6 / 5.5)


def test_the_table_prices_a_type_in_its_region_only(
    make_perf: MakePerf, manifest: Manifest
) -> None:
    prices = PriceTable(
        what="test",
        regions={
            "us-east-1": RegionPrices(
                source="somebody", retrieved="2026-11-23", usd_per_hour={"r5.4xlarge": 1.0}
            )
        },
    )
    here = replace(manifest, host={**manifest.host, "availability_zone": "us-east-1b"})
    assert make_perf(manifest=here, prices=prices).cost.usd_per_hour == 1.0
    there = replace(manifest, host={**manifest.host, "availability_zone": "eu-west-1b"})
    assert make_perf(manifest=there, prices=prices).cost.usd_per_hour is None
    assert make_perf(prices=prices).cost.price_source is None  # no region is known


def test_findings_of_the_shell_are_kept_and_the_gravest_come_first(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    plain = make_perf()
    from_shell = replace(plain.findings[0], code="sampler-died", severity="warning")
    perf = make_perf(requests=change(records, cached_tokens=25), also=[from_shell])
    severities = [f.severity for f in perf.findings]
    assert severities == sorted(severities, key=["invalid", "warning", "info"].index)
    assert "sampler-died" in codes(perf)


def test_results_survive_their_own_file(make_perf: MakePerf) -> None:
    perf = make_perf()
    assert to_json(from_json(Perf, to_json(perf), where="perf.json")) == to_json(perf)


def test_the_order_of_records_does_not_matter(
    make_perf: MakePerf, records: tuple[RequestRecord, ...]
) -> None:
    assert make_perf(requests=tuple(reversed(records))) == make_perf()
