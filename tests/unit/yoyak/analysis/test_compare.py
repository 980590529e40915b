import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from yoyak.analysis.compare import compare
from yoyak.analysis.comparison import Comparison, Contrast, Metric, Table
from yoyak.analysis.messages import TEXT
from yoyak.analysis.prices import GIVEN, PriceTable, RegionPrices
from yoyak.errors import MeasuredFailure, UsageError
from yoyak.records import Cost, Finding, Perf, Severity
from yoyak.store.codec import from_json, to_json

MakeHost = Callable[..., Perf]


def metric(comparison: Comparison, key: str, level: str = "run") -> Metric:
    return next(m for m in comparison.metrics if (m.key, m.level) == (key, level))


def contrasts(found: Metric) -> Mapping[str, Contrast]:
    return {contrast.label: contrast for contrast in found.contrasts}


def table(comparison: Comparison, key: str) -> Table:
    return next(t for t in comparison.tables if t.key == key)


def keys(comparison: Comparison) -> Sequence[str]:
    return [t.key for t in comparison.tables]


def test_times_faster_is_welchs_interval_on_the_logarithms(make_host: MakeHost) -> None:
    slow, fast = make_host("r5.4xlarge"), make_host("r5.8xlarge", decode=13.0)
    found = contrasts(metric(compare([slow, fast]), "decode_tokens_per_s"))["r5.8xlarge"]
    reference = stats.ttest_ind(
        np.log(fast.rates.decode_tokens_per_s.repetition_values),
        np.log(slow.rates.decode_tokens_per_s.repetition_values),
        equal_var=False,
    )
    low, high = reference.confidence_interval(0.95)
    assert found.ratio == pytest.approx(1.3)
    assert found.interval == pytest.approx((math.exp(low), math.exp(high)))
    assert found.p_value == pytest.approx(reference.pvalue)
    assert found.outcome == "faster"


def test_a_slower_load_is_below_one_although_its_number_is_higher(make_host: MakeHost) -> None:
    one, two = make_host("r5.4xlarge"), make_host("r5.8xlarge")
    loads = replace(two.model_load, values_s=(6.0, 10.2))  # twice 3 and 5, nearly
    found = contrasts(metric(compare([one, replace(two, model_load=loads)]), "model_load_s"))[
        "r5.8xlarge"
    ]
    assert found.ratio == pytest.approx(math.sqrt(15) / math.sqrt(61.2))


def test_verdicts_are_plain_sentences(make_host: MakeHost) -> None:
    a = make_host("r5.4xlarge", usd=1.0)
    b = make_host("r5.8xlarge", decode=12.9, pace=0.65, usd=0.8)
    comparison = compare([a, b], baseline="r5.4xlarge")
    (sentence,) = comparison.verdicts
    # By hand: the logs of the noise have s = 0.00791, so 1.29 * exp(-+ 2.306 * s * sqrt(2 / 5)).
    assert sentence.startswith("r5.8xlarge: decodes 1.29x [1.28, 1.30] faster than r5.4xlarge")
    assert "costs 1.63x [1.61, 1.64] less per article" in sentence  # 1.3 / 0.8
    assert "no difference from r5.4xlarge shown in: prompt evaluation" in sentence


def test_slower_is_said_as_a_number_above_one(make_host: MakeHost) -> None:
    a, b = make_host("r5.4xlarge"), make_host("r5.8xlarge", decode=5.0)
    (sentence,) = compare([a, b]).verdicts
    assert "decodes 2.00x [1.98, 2.02] slower than r5.4xlarge" in sentence


def test_no_difference_shown_is_an_answer(make_host: MakeHost) -> None:
    a, b = make_host("r5.4xlarge"), make_host("m5.4xlarge", decode=10.02)
    (sentence,) = compare([a, b]).verdicts
    assert sentence == (
        "m5.4xlarge: no difference from r5.4xlarge shown in: "
        "decoding, prompt evaluation, articles a second."
    )


