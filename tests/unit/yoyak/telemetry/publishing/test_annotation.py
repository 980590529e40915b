"""What Grafana is told of a run."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data_factories.benchmark_run import a_run, historical_results, results_of
from tests.integration.publishing.grafana_server import split_tag

from yoyak.records import Finding
from yoyak.telemetry.publishing.annotation import grafana_tag, run_annotation

PERF = replace(
    results_of(a_run(articles=2, repetitions=3, output_tokens=4, samples_per_s=1)),
    started_at="2026-11-23T14:44:00+09:00",
    finished_at="2026-11-23T05:46:30.250Z",
)


def test_a_region_from_start_to_end_in_unix_ms() -> None:
    annotation = run_annotation(PERF)
    assert annotation is not None
    assert annotation.began_ms == 1_795_412_640_000  # date -d 2026-11-23T05:44:00Z +%s
    assert annotation.ended_ms - annotation.began_ms == 150_250


def test_its_tags_are_ours_the_run_the_machine_and_the_model() -> None:
    annotation = run_annotation(PERF)
    assert annotation is not None
    assert annotation.run_tag == PERF.run_id
    assert annotation.tags[:2] == ("yoyak", PERF.run_id)
    assert PERF.host["instance_type"] in annotation.tags
    assert grafana_tag(PERF.model.name) in annotation.tags


@pytest.mark.parametrize(
    ("began", "ended"),
    [
        (None, "2026-11-23T05:46:30Z"),
        ("2026-11-23T05:44:00Z", None),
        ("2026-11-23T05:44:00", "2026-11-23T05:46:30"),  # in whose zone?
        ("yesterday", "2026-11-23T05:46:30Z"),
        ("2026-11-23T05:46:30Z", "2026-11-23T05:44:00Z"),
    ],
)
def test_without_both_moments_there_is_nothing_to_annotate(
    began: str | None, ended: str | None
) -> None:
    assert run_annotation(replace(PERF, started_at=began, finished_at=ended)) is None


def test_the_runs_of_old_bear_no_date() -> None:
    assert [run_annotation(perf) for perf in historical_results()] == [None] * 5


def test_the_line_says_what_must_not_be_compared_and_holds_no_markup() -> None:
    finding = Finding(code="unlike-lengths", severity="invalid", message="x")
    odd = replace(PERF, run_id="<b>1", findings=(finding, finding))
    annotation = run_annotation(odd)
    assert annotation is not None
    assert "not to be compared: unlike-lengths" in annotation.text
    assert "<" not in annotation.text


@given(st.text())
def test_grafana_gives_a_tag_back_as_it_was_made(text: str) -> None:
    tag = grafana_tag(text)
    assert split_tag(tag) == tag
    assert all(len(part) <= 100 for part in tag.split(":"))


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("r5.4xlarge", "r5.4xlarge"),
        ("mistral:7b-instruct-q4_0", "mistral:7b-instruct-q4_0"),
        ("hf.co/a/b:Q4_0:x", "hf.co/a/b:Q4_0-x"),
        (" : ", ""),
        ("a:", "a"),
        (":b", "b"),
    ],
)
def test_a_tag_has_one_colon_at_most(text: str, tag: str) -> None:
    assert grafana_tag(text) == tag
