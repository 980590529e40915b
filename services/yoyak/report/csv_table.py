"""Results as CSV for a spreadsheet: stored units, all digits, an empty cell where unknown."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from yoyak.records import Perf

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run text that begins so


def perf_csv(perf: Perf) -> str:
    """Return perf.json as two columns: the key with its path, and the value."""
    return csv_text(("key", "value"), ((key, value) for key, value in _flat("", asdict(perf))))


def _flat(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), part)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _flat(f"{path}.{index}", part)
    else:
        yield path, value


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the table as CSV: unknown is an empty cell, and no text is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    """Return a value as a spreadsheet may take it: nothing for unknown, text never a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value  # the writer leaves None empty