def test_many_hosts_raise_the_bar_by_holm(make_host: MakeHost) -> None:
    base = make_host("a1.x1")
    # 1.3 % over a noise of 0.8 %: clear in one comparison, not among nine.
    near = make_host("b1.x1", decode=10.13)
    alone = contrasts(metric(compare([base, near]), "decode_tokens_per_s"))["b1.x1"]
    assert alone.outcome == "faster"
    others = [make_host(f"c{i}.x1") for i in range(8)]
    among = contrasts(metric(compare([base, near, *others]), "decode_tokens_per_s"))["b1.x1"]
    assert among.p_value == pytest.approx(alone.p_value)
    assert among.outcome == "no_difference"


def test_the_ranking_groups_what_cannot_be_told_apart(make_host: MakeHost) -> None:
    runs = [make_host("a1.x1"), make_host("b1.x1", decode=20.0), make_host("c1.x1", decode=20.01)]
    found = metric(compare(runs), "decode_tokens_per_s")
    assert found.ranking == (("c1.x1", "b1.x1"), ("a1.x1",))


def test_the_ranking_is_a_table_and_its_first_are_the_answer(make_host: MakeHost) -> None:
    runs = [
        make_host("a1.x1", usd=1.0),
        make_host("b1.x1", pace=1.0, usd=4.0),
        make_host("c1.x1", pace=1.001, usd=4.0),
    ]
    comparison = compare(runs)
    orders = {row.label: row.cells[0].value for row in table(comparison, "ranking").rows}
    assert orders["Articles a second"] == "c1.x1 ≈ b1.x1 > a1.x1"
    assert orders["Articles for a dollar"] == "a1.x1 > c1.x1 ≈ b1.x1"
    assert comparison.answer == (
        "Finishes most articles: c1.x1 ≈ b1.x1.",
        "Costs least per article: a1.x1.",
    )


def test_where_nobody_is_ahead_nobody_is_named(make_host: MakeHost) -> None:
    comparison = compare([make_host("a1.x1"), make_host("b1.x1")])
    assert comparison.answer == ()
    orders = {row.label: row.cells[0].value for row in table(comparison, "ranking").rows}
    assert orders["Decoding"] == "a1.x1 ≈ b1.x1"


def test_of_answers_of_unlike_length_only_rates_per_token_are_judged(make_host: MakeHost) -> None:
    long, short = make_host("r5.4xlarge", usd=1.0), make_host("r5.8xlarge", pace=2.0, usd=1.5)
    halved = replace(
        short.totals,
        output_tokens=11.0,
        output_chars=22.0,
        output_chars_per_total_s=None,
        output_chars_per_total_s_ci95=None,
    )
    short = replace(short, totals=halved)
    comparison = compare([long, short])
    for key in ("requests_per_s", "articles_per_usd"):
        found = metric(comparison, key)
        assert contrasts(found)["r5.8xlarge"].outcome == "unknown", key
        assert found.ranking == (), key
    assert contrasts(metric(comparison, "decode_tokens_per_s"))["r5.8xlarge"].outcome != "unknown"
    assert not any("finishes articles" in sentence for sentence in comparison.verdicts)
    assert any("not judged for r5.8xlarge" in sentence for sentence in comparison.cannot_say)


def a_finding(code: str, severity: Severity) -> Finding:
    return Finding(code=code, severity=severity, message="told in full there", mend=None)


def test_a_run_that_is_no_measurement_is_not_judged(make_host: MakeHost) -> None:
    void = replace(
        make_host("b1.x1", decode=20.0), findings=(a_finding("engine-restarted", "invalid"),)
    )
    comparison = compare([make_host("a1.x1"), void, make_host("c1.x1", decode=15.0)])
    found = metric(comparison, "decode_tokens_per_s")
    assert contrasts(found)["b1.x1"].outcome == "unknown"
    assert contrasts(found)["c1.x1"].outcome == "faster"
    assert found.ranking == (("c1.x1",), ("a1.x1",))
    assert any("Nothing is judged of b1.x1" in sentence for sentence in comparison.cannot_say)


