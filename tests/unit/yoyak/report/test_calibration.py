from dataclasses import replace

from yoyak.records import Calibration, CalibrationLevel, StampError
from yoyak.report.calibration import calibration_table, calibration_tables
from yoyak.report.calibration_forms import calibration_csv, calibration_markdown
from yoyak.report.cells import table_text
from yoyak.report.messages import Messages
from yoyak.store.run_folder import Run

T = Messages("en")
NONE = StampError(n=0, bias_s=None, p50_s=None, p99_s=None, max_s=None)


def level(concurrency: int) -> CalibrationLevel:
    first = StampError(n=662, bias_s=0.0004, p50_s=0.0003, p99_s=0.001, max_s=0.002)
    return CalibrationLevel(
        concurrency=concurrency,
        requests=662,
        failed=0,
        time_to_first_token=first,
        inter_chunk_latency=first,
        end_to_end=NONE,
        output_tokens_per_s=800.0,
        client_cpu_s_per_1000_tokens=0.03,
        client_cpu_percent=12.0,
        client_rss_peak_bytes=50_000_000,
        ruler_lateness_p99_s=0.0001,
        is_saturated=False,
    )


CALIBRATION = Calibration(
    schema_version=1,
    host_id="0" * 16,
    yoyak_version="0.1.0",
    measured_at="2026-11-27T00:00:00Z",
    engine="ollama",
    has_own_cores=True,
    is_realtime=False,
    first_chunk_s=0.075,
    gap_s=0.02,
    levels=(level(1), level(64)),
    saturation_concurrency=None,
    sound_concurrency=64,
    sound_tokens_per_s=800.0,
)


def test_a_calibration_is_a_row_a_level_with_where_the_client_stops_keeping_up() -> None:
    table = table_text(calibration_table(T, CALIBRATION))
    assert [row.label for row in table.rows] == ["1 at a time", "64 at a time"]
    assert table.note == "Keeps up with 64 streams (800 tokens/s), the most that was tried."
    saturated = replace(CALIBRATION, saturation_concurrency=256)
    assert calibration_table(T, saturated).note == (
        "Saturates at 256 streams; keeps up with 64 (800 tokens/s)."
    )
    at_once = replace(saturated, sound_concurrency=None, sound_tokens_per_s=None)
    assert calibration_table(T, at_once).note == (
        "Saturates at 256 streams, the fewest that were tried: it may keep up with fewer."
    )


def test_a_run_shows_the_level_of_its_own_load_and_nothing_without_a_calibration(
    run: Run,
) -> None:
    perf = run.perf
    assert perf is not None
    assert calibration_tables(T, replace(perf, calibration=None)) == ()
    loaded = replace(perf.workload, concurrency=3)
    (table,) = calibration_tables(T, replace(perf, calibration=CALIBRATION, workload=loaded))
    assert [row.label for row in table.rows] == ["64 at a time"]


def test_as_csv_a_level_is_a_line_and_unknown_an_empty_cell() -> None:
    header, first, second = calibration_csv(CALIBRATION).splitlines()
    values = dict(zip(header.split(","), first.split(","), strict=True))
    assert values["time_to_first_token.p99_s"] == "0.001"
    assert values["end_to_end.p99_s"] == ""
    assert second.startswith("64,")


def test_as_markdown_it_is_a_table() -> None:
    assert "| 64 at a time |" in calibration_markdown(CALIBRATION)
