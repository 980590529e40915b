"""Every published number of a run has its place in a table."""

from dataclasses import fields, replace

from yoyak.records import Perf
from yoyak.records.perf import Cost, Resources, Totals
from yoyak.report.cells import TableText, table_text
from yoyak.report.messages import Messages
from yoyak.report.run_tables import COST, RESOURCES, TOTALS, brief_tables, run_tables
from yoyak.store.run_folder import Run

T = Messages("en")


def by_key(perf: Perf) -> dict[str, TableText]:
    return {table.key: table_text(table) for table in run_tables(T, perf)}


def cells(table: TableText, label: str) -> dict[str, str]:
    (row,) = [row for row in table.rows if row.label == label]
    texts = [cell.text for cell in row.cells]
    return dict(zip([c.column.key for c in table.columns], texts, strict=True))


def perf_of(run: Run) -> Perf:
    assert run.perf is not None
    return run.perf


def test_no_total_resource_or_cost_is_forgotten() -> None:
    totals = {name for name, _ in TOTALS}
    intervals = {f"{name}_ci95" for name in totals}  # each stands with its total
    assert totals | (intervals & {f.name for f in fields(Totals)}) == {
        f.name for f in fields(Totals)
    }
    assert {name for name, _ in RESOURCES} == {f.name for f in fields(Resources)} - {"gpus"}
    assert {name for name, _ in COST} == {field.name for field in fields(Cost)} - {"price_source"}


def test_a_rate_is_printed_with_its_interval_and_its_clock(run: Run) -> None:
    perf = perf_of(run)
    rate = replace(perf.rates.decode_tokens_per_s, value=12.3456, ci95=(11.94, 12.74), n=5)
    perf = replace(perf, rates=replace(perf.rates, decode_tokens_per_s=rate))
    assert cells(by_key(perf)["rates"], "Decode") == {
        "value": "12.3 [11.9, 12.7] tokens/s",
        "n": "5",
        "source": "engine",
    }


def test_a_percentile_below_its_floor_is_unknown_with_the_reason(run: Run) -> None:
    latency = by_key(perf_of(run))["latency"]  # of 38 successful requests
    assert cells(latency, "Whole request")["p90"] == "–"
    assert "p90: needs 64 requests, has 38" in latency.reasons


def test_an_unknown_resource_is_unknown_and_not_zero(run: Run) -> None:
    perf = perf_of(run)
    nothing = {name: None for name, _ in RESOURCES}
    blank = replace(perf, resources=replace(perf.resources, **nothing))  # type: ignore[arg-type]  # fields by name
    table = by_key(blank)["resources"]
    assert {cell.text for row in table.rows for cell in row.cells} == {"–"}


def test_a_measured_zero_stays_a_zero(run: Run) -> None:
    perf = perf_of(run)
    perf = replace(perf, totals=replace(perf.totals, failed=0))
    assert cells(by_key(perf)["totals"], "Failed requests") == {"value": "0"}


def test_without_a_price_the_table_says_how_to_give_one(run: Run) -> None:
    perf = replace(
        perf_of(run),
        cost=Cost(
            usd_per_hour=None,
            price_source=None,
            usd_per_1000_articles=None,
            usd_per_million_output_tokens=None,
        ),
    )
    (reason,) = by_key(perf)["cost"].reasons
    assert "--price" in reason


def test_a_host_without_gpus_has_no_table_of_them(run: Run) -> None:
    perf = perf_of(run)
    assert "gpus" in by_key(perf)
    bare = replace(perf, resources=replace(perf.resources, gpus=()))
    assert "gpus" not in by_key(bare)


def test_the_brief_form_keeps_the_answer(run: Run) -> None:
    labels = [row.label for table in brief_tables(T, perf_of(run)) for row in table.rows]
    assert {"Decode", "Time to first token", "Failed requests", "Engine memory, peak"} <= set(
        labels
    )
    assert len(labels) < 20