def test_against_a_baseline_that_is_no_measurement_nothing_is_judged(make_host: MakeHost) -> None:
    void = replace(make_host("a1.x1"), findings=(a_finding("clocks-disagree", "invalid"),))
    comparison = compare([void, make_host("b1.x1", decode=20.0)])
    assert comparison.verdicts == ()


def test_one_void_host_leaves_its_type_unjudged(make_host: MakeHost) -> None:
    hosts = [make_host(kind, host=f"i{i}") for kind in ("a1.x1", "b1.x1") for i in range(3)]
    hosts[4] = replace(hosts[4], findings=(a_finding("options-not-followed", "invalid"),))
    found = metric(compare(hosts), "decode_tokens_per_s", level="type")
    assert contrasts(found)["b1.x1"].outcome == "unknown"


def test_what_makes_single_runs_doubtful_is_told_by_code(make_host: MakeHost) -> None:
    a = replace(make_host("a1.x1"), findings=(a_finding("foreign-cpu", "warning"),))
    b = replace(
        make_host("b1.x1"),
        findings=(
            a_finding("foreign-cpu", "warning"),
            a_finding("engine-restarted", "invalid"),
            a_finding("too-few-samples", "info"),
        ),
    )
    found = [f for f in compare([a, b]).findings if f.code == "of-single-runs"]
    assert [(f.severity, f.details["listed"]) for f in found] == [
        ("invalid", "engine-restarted: b1.x1"),
        ("warning", "foreign-cpu: a1.x1, b1.x1"),
    ]


def test_a_single_repetition_gives_numbers_and_no_verdict(make_host: MakeHost) -> None:
    one = make_host("r5.4xlarge")
    rate = replace(
        one.rates.decode_tokens_per_s, ci95=None, n=1, repetition_values=(10.0,), value=10.0
    )
    one = replace(one, rates=replace(one.rates, decode_tokens_per_s=rate))
    found = contrasts(metric(compare([make_host("r5.8xlarge"), one]), "decode_tokens_per_s"))[
        "r5.4xlarge"
    ]
    assert found.ratio is not None
    assert (found.interval, found.p_value, found.outcome) == (None, None, "unknown")


def test_the_cheapest_an_hour_is_the_baseline(make_host: MakeHost) -> None:
    dear, cheap = make_host("r5.8xlarge", usd=2.0), make_host("r5.4xlarge", usd=1.0)
    comparison = compare([dear, cheap])
    assert comparison.baseline == "r5.4xlarge"
    assert "cheapest" in (comparison.baseline_reason or "")


def test_without_prices_the_first_run_is_the_baseline(make_host: MakeHost) -> None:
    comparison = compare([make_host("x1.a"), make_host("y1.a")])
    assert comparison.baseline == "x1.a"


def test_a_baseline_is_named_by_type_label_or_run_id(make_host: MakeHost) -> None:
    runs = [make_host("r5.4xlarge"), make_host("r5.8xlarge")]
    assert compare(runs, baseline="r5.8xlarge").baseline == "r5.8xlarge"
    assert compare(runs, baseline=runs[1].run_id).baseline == "r5.8xlarge"
    with pytest.raises(UsageError, match=r"none of the runs.*r5\.4xlarge, r5\.8xlarge"):
        compare(runs, baseline="c7g.large")


def test_a_type_with_several_hosts_cannot_be_a_baseline_by_its_name(make_host: MakeHost) -> None:
    runs = [make_host("r5.4xlarge", host="i1"), make_host("r5.4xlarge", host="i2")]
    with pytest.raises(UsageError, match="several"):
        compare(runs, baseline="r5.4xlarge")


