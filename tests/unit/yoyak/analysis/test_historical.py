"""The five results of the old study, as files, and what follows from them by general rules."""

import json
from pathlib import Path

import pytest

from yoyak.analysis.compare import compare
from yoyak.analysis.comparison import Comparison
from yoyak.records import Perf
from yoyak.store.run_folder import read_perf
from yoyak.units import MIB

FOLDER = Path(__file__).parents[4] / "examples" / "ec2"
# instance, vCPU, GB, total s, prompt characters/s, output characters/s, RSS MB: the study's table.
TABLE = (
    ("r5.4xlarge", 16, 128, 202.182, 5.25, 3.91, 12.38),
    ("r5.8xlarge", 32, 256, 69.578, 15.26, 5.13, 12.25),
    ("r5.16xlarge", 64, 512, 49.829, 21.31, 4.29, 11.50),
    ("g5.16xlarge", 64, 256, 41.351, 25.68, 5.08, 11.50),
    ("m5.16xlarge", 64, 256, 37.753, 28.13, 5.54, 12.00),
)
NAMES = tuple(row[0] for row in TABLE)


def read(name: str) -> Perf:
    return read_perf(FOLDER / name / "perf.json")


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare([read(name) for name in NAMES])


def test_the_folder_holds_nothing_but_runs() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(NAMES)


@pytest.mark.parametrize("row", TABLE, ids=NAMES)
def test_a_file_holds_what_the_study_wrote(
    row: tuple[str, int, int, float, float, float, float],
) -> None:
    name, vcpu, memory, total_s, prompt, output, rss_mb = row
    perf = read(name)
    totals = perf.totals
    assert perf.host["instance_type"] == name
    assert perf.host["logical_cpus"] == vcpu
    assert perf.host["memory_gb_as_written"] == memory
    assert totals.total_with_load_s == total_s
    assert (totals.prompt_chars_per_total_s, totals.output_chars_per_total_s) == (prompt, output)
    # "MB" was MiB: all five are multiples of 1/8 MiB, as the kernel counts; of MB they are not.
    assert totals.client_rss_end_bytes is not None
    assert totals.client_rss_end_bytes % (MIB // 8) == 0
    assert totals.client_rss_end_bytes / MIB == pytest.approx(rss_mb, abs=0.0051)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_not_recorded_is_null_and_never_zero(name: str) -> None:
    data = json.loads((FOLDER / name / "perf.json").read_text(encoding="utf-8"))
    known = {key for key, value in data["totals"].items() if value is not None}
    assert known == {
        "total_with_load_s",
        "prompt_chars_per_total_s",
        "output_chars_per_total_s",
        "client_rss_end_bytes",
    }
    assert all(rate["value"] is None for rate in data["rates"].values())
    assert all(value is None for key, value in data["resources"].items() if key != "gpus")
    assert set(data["cost"].values()) == {None}
    assert data["findings"] == []


def test_both_tables_of_the_study_come_without_any_option(comparison: Comparison) -> None:
    tables = {table.key: [row.label for row in table.rows] for table in comparison.tables}
    assert tables["family:r5"] == ["r5.4xlarge", "r5.8xlarge", "r5.16xlarge"]
    assert tables["size:16xlarge"] == ["r5.16xlarge", "g5.16xlarge", "m5.16xlarge"]


def test_the_lengths_are_recovered_from_rate_times_total(comparison: Comparison) -> None:
    table = next(table for table in comparison.tables if table.key == "lengths")
    lengths = {row.label: row.cells[0].value for row in table.rows}
    assert lengths == dict(zip(NAMES, (790, 357, 214, 210, 209), strict=True))


def test_at_the_length_of_the_shortest_only_bounds_follow(comparison: Comparison) -> None:
    table = next(table for table in comparison.tables if table.key == "lengths")
    bounds = {row.label: row.cells[2].interval for row in table.rows}
    rounded = {k: (round(v[0], 1), round(v[1], 1)) for k, v in bounds.items() if v is not None}
    assert rounded == {
        "r5.4xlarge": (53.5, 202.2),
        "r5.8xlarge": (40.7, 69.6),
        "r5.16xlarge": (48.7, 49.8),
        "g5.16xlarge": (41.1, 41.4),
        "m5.16xlarge": (37.8, 37.8),
    }


def test_what_is_wrong_with_them_is_said(comparison: Comparison) -> None:
    messages = {finding.code: finding.message for finding in comparison.findings}
    assert "790-791" in messages["output-lengths-differ"]
    assert "r5.8xlarge / r5.16xlarge" in messages["equal-length-bounds"]
    assert "512 GiB (r5.16xlarge); 256 GiB" in messages["memory-differs"]
    assert "loading the model is inside" in messages["loading-inside-total"]
    assert "one and the same total" in messages["rates-share-total"]
    assert "NVIDIA A10G" in messages["gpu-unobserved"]


def test_digests_are_unknown_so_there_are_tables_and_no_verdict(comparison: Comparison) -> None:
    unknown = {item.code for item in comparison.gate if item.status == "unknown"}
    assert {"dataset", "weights", "engine", "load-state"} <= unknown
    assert not any(item.status == "differs" for item in comparison.gate)
    assert comparison.verdicts == ()
    assert all(metric.ranking == () for metric in comparison.metrics)


def test_the_specifications_come_with_their_sources(comparison: Comparison) -> None:
    table = next(table for table in comparison.tables if table.key == "specifications")
    keys = [column.key for column in table.columns]
    assert keys == ["vcpu", "memory_bytes", "processor", "accelerator", "network"]
    assert "https://" in (table.note or "")
