"""A calibration by itself: for a terminal, as Markdown and as CSV."""

import csv
import io
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.text import Text

from yoyak.records import Calibration, CalibrationLevel
from yoyak.report.calibration import calibration_table
from yoyak.report.cells import table_text
from yoyak.report.markdown import table_markdown
from yoyak.report.messages import Messages
from yoyak.report.terminal import FittedTable


def render_calibration(calibration: Calibration, *, language: str = "en") -> RenderableType:
    """Return a calibration for a terminal."""
    t = Messages(language)
    return Group(
        _heading(t, calibration), FittedTable(t, table_text(calibration_table(t, calibration)))
    )


def calibration_markdown(calibration: Calibration, *, language: str = "en") -> str:
    """Return a calibration for a pull request or an issue."""
    t = Messages(language)
    return table_markdown(t, table_text(calibration_table(t, calibration)))


def calibration_csv(calibration: Calibration) -> str:
    """Return one row a level, in stored units, an empty cell where unknown."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows = [_flat(level) for level in calibration.levels]
    writer.writerow(rows[0].keys() if rows else [])
    writer.writerows(row.values() for row in rows)
    return out.getvalue()


def _heading(t: Messages, calibration: Calibration) -> Text:
    cores = t("calibration_own_cores" if calibration.has_own_cores else "calibration_one_core")
    return Text(f"{calibration.engine}, {cores}", style="bold")


def _flat(level: CalibrationLevel) -> dict[str, object]:
    row: dict[str, object] = {}
    for key, value in asdict(level).items():
        if isinstance(value, dict):
            row |= {f"{key}.{part}": one for part, one in value.items()}
        else:
            row[key] = value
    return row