def a_table(usd: float) -> PriceTable:
    prices = RegionPrices(source="ours", retrieved="2026-11-01", usd_per_hour={"r5.4xlarge": usd})
    return PriceTable(what="spot", regions={"us-east-1": prices})


def test_a_price_file_of_the_user_wins_over_what_the_run_recorded(make_host: MakeHost) -> None:
    here = make_host("r5.4xlarge", zone="us-east-1a")
    recorded = Cost(
        usd_per_hour=1.008,
        price_source="on demand",
        usd_per_1000_articles=None,
        usd_per_million_output_tokens=None,
    )
    runs = [replace(here, cost=recorded), make_host("r5.8xlarge")]
    assert compare(runs).subjects[0].usd_per_hour == 1.008
    subject = compare(runs, prices=a_table(0.3)).subjects[0]
    assert (subject.usd_per_hour, subject.price_source) == (0.3, "ours (us-east-1, 2026-11-01)")
    told = replace(runs[0], cost=replace(recorded, price_source=GIVEN, usd_per_hour=0.9))
    assert compare([told, runs[1]], prices=a_table(0.3)).subjects[0].usd_per_hour == 0.9


def test_what_a_price_file_does_not_hold_keeps_the_price_it_has(make_host: MakeHost) -> None:
    runs = [make_host("m5.4xlarge", zone="us-east-1a"), make_host("r5.8xlarge", usd=2.0)]
    priced = [s.usd_per_hour for s in compare(runs, prices=a_table(0.3)).subjects]
    assert priced == [0.768, 2.0]


def test_prices_come_from_the_table_where_the_region_is_known(make_host: MakeHost) -> None:
    here = make_host("r5.4xlarge", zone="us-east-1a")
    nowhere = make_host("r5.8xlarge")
    subjects = compare([here, nowhere]).subjects
    assert [s.usd_per_hour for s in subjects] == [1.008, None]
    assumed = compare([here, nowhere], region="ap-northeast-2").subjects
    assert [s.usd_per_hour for s in assumed] == [1.008, 2.432]


def test_families_and_sizes_get_tables_of_their_own(make_host: MakeHost) -> None:
    runs = [make_host(kind) for kind in ("r5.8xlarge", "r5.4xlarge", "m5.8xlarge")]
    comparison = compare(runs)
    assert [row.label for row in table(comparison, "family:r5").rows] == [
        "r5.4xlarge",
        "r5.8xlarge",
    ]
    assert [row.label for row in table(comparison, "size:8xlarge").rows] == [
        "r5.8xlarge",
        "m5.8xlarge",
    ]
    assert "family:m5" not in keys(comparison)


def test_every_row_has_a_cell_for_every_column(make_host: MakeHost) -> None:
    comparison = compare([make_host("r5.4xlarge", usd=1.0), make_host("r5.8xlarge")])
    for found in comparison.tables:
        assert all(len(row.cells) == len(found.columns) for row in found.rows)


def test_rates_stand_in_the_table_with_their_interval(make_host: MakeHost) -> None:
    a = make_host("r5.4xlarge")
    found = table(compare([a, make_host("r5.8xlarge")]), "runs")
    place = [column.key for column in found.columns].index("decode_tokens_per_s")
    cell = found.rows[0].cells[place]
    assert cell.value == a.rates.decode_tokens_per_s.value
    assert cell.interval == a.rates.decode_tokens_per_s.ci95


def test_cost_follows_price_and_pace(make_host: MakeHost) -> None:
    comparison = compare([make_host("r5.4xlarge", usd=3.6), make_host("r5.8xlarge", usd=3.6)])
    found = table(comparison, "cost")
    place = [column.key for column in found.columns].index("usd_per_1000_articles")
    value = found.rows[0].cells[place].value
    assert value == pytest.approx(0.001 * 1000 / 0.5, rel=1e-3)


