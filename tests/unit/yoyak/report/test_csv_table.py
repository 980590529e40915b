"""Results in a spreadsheet."""

import csv
import io
from dataclasses import replace

from yoyak.analysis.comparison import Comparison
from yoyak.report.comparison_csv import comparison_csv
from yoyak.report.csv_table import perf_csv
from yoyak.store.run_folder import Run


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_run_is_a_key_and_a_value_a_line_with_all_digits(run: Run) -> None:
    assert run.perf is not None
    header, *rows = read(perf_csv(run.perf))
    assert header == ["key", "value"]
    values = {key: value for key, value in rows}  # noqa: C416 -- each row is checked to have two
    assert len(values) == len(rows)
    rate = run.perf.rates.decode_tokens_per_s
    assert rate.value is not None
    assert rate.ci95 is not None
    assert float(values["rates.decode_tokens_per_s.value"]) == rate.value
    assert float(values["rates.decode_tokens_per_s.ci95.1"]) == rate.ci95[1]


def test_an_unknown_value_is_an_empty_cell(run: Run) -> None:
    assert run.perf is not None
    values = dict(row for row in read(perf_csv(run.perf)) if len(row) == 2)
    assert values["latency.end_to_end_s.p99"] == ""
    assert values["totals.failed"] == "2"


def test_a_comparison_is_one_row_a_run_with_the_ends_of_its_intervals(
    comparison: Comparison,
) -> None:
    header, *rows = read(comparison_csv(comparison))
    assert len(rows) == 4
    assert all(len(row) == len(header) for row in rows)
    at = header.index("decode_tokens_per_s (tokens/s)")
    assert header[at + 1 : at + 3] == ["decode_tokens_per_s_low", "decode_tokens_per_s_high"]
    for row in rows:
        assert float(row[at + 1]) < float(row[at]) < float(row[at + 2])
    assert [row[1] for row in rows].count("true") == 1


def test_the_columns_are_the_same_whatever_the_runs_know(
    comparison: Comparison, old_study: Comparison
) -> None:
    new, old = (read(comparison_csv(found))[0] for found in (comparison, old_study))
    assert new == old
    assert len(set(new)) == len(new)


def test_times_faster_stand_beside_the_numbers(comparison: Comparison) -> None:
    header, *rows = read(comparison_csv(comparison))
    by_run = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    decode = next(m for m in comparison.metrics if m.key == "decode_tokens_per_s")
    for contrast in decode.contrasts:
        row = by_run[contrast.label]
        assert contrast.interval is not None
        assert float(row["times_decode_tokens_per_s"]) == contrast.ratio
        assert float(row["times_decode_tokens_per_s_high"]) == contrast.interval[1]
        assert row["times_decode_tokens_per_s_outcome"] == contrast.outcome
    assert by_run[comparison.baseline or ""]["times_decode_tokens_per_s"] == ""


def test_what_the_old_study_did_not_record_is_empty(old_study: Comparison) -> None:
    header, *rows = read(comparison_csv(old_study))
    gpu = header.index("accelerator")
    assert {row[0]: row[gpu] for row in rows}["m5.16xlarge"] == ""


def test_text_is_never_a_formula(run: Run) -> None:
    assert run.perf is not None
    hostile = replace(run.perf, model=replace(run.perf.model, name='=HYPERLINK("http://x")'))
    values = dict(row for row in read(perf_csv(hostile)) if len(row) == 2)
    assert values["model.name"].startswith("'=")
