"""docs/measurement.md has an entry for every field of perf.json, and none without a field."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import get_args, get_type_hints

import pytest

from yoyak.analysis.metrics import KINDS
from yoyak.analysis.quantiles import SHOWN, floor
from yoyak.records import Distribution, Perf, Rate, StampError

TEXT = (Path(__file__).parents[4] / "docs" / "measurement.md").read_text(encoding="utf-8")
PERF_SECTION = TEXT.split("\n## perf.json\n")[1].split("\n## ")[0]
SHARED = (Distribution, Rate, StampError)  # defined once, as latency.*.p50 or rates.*.value


def paths(kind: type, prefix: str = "") -> Iterator[str]:
    """Every leaf of perf.json; what is inside a host is listed by its own schema."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        path, hint = f"{prefix}{field.name}", hints[field.name]
        items = [arg for arg in get_args(hint) if is_dataclass(arg)]
        if hint in SHARED:
            yield path
            yield from paths(hint, f"{prefix}*.")
        elif is_dataclass(hint):
            yield from paths(hint, f"{path}.")  # type: ignore[arg-type]  # a record type
        elif items and isinstance(hint, UnionType):  # a section that may be absent
            yield from paths(items[0], f"{path}.")  # type: ignore[arg-type]  # a record type
        elif items:
            yield from paths(items[0], f"{path}[].")  # type: ignore[arg-type]  # a record type
        else:
            yield path


def entries() -> set[str]:
    first_cells = re.findall(r"^\| (`.*?) \|", PERF_SECTION, re.MULTILINE)
    return {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_field_of_perf_json_has_an_entry() -> None:
    assert set(paths(Perf)) - entries() == set()


def test_no_entry_is_of_a_field_that_does_not_exist() -> None:
    assert entries() - set(paths(Perf)) == set()


def test_the_walk_sees_what_it_should() -> None:
    found = set(paths(Perf))
    assert {"totals.total_s", "rates.*.value", "latency.*.p99"} <= found
    assert {"resources.gpus[].energy_j", "findings[].code", "engine.model.synthetic"} <= found


@pytest.mark.parametrize("probability", SHOWN)
def test_the_floors_in_the_text_are_those_of_the_code(probability: float) -> None:
    assert f"{floor(probability)} for p{probability * 100:.0f}" in TEXT


def test_metrics_of_a_comparison_that_perf_json_lacks_are_defined_too() -> None:
    own = {kind.key for kind in KINDS} - {f.name for f in fields(Perf.__annotations__["rates"])}
    assert own == {"articles_per_usd", "model_load_s"}
    assert "`articles_per_usd`" in TEXT
    assert "`model_load.values_s`" in TEXT