def test_several_hosts_of_a_type_are_a_level_of_their_own(make_host: MakeHost) -> None:
    runs = [
        make_host("r5.4xlarge", host="i1", decode=10.0),
        make_host("r5.4xlarge", host="i2", decode=11.0),
        make_host("m5.4xlarge", host="i3", decode=20.0),
        make_host("m5.4xlarge", host="i4", decode=21.0),
    ]
    comparison = compare(runs, baseline=runs[0].run_id)
    found = metric(comparison, "decode_tokens_per_s", "type")
    assert [(e.label, e.n) for e in found.estimates] == [("r5.4xlarge", 2), ("m5.4xlarge", 2)]
    contrast = contrasts(found)["m5.4xlarge"]
    assert contrast.ratio == pytest.approx(math.sqrt(20 * 21) / math.sqrt(10 * 11))
    # n is hosts, not repetitions: two a side make a wide interval.
    assert contrast.interval is not None
    within = contrasts(metric(comparison, "decode_tokens_per_s"))["m5.4xlarge i3"]
    assert within.interval is not None
    assert contrast.interval[1] - contrast.interval[0] > 5 * (
        within.interval[1] - within.interval[0]
    )
    assert [s.label for s in comparison.subjects if s.level == "type"] == [
        "r5.4xlarge",
        "m5.4xlarge",
    ]
    assert any(v.startswith("Type m5.4xlarge (2 hosts)") for v in comparison.verdicts)


def test_two_runs_on_one_host_are_no_second_host(make_host: MakeHost) -> None:
    again = replace(make_host("r5.4xlarge", host="i1"), run_id="run-again")
    runs = [make_host("r5.4xlarge", host="i1"), again]
    assert all(m.level == "run" for m in compare(runs).metrics)


def test_one_host_of_a_type_never_speaks_for_it(make_host: MakeHost) -> None:
    sentences = compare([make_host("r5.4xlarge"), make_host("r5.8xlarge")]).cannot_say
    assert any("One host of each type" in sentence for sentence in sentences)


def test_too_few_repetitions_for_the_hosts_are_said(make_host: MakeHost) -> None:
    runs = [make_host(f"a{i}.x1") for i in range(3)]
    sentences = compare(runs).cannot_say
    assert any("3 hosts" in s and "needs 6 repetitions" in s for s in sentences)


def test_runs_that_share_a_type_are_told_apart(make_host: MakeHost) -> None:
    runs = [make_host("r5.4xlarge", host="i1"), make_host("r5.4xlarge", host="i2")]
    assert [s.label for s in compare(runs).subjects if s.level == "run"] == [
        "r5.4xlarge i1",
        "r5.4xlarge i2",
    ]


def test_one_run_or_the_same_twice_is_no_comparison(make_host: MakeHost) -> None:
    with pytest.raises(UsageError, match="two runs"):
        compare([make_host("r5.4xlarge")])
    with pytest.raises(UsageError, match="named twice"):
        compare([make_host("r5.4xlarge"), make_host("r5.4xlarge")])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_none_is_refused_with_its_place(make_host: MakeHost, value: float) -> None:
    bad = make_host("r5.8xlarge")
    bad = replace(bad, totals=replace(bad.totals, total_s=value))
    with pytest.raises(UsageError, match=r"r5\.8xlarge: totals\.total_s is (nan|inf)"):
        compare([make_host("r5.4xlarge"), bad])


def test_a_rate_below_zero_is_refused(make_host: MakeHost) -> None:
    bad = make_host("r5.8xlarge")
    rate = replace(bad.rates.decode_tokens_per_s, repetition_values=(1.0, -1.0))
    with pytest.raises(UsageError, match="not above 0"):
        compare(
            [
                make_host("r5.4xlarge"),
                replace(bad, rates=replace(bad.rates, decode_tokens_per_s=rate)),
            ]
        )


def test_failed_requests_without_their_records_are_a_finding(make_host: MakeHost) -> None:
    bad = make_host("r5.8xlarge")
    bad = replace(bad, totals=replace(bad.totals, failed=1))
    codes = {f.code for f in compare([make_host("r5.4xlarge"), bad]).findings}
    assert "articles-not-paired" in codes


