"""The page of a comparison."""

import json
from dataclasses import replace

from tests.data_factories.benchmark_run import a_comparison, results_of_hosts
from tests.data_factories.html_page import HOSTILE, Page

from yoyak.analysis.compare import compare
from yoyak.analysis.comparison import Comparison, TargetResult
from yoyak.analysis.rates import of_values
from yoyak.records import Perf
from yoyak.report.comparison_figures import MOST_ROWS, runs_with_curves
from yoyak.report.html import comparison_html


def test_the_first_screen_is_the_verdict(comparison: Comparison) -> None:
    page = Page(comparison_html(comparison))
    assert comparison.verdicts
    for sentence in comparison.verdicts:
        assert sentence in page.text
    assert page.text.index(comparison.verdicts[0]) < page.text.index("Numbers")


def test_without_a_verdict_the_page_says_so_and_shows_the_tables(old_study: Comparison) -> None:
    page = Page(comparison_html(old_study))
    assert "No verdict" in page.text
    assert "Family r5 by size" in page.text
    assert "202" in page.text
    assert "53.5 – 202" in page.text


def test_every_table_and_every_limit_of_the_comparison_is_there(comparison: Comparison) -> None:
    page = Page(comparison_html(comparison))
    for table in comparison.tables:
        assert table.title in page.text
    for sentence in comparison.cannot_say:
        assert sentence in page.text
    for item in comparison.gate:
        assert item.code in page.text


def test_the_charts_are_those_of_the_hosts(comparison: Comparison) -> None:
    charts = json.loads(Page(comparison_html(comparison)).scripts[0])["charts"]
    assert {"bars_decode_tokens_per_s", "forest_decode_tokens_per_s", "front"} <= charts.keys()
    assert {row["row"] for row in charts["bars_decode_tokens_per_s"]["data"]["values"]} == {
        "r5.4xlarge",
        "r5.8xlarge",
        "m5.16xlarge",
        "g5.16xlarge",
    }


def latencies(*labels: str) -> dict[str, dict[str, list[float]]]:
    return {
        label: {"end_to_end_s": [1.0 + at, 2.0 + at, 3.0 + at], "time_to_first_token_s": [0.1]}
        for at, label in enumerate(labels)
    }


def test_latencies_of_several_hosts_share_a_chart(comparison: Comparison) -> None:
    labels = runs_with_curves(comparison)
    assert labels[0] == comparison.baseline
    page = Page(comparison_html(comparison, latencies=latencies(*labels)))
    chart = json.loads(page.scripts[0])["charts"]["hosts_ecdf_end_to_end_s"]
    rows = chart["data"]["values"]
    assert {row["host"] for row in rows} == set(labels)
    for label in labels:
        assert [row["share"] for row in rows if row["host"] == label] == [0.3333, 0.6667, 1.0]
    assert "the baseline and those" not in page.text


def test_of_many_hosts_the_chart_says_which_it_shows(comparison: Comparison) -> None:
    known = latencies(*runs_with_curves(comparison)[:2])
    text = Page(comparison_html(comparison, latencies=known)).text
    assert "2 of 4 runs: the baseline and those that finish most articles." in text


def test_the_latency_of_a_single_host_is_no_comparison(comparison: Comparison) -> None:
    known = latencies("r5.4xlarge")
    charts = json.loads(Page(comparison_html(comparison, latencies=known)).scripts[0])["charts"]
    assert not any(key.startswith("hosts_ecdf") for key in charts)


def test_who_is_first_is_said_before_the_verdicts(comparison: Comparison) -> None:
    text = Page(comparison_html(comparison)).text
    answer = " ".join(comparison.answer)
    assert "g5.16xlarge" in answer
    assert text.index(answer) < text.index(comparison.verdicts[0])


def a_study(hosts: int) -> tuple[Comparison, list[Perf]]:
    """As many hosts as asked for, each a little faster than the one before."""
    (first, *_) = results_of_hosts()

    def host(number: int) -> Perf:
        speed = 1 + number / hosts
        names = first.rates.__dataclass_fields__
        scaled = {}
        for name in names:
            rate = getattr(first.rates, name)
            values = [value * speed for value in rate.repetition_values]
            scaled[name] = of_values(values, rate.source or "client")
        return replace(
            first,
            run_id=f"run-{number}",
            host={"instance_type": f"f{number}.x1", "hostname": f"h{number}"},
            rates=replace(first.rates, **scaled),
            cost=replace(
                first.cost, usd_per_1000_articles=None, usd_per_million_output_tokens=None
            ),
        )

    perfs = [host(number) for number in range(hosts)]
    return compare(perfs), perfs


def test_of_many_hosts_the_charts_show_the_best_and_the_baseline() -> None:
    study, perfs = a_study(MOST_ROWS + 20)
    page = Page(comparison_html(study, perfs))
    rows = json.loads(page.scripts[0])["charts"]["bars_decode_tokens_per_s"]["data"]["values"]
    drawn = [row["row"] for row in rows]
    assert len(drawn) == MOST_ROWS + 1
    assert drawn[0] == f"f{MOST_ROWS + 19}.x1"
    assert study.baseline in drawn
    assert f"The best {MOST_ROWS} of {MOST_ROWS + 20} and the baseline" in page.text
    for perf in perfs:  # the tables hold all
        assert str(perf.host["instance_type"]) in page.text


def test_of_many_verdicts_the_rest_is_folded_and_there() -> None:
    study, perfs = a_study(20)
    page = Page(comparison_html(study, perfs))
    assert "7 more verdicts" in page.text
    for sentence in study.verdicts:
        assert sentence in page.text


def test_findings_of_single_runs_stay_with_their_run(comparison: Comparison) -> None:
    perfs = results_of_hosts()
    text = Page(comparison_html(comparison, perfs)).text
    assert "Findings of single runs" in text
    assert "SYNTHETIC WEIGHTS" in text


def test_ids_are_unique_and_links_lead_somewhere(comparison: Comparison) -> None:
    page = Page(comparison_html(comparison, results_of_hosts()))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(a["href"] or "")[1:] for a in page.all("a") if (a["href"] or "").startswith("#")}
    assert targets <= set(ids)


def test_the_language_is_the_comparisons() -> None:
    page = Page(comparison_html(a_comparison("ko")))
    assert page.all("html")[0]["lang"] == "ko"
    assert "호스트 견주기" in page.text


def test_a_hostile_label_stays_text(comparison: Comparison) -> None:
    hostile = replace(
        comparison,
        verdicts=(HOSTILE,),
        tables=tuple(
            replace(table, rows=tuple(replace(row, label=HOSTILE) for row in table.rows))
            for table in comparison.tables
        ),
        metrics=tuple(
            replace(
                metric,
                estimates=tuple(replace(e, label=HOSTILE) for e in metric.estimates),
            )
            for metric in comparison.metrics
        ),
    )
    page = Page(comparison_html(hostile))
    assert len(page.all("script")) == 3
    assert not page.all("img")


def test_the_latency_target_is_answered(comparison: Comparison) -> None:
    target = TargetResult(
        metric="end_to_end_s.p95",
        limit=20.0,
        meeting=("m5.16xlarge",),
        failing=("r5.4xlarge",),
        unknown=("g5.16xlarge",),
        cheapest="m5.16xlarge",
    )
    text = Page(comparison_html(replace(comparison, target=target))).text
    assert "The cheapest host with end_to_end_s.p95 of at most 20 s is m5.16xlarge." in text
    assert "Unknown for: g5.16xlarge." in text
    assert "A p95 needs 130 requests a run" in text
