"""A calibration as a table: the client's own error by the number of streams."""

from yoyak.analysis.calibration import nearest_level
from yoyak.analysis.comparison import Cell, Column, Row, Table
from yoyak.records import Calibration, CalibrationLevel, Perf
from yoyak.report.messages import Messages

_SHOWN = (
    ("time_to_first_token", "p50_s", "s"),
    ("time_to_first_token", "p99_s", "s"),
    ("time_to_first_token", "max_s", "s"),
    ("inter_chunk_latency", "p99_s", "s"),
    ("end_to_end", "p99_s", "s"),
)
_COSTS = (
    ("client_cpu_s_per_1000_tokens", "s"),
    ("client_cpu_percent", "%"),
    ("client_rss_peak_bytes", "bytes"),
    ("output_tokens_per_s", "tokens/s"),
)


def calibration_table(t: Messages, calibration: Calibration) -> Table:
    """Return every level, one a row."""
    columns = [
        Column(
            key=f"{error}.{part}",
            title=f"{t(f'calibration.{error}')}, {t(f'calibration.{part}')}",
            unit=unit,
            better="lower",
        )
        for error, part, unit in _SHOWN
    ]
    columns += [Column(key=key, title=t(f"calibration.{key}"), unit=unit) for key, unit in _COSTS]
    return Table(
        key="calibration",
        title=t("calibration"),
        columns=tuple(columns),
        rows=tuple(_row(t, level) for level in calibration.levels),
        note=saturation_words(t, calibration),
    )


def calibration_tables(t: Messages, perf: Perf) -> tuple[Table, ...]:
    """Return the level that stands for a run's load, or nothing where there is no calibration."""
    calibration = perf.calibration
    if calibration is None:
        return ()
    streams = perf.workload.concurrency or 1
    level = nearest_level(calibration, streams)
    if level is None:
        return ()
    whole = calibration_table(t, calibration)
    return (
        Table(
            key=whole.key,
            title=whole.title,
            columns=whole.columns[: len(_SHOWN)],
            rows=tuple(
                Row(label=row.label, cells=row.cells[: len(_SHOWN)])
                for row in whole.rows
                if row.label == _label(t, level)
            ),
            note=t("calibration_note"),
        ),
    )


def saturation_words(t: Messages, calibration: Calibration) -> str:
    """Return where the client saturates, in a sentence."""
    rate = calibration.sound_tokens_per_s
    rate_words = t("unknown") if rate is None else f"{rate:,.0f}"
    saturated, sound = calibration.saturation_concurrency, calibration.sound_concurrency
    if saturated is None:
        return t("calibration_sound", sound=sound or 0, rate=rate_words)
    if sound is None:
        return t("calibration_saturates_first", streams=saturated)
    return t("calibration_saturates", streams=saturated, sound=sound, rate=rate_words)


def _row(t: Messages, level: CalibrationLevel) -> Row:
    cells = [Cell(value=getattr(getattr(level, error), part)) for error, part, _ in _SHOWN]
    cells += [Cell(value=getattr(level, key)) for key, _ in _COSTS]
    return Row(label=_label(t, level), cells=tuple(cells))


def _label(t: Messages, level: CalibrationLevel) -> str:
    return t("calibration_streams", n=level.concurrency)