def test_a_comparison_survives_json(make_host: MakeHost) -> None:
    comparison = compare([make_host("r5.4xlarge", usd=1.0), make_host("r5.8xlarge", usd=2.0)])
    again = from_json(Comparison, to_json(comparison), where="comparison")
    assert to_json(again) == to_json(comparison)


def test_korean_says_the_same_in_other_words(make_host: MakeHost) -> None:
    runs = [make_host("r5.4xlarge"), make_host("r5.8xlarge", decode=20.0)]
    english, korean = compare(runs), compare(runs, language="ko")
    assert keys(english) == keys(korean)
    assert len(english.verdicts) == len(korean.verdicts)
    assert "빠릅니다" in korean.verdicts[0]
    assert "2.00" in korean.verdicts[0]


def fields(text: str) -> set[str]:
    return {part.split("}")[0] for part in text.split("{")[1:]}


@pytest.mark.parametrize("key", TEXT)
def test_both_languages_have_the_same_fields(key: str) -> None:
    english, korean = TEXT[key]
    assert fields(english) == fields(korean)


def test_many_runs_make_no_line_that_nobody_reads(make_host: MakeHost) -> None:
    runs = [make_host(f"a{i}.x1", decode=10 + i) for i in range(100)]
    runs = [replace(p, engine=replace(p.engine, build=f"build {i}")) for i, p in enumerate(runs)]
    comparison = compare(runs)
    assert len(comparison.verdicts) == 99
    told = [*comparison.cannot_say, *(finding.message for finding in comparison.findings)]
    assert max(map(len, told)) < 400
    assert any("+95" in sentence for sentence in told)


def test_a_refusal_of_many_runs_is_still_a_line(make_host: MakeHost) -> None:
    runs = [make_host(f"a{i}.x1") for i in range(100)]
    unlike = [replace(p, workload=replace(p.workload, seed=i)) for i, p in enumerate(runs)]
    with pytest.raises(MeasuredFailure, match=r"\+95") as caught:
        compare(unlike)
    assert len(str(caught.value)) < 500


def test_a_run_without_a_success_stands_in_the_tables_without_a_verdict(
    make_host: MakeHost, make_perf: Callable[..., Perf]
) -> None:
    empty = replace(make_perf(requests=()), run_id="empty", host={"instance_type": "m5.4xlarge"})
    codes = ["load-state", "rate-source"]
    comparison = compare([make_host("r5.4xlarge"), empty], allow=codes)
    assert comparison.verdicts == ()
    found = metric(comparison, "decode_tokens_per_s")
    assert [(e.label, e.value, e.n) for e in found.estimates][1] == ("m5.4xlarge", None, 0)
    assert contrasts(found)["m5.4xlarge"].outcome == "unknown"


def test_a_load_of_no_time_is_not_compared(make_host: MakeHost) -> None:
    one, two = make_host("r5.4xlarge"), make_host("r5.8xlarge")
    resident = replace(two, model_load=replace(two.model_load, values_s=(0.0, 0.0)))
    found = contrasts(metric(compare([one, resident]), "model_load_s"))["r5.8xlarge"]
    assert (found.ratio, found.outcome) == (None, "unknown")


def test_a_baseline_without_rates_leaves_their_outcome_unknown(
    make_host: MakeHost, make_perf: Callable[..., Perf]
) -> None:
    empty = replace(make_perf(requests=()), run_id="empty", host={"instance_type": "m5.4xlarge"})
    comparison = compare([empty, make_host("r5.4xlarge")], allow=["load-state", "rate-source"])
    assert comparison.baseline == "m5.4xlarge"
    rates = [m for m in comparison.metrics if m.key != "model_load_s"]
    assert {c.outcome for m in rates for c in m.contrasts} == {"unknown"}
