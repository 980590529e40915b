"""The chart library of a page, carried by an image; tests/e2e/stack has the page made so."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from yoyak.errors import HostError
from yoyak.report import chart_library
from yoyak.report.chart_library import vega_bundle


@pytest.fixture(autouse=True)
def without_vl_convert(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    vega_bundle.cache_clear()
    yield
    vega_bundle.cache_clear()


def test_a_carried_script_needs_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carried = tmp_path / "vega.js"
    carried.write_text("window.vegaEmbed = 1;", encoding="utf-8")
    monkeypatch.setattr(chart_library, "_CARRIED", carried)
    assert vega_bundle() == "window.vegaEmbed = 1;"


def test_without_either_one_line_says_what_to_install() -> None:
    with pytest.raises(HostError, match="pip install vl-convert-python"):
        vega_bundle()
