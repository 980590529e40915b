"""A perf.json that reads well and cannot be true is refused with its place."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.data_factories.benchmark_run import HostSpeed, a_run, historical_results, results_of

from yoyak.errors import UsageError
from yoyak.store.codec import to_json
from yoyak.store.run_folder import read_perf


@pytest.fixture(scope="module")
def sound() -> str:
    run = a_run(
        articles=4, repetitions=3, output_tokens=5, samples_per_s=1, speed=HostSpeed(gpus=1)
    )
    return to_json(results_of(run))


def changed(text: str, change: Mapping[str, object]) -> str:
    data = json.loads(text)
    for path, value in change.items():
        *parents, last = path.split(".")
        part: Any = data
        for name in parents:
            part = part[int(name)] if isinstance(part, list) else part[name]
        part[last] = value
    return json.dumps(data)


def test_results_that_the_analysis_makes_are_sound(sound: str, tmp_path: Path) -> None:
    file = tmp_path / "perf.json"
    file.write_text(sound)
    assert to_json(read_perf(file)) == sound


def test_results_of_a_run_with_a_failed_request_are_sound(tmp_path: Path) -> None:
    # Its repetitions then differ in length, and their mean is stored as a whole number.
    file = tmp_path / "perf.json"
    run = a_run(articles=4, repetitions=3, samples_per_s=1, failures=1, seed=2)
    file.write_text(to_json(results_of(run)))
    assert read_perf(file).totals.failed == 1


def test_the_five_results_of_old_are_sound() -> None:
    assert len(historical_results()) == 5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"run_id": "a\nb"}, "run_id is no name"),
        ({"finished_at": "noon"}, "finished_at is 'noon'"),
        ({"model.name": "another"}, "model and engine.model are not the same"),
        ({"host.instance_type": 7}, "host.instance_type is of type int"),
        ({"totals.total_s": -1.0}, "totals.total_s is -1.0"),
        ({"totals.requests": -1}, "totals.requests is -1"),
        ({"totals.failed": 999}, "999 of 12 requests failed"),
        ({"totals.total_s": 1e6}, "longer than totals.total_with_load_s"),
        ({"totals.output_chars_per_total_s": 1e6}, "its parts make"),
        ({"model_load.n": 2}, "model_load.n is 2 for 3 values"),
        ({"latency.end_to_end_s.p50": 1e5}, "not in order"),
        ({"latency.end_to_end_s.mean": 1e5}, "mean lies outside"),
        ({"latency.end_to_end_s.n": 0}, "values of 0 requests"),
        ({"latency.decode_s.min": -2.0}, "-2.0, which is no latency"),
        ({"latency.decode_s.ci95": [2.0, 1.0]}, "ends before it begins"),
        ({"rates.requests_per_s.n": 7}, "n is 7 for 3 repetitions"),
        ({"rates.requests_per_s.value": 3.5}, "not the geometric mean"),
        ({"rates.requests_per_s.value": None}, "repetitions without a value"),
        ({"rates.requests_per_s.source": None}, "whose clock"),
        ({"rates.requests_per_s.repetition_values": [1.0, -1.0, 2.0]}, "not above 0"),
        ({"rates.requests_per_s.repetition_values": [1.0, 1e300, 2.0]}, "beyond reach"),
        ({"resources.engine_rss_end_bytes": -1}, "engine_rss_end_bytes is -1"),
        ({"resources.host_cpu_percent": 250.0}, "over 100 percent"),
        ({"resources.gpus.0.utilization_mean_ratio": 1.5}, "utilization_mean_ratio is 1.5"),
        ({"cost.usd_per_hour": 0.0}, "cost.usd_per_hour is 0.0"),
        ({"cost.usd_per_hour": 99.0}, "its parts make"),
        ({"workload.seed": -1}, "workload.seed is -1"),
        ({"totals.requests": "12"}, "totals.requests: input should be a valid integer"),
    ],
)
def test_results_that_cannot_be_are_refused(
    sound: str, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    file = tmp_path / "perf.json"
    file.write_text(changed(sound, change))
    with pytest.raises(UsageError) as caught:
        read_perf(file)
    assert reason in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_overhead_may_lie_below_0(sound: str, tmp_path: Path) -> None:
    # Two clocks: the engine's times may add up to a few microseconds more than the client's.
    file = tmp_path / "perf.json"
    file.write_text(changed(sound, {"latency.queue_and_overhead_s.min": -0.00002}))
    assert read_perf(file).latency.queue_and_overhead_s.min == -0.00002


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
@pytest.mark.parametrize("place", ["host.logical_cpus", "totals.total_s", "cost.usd_per_hour"])
def test_a_number_that_is_none_is_refused_with_its_place(
    sound: str, tmp_path: Path, place: str, number: str
) -> None:
    file = tmp_path / "perf.json"
    file.write_text(changed(sound, {place: 123456789}).replace("123456789", number))
    with pytest.raises(UsageError, match=rf"{place} is (nan|inf)"):
        read_perf(file)
