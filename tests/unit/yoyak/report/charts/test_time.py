"""Phases, requests and samples over time."""

from yoyak.report.charts.host import Panel, Series, panel
from yoyak.report.charts.phases import phases
from yoyak.report.charts.timeline import Span, TimedRequest, requests_over_time
from yoyak.report.messages import Messages

T = Messages("en")


def a_timed(kind: str = "measured", sent_s: float = 1.0) -> TimedRequest:
    return TimedRequest(sent_s=sent_s, taken_s=2.0, kind=kind, repetition=1, article_id="a1")  # type: ignore[arg-type]  # a literal by name


def test_an_unknown_phase_has_no_bar() -> None:
    spec = phases(T, [("Repetition 1", {"load": None, "prompt_eval": 2.0, "decode": 3.0})])
    assert spec is not None
    assert [(row["phase"], row["s"]) for row in spec["data"]["values"]] == [
        ("Prompt evaluation", 2.0),
        ("Decode", 3.0),
    ]


def test_without_any_phase_there_is_no_chart() -> None:
    assert phases(T, [("Repetition 1", {"load": None})]) is None


def test_the_legend_names_only_the_kinds_that_there_are() -> None:
    spec = requests_over_time(
        T, requests=[a_timed(), a_timed("failed")], repetitions=[], loads=[], span_s=10.0
    )
    scale = spec["layer"][-1]["encoding"]["color"]["scale"]
    assert scale["domain"] == ["measured", "failed"]
    assert scale["range"] == ["var(--series-1)", "var(--invalid)"]


def test_every_other_repetition_is_shaded_and_every_load_is_a_block() -> None:
    spans = [Span("Repetition 1", 0, 5), Span("Repetition 2", 5, 10), Span("Repetition 3", 10, 15)]
    spec = requests_over_time(T, requests=[a_timed()], repetitions=spans, loads=spans, span_s=15.0)
    shaded, loads = (layer["data"]["values"] for layer in spec["layer"][:2])
    assert [row["label"] for row in shaded] == ["Repetition 2"]
    assert len(loads) == 3


def test_every_chart_over_time_takes_the_same_window() -> None:
    timeline = requests_over_time(T, requests=[a_timed()], repetitions=[], loads=[], span_s=15.0)
    data = Panel(
        key="cpu",
        title="CPU",
        says="CPU",
        series=(Series("engine", (0.0,), (1.0,)),),
        stacked=True,
    )
    drawn = panel(T, data, span_s=15.0)
    assert drawn is not None
    assert drawn["params"] == timeline["params"]
    assert drawn["params"] == [{"name": "from_s", "value": 0}, {"name": "to_s", "value": 15.0}]


def test_a_series_that_is_unknown_throughout_is_not_drawn_as_zero() -> None:
    data = Panel(
        key="cpu",
        title="CPU",
        says="CPU",
        series=(
            Series("engine", (0.0, 1.0), (1.0, None)),
            Series("steal", (0.0, 1.0), (None, None)),
        ),
        stacked=True,
    )
    drawn = panel(T, data, span_s=2.0)
    assert drawn is not None
    assert [(row["series"], row["at"]) for row in drawn["data"]["values"]] == [("engine", 0.0)]


def test_a_panel_of_unknowns_is_no_panel() -> None:
    data = Panel(
        key="gpu", title="GPU", says="GPU", series=(Series("a", (0.0,), (None,)),), stacked=False
    )
    assert panel(T, data, span_s=1.0) is None


def test_the_line_of_a_ceiling_has_room_for_its_label_above_the_highest_stack() -> None:
    data = Panel(
        key="cpu",
        title="CPU",
        says="CPU",
        series=(Series("a", (0.0,), (5.0,)), Series("b", (0.0,), (4.0,))),
        stacked=True,
        ceiling=8.0,
        ceiling_label="8 CPUs",
    )
    drawn = panel(T, data, span_s=1.0)
    assert drawn is not None
    assert drawn["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0, 1.25 * 9.0]
