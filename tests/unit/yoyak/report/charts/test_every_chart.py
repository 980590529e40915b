"""What holds for every chart of every report."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import vl_convert
from tests.data_factories.benchmark_run import (
    HostSpeed,
    a_comparison,
    a_run,
    finished,
    historical_results,
)

from yoyak.analysis.compare import compare
from yoyak.report.comparison_figures import comparison_figures
from yoyak.report.figures import Figure
from yoyak.report.images import study_sheets
from yoyak.report.messages import Messages
from yoyak.report.run_figures import run_figures

KO = Messages("ko")
COLOR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgb\(")


def every_figure() -> list[Figure]:
    run = finished(a_run(failures=2, speed=HostSpeed(gpus=1)))
    groups = (
        *run_figures(Messages("en"), run),
        *comparison_figures(
            KO,
            a_comparison("ko"),
            {label: {"end_to_end_s": [1.0, 30.0]} for label in ("r5.4xlarge", "g5.16xlarge")},
        ),
        *comparison_figures(Messages("en"), compare(historical_results())),
    )
    return [figure for group in groups for figure in group.figures]


FIGURES = every_figure()
SHEETS = study_sheets(KO, compare(historical_results(), language="ko"))
EACH = pytest.mark.parametrize("figure", FIGURES, ids=[figure.key for figure in FIGURES])


def marks(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from spec.get("layer", [spec])


def test_the_reports_have_the_charts_that_they_promise() -> None:
    keys = {figure.key for figure in FIGURES}
    assert keys >= {
        "rates",
        "phases",
        "ecdf_time_to_first_token_s",
        "ecdf_time_per_output_token_s",
        "ecdf_end_to_end_s",
        "gaps",
        "timeline",
        "host_cpu",
        "host_memory",
        "host_pressure",
        "host_gpu_utilization",
        "host_gpu_memory",
        "host_gpu_power",
        "bars_decode_tokens_per_s",
        "forest_decode_tokens_per_s",
        "front",
        "study0_total_with_load_s",
        "study1_client_rss_end_bytes",
    }


@EACH
def test_a_chart_is_valid_vega_lite(figure: Figure) -> None:
    vega = vl_convert.vegalite_to_vega(json.dumps(figure.spec))
    assert vega["marks"]


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_of_the_old_study_is_valid_vega_lite(name: str) -> None:
    vega = vl_convert.vegalite_to_vega(json.dumps(SHEETS[name]))
    assert len(vega["marks"]) == 4


@EACH
def test_a_chart_names_colours_and_never_holds_one(figure: Figure) -> None:
    assert not COLOR.search(json.dumps(figure.spec))


@EACH
def test_a_chart_says_in_words_what_it_shows(figure: Figure) -> None:
    assert len(figure.spec["description"]) > 10
    assert figure.reading


@EACH
def test_a_chart_has_its_data_as_a_table(figure: Figure) -> None:
    assert figure.table is not None
    assert figure.table.rows
    assert all(len(row.cells) == len(figure.table.columns) for row in figure.table.rows)


@EACH
def test_a_chart_loads_nothing(figure: Figure) -> None:
    assert '"url"' not in json.dumps(figure.spec)


def test_no_two_charts_of_a_page_share_a_name() -> None:
    keys = [f.key for group in comparison_figures(KO, a_comparison("ko")) for f in group.figures]
    assert len(keys) == len(set(keys))
