"""The answers of docs/promql.md on data whose truth is known."""

from bisect import bisect_left

import numpy as np
import pytest
from tests.integration.prometheus.conftest import Played
from tests.integration.prometheus.recorded import HOSTS
from tests.unit.yoyak.telemetry.promql_reading import question_queries

from yoyak.records import Perf, RequestRecord
from yoyak.telemetry.names import TIME_BUCKETS_S
from yoyak.units import seconds

QUERIES = question_queries()


def answer(played: Played, heading: str, number: int = 0) -> dict[str, float]:
    """Return the values of a heading's query by instance type."""
    query = [query for title, query in QUERIES if title == heading][number]
    return {
        series["metric"]["instance_type"]: float(series["value"][1])
        for series in played.prometheus.query(query, played.at_s)
    }


def measured(played: Played, instance_type: str) -> list[RequestRecord]:
    records = played.runs[instance_type].requests
    return [r for r in records if not r.is_warmup and r.error is None]


def perf(played: Played, instance_type: str) -> Perf:
    found = played.runs[instance_type].perf
    assert found is not None
    return found


def bucket(value_s: float) -> int:
    return bisect_left(TIME_BUCKETS_S, value_s)


@pytest.mark.parametrize(("heading", "query"), QUERIES)
def test_a_question_has_an_answer(heading: str, query: str, played: Played) -> None:
    found = played.prometheus.query(query, played.at_s)
    assert [series for series in found if series["value"][1] != "NaN"], heading


@pytest.mark.parametrize("instance_type", HOSTS)
def test_totals_are_those_of_the_records(instance_type: str, played: Played) -> None:
    heading = "How much was read and written, exactly?"
    records = measured(played, instance_type)
    prompt_chars = sum(record.prompt_chars for record in records)
    output_chars = sum(record.output_chars for record in records)
    assert answer(played, heading, 0)[instance_type] == prompt_chars
    assert answer(played, heading, 1)[instance_type] == output_chars


@pytest.mark.parametrize("instance_type", HOSTS)
def test_the_p95_of_the_first_token_is_within_a_bucket_of_the_records(
    instance_type: str, played: Played
) -> None:
    found_s = answer(played, "What is the p95 of the first token, by instance type?")
    first_s = [seconds(r.chunk_ns[0] - r.sent_ns) for r in measured(played, instance_type)]
    true_s = float(np.quantile(first_s, 0.95))
    assert abs(bucket(found_s[instance_type]) - bucket(true_s)) <= 1


@pytest.mark.parametrize("instance_type", HOSTS)
@pytest.mark.parametrize(
    ("metric", "latency"),
    [
        ("gen_ai_client_operation_time_to_first_chunk_seconds", "time_to_first_token_s"),
        ("gen_ai_client_operation_duration_seconds", "end_to_end_s"),
        ("yoyak_prompt_eval_seconds", "prompt_eval_s"),
        ("yoyak_decode_seconds", "decode_s"),
    ],
)
def test_medians_are_within_a_bucket_of_perf_json(
    instance_type: str, metric: str, latency: str, played: Played
) -> None:
    error = ',error_type=""' if "duration" in metric else ""
    of = f'phase="measured",instance_type="{instance_type}"{error}'
    query = f"histogram_quantile(0.5, sum by (le) (rate({metric}_bucket{{{of}}}[5m])))"
    found_s = played.prometheus.value(query, played.at_s)
    published_s = getattr(perf(played, instance_type).latency, latency).p50
    assert found_s is not None
    assert abs(bucket(found_s) - bucket(published_s)) <= 1


@pytest.mark.parametrize("instance_type", HOSTS)
def test_the_decode_rate_agrees_with_perf_json(instance_type: str, played: Played) -> None:
    found = answer(played, "How fast does the engine read and write, in tokens?")[instance_type]
    records = measured(played, instance_type)
    tokens = sum((r.output_tokens or 0) - 1 for r in records)
    true = tokens / sum(r.decode_s or 0.0 for r in records)
    assert found == pytest.approx(true, rel=0.01)
    published = perf(played, instance_type).rates.decode_tokens_per_s.value
    assert found == pytest.approx(published, rel=0.03)  # a geometric mean over repetitions


@pytest.mark.parametrize("instance_type", HOSTS)
def test_failures_are_counted_by_how_they_ended(instance_type: str, played: Played) -> None:
    (query,) = [q for title, q in QUERIES if title == "How many requests failed, and how?"][:1]
    found = {
        series["metric"]["outcome"]: float(series["value"][1])
        for series in played.prometheus.query(query, played.at_s)
        if series["metric"]["instance_type"] == instance_type
    }
    errors = [r.error for r in played.runs[instance_type].requests if r.error is not None]
    expected = {error: float(errors.count(error)) for error in errors}
    assert found == {**expected, "queue_full": 1, "invalid": 1}


def test_answers_of_finished_runs_are_perf_json(played: Played) -> None:
    perfs = {name: perf(played, name) for name in HOSTS}
    for heading, number, expected in (
        (
            "Which instance type writes the most characters a second?",
            0,
            {name: p.rates.output_chars_per_s.value for name, p in perfs.items()},
        ),
        (
            "What is the memory peak of the engine?",
            0,
            {name: p.resources.engine_rss_peak_bytes for name, p in perfs.items()},
        ),
        (
            "What do a thousand articles cost?",
            0,
            {name: p.cost.usd_per_1000_articles for name, p in perfs.items()},
        ),
    ):
        found = answer(played, heading, number)
        assert {name: found[name] for name in HOSTS} == expected, heading


def test_joules_of_a_thousand_tokens_are_those_of_the_run(played: Played) -> None:
    found = answer(played, "How many joules do a thousand output tokens take?")
    (gpu,) = perf(played, "g5.16xlarge").resources.gpus
    records = measured(played, "g5.16xlarge")
    tokens = sum(record.output_tokens or 0 for record in records)
    assert gpu.energy_j is not None
    assert set(found) == {"g5.16xlarge"}
    assert found["g5.16xlarge"] == pytest.approx(1000 * gpu.energy_j / tokens, rel=0.01)


def test_speed_against_the_baseline_is_1_for_the_baseline(played: Played) -> None:
    found = answer(played, "How much faster than the baseline is each run?")
    assert found["r5.4xlarge"] == 1
    speeds = {name: HOSTS[name].decode_tokens_per_s for name in HOSTS}
    true = speeds["g5.16xlarge"] / speeds["r5.4xlarge"]
    assert found["g5.16xlarge"] == pytest.approx(true, rel=0.1)
