"""Records that read well and cannot be true: each is refused with its file, line and reason."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from tests.data_factories.benchmark_run import HostSpeed, a_run
from tests.data_factories.run_folder import write_run

from yoyak.errors import UsageError
from yoyak.records import CpuTimes, GpuSample, HostSample, LoadRecord, RequestRecord
from yoyak.store.run_folder import Run, read_run

Edit = Callable[[Any], object]


@pytest.fixture(scope="module")
def sound() -> Run:
    return a_run(articles=2, repetitions=2, warmup=1, output_tokens=5, samples_per_s=1)


def lines_of(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def edit(file: Path, line: int, change: dict[str, object]) -> None:
    """Replace fields of one line of a journal; "a.b" is the field b within a."""
    records = lines_of(file)
    for path, value in change.items():
        *parents, last = path.split(".")
        part = records[line]
        for name in parents:
            part = part[int(name)] if isinstance(part, list) else part[name]
        part[last] = value
    file.write_text("".join(json.dumps(record) + "\n" for record in records))


def test_what_the_writer_writes_is_sound(sound: Run, tmp_path: Path) -> None:
    run = read_run(write_run(sound, tmp_path / "run"))
    assert (run.requests, run.loads, run.samples) == (sound.requests, sound.loads, sound.samples)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sent_ns": -1}, "stamps do not ascend"),
        ({"chunk_ns": [1, 2]}, "stamps do not ascend"),
        ({"done_ns": 1}, "scheduled_ns does not lie before"),
        ({"done_ns": 10**30}, "scheduled_ns does not lie before"),
        ({"request_id": "other-run-000003"}, "of another run"),
        ({"article_id": "nobody's"}, "none of the run's"),
        ({"repetition": 2}, "repetition 2 of 2"),
        ({"repetition": -1}, "repetition is -1"),
        ({"output_tokens": -5}, "output_tokens is -5"),
        ({"prompt_tokens": 10**19}, "prompt_tokens is"),
        ({"decode_s": -0.1}, "decode_s is -0.1"),
        ({"decode_s": 5e-324}, "decode_s is 5e-324"),
        ({"prompt_eval_s": 1e300}, "prompt_eval_s is 1e"),
        ({"engine_total_s": 1e12}, "engine_total_s is"),
        ({"article_chars": 1}, "not as long as the manifest says"),
        ({"prompt_chars": 1}, "longer than the prompt"),
        ({"output_chars": 1}, "output is not 1 characters long"),
        ({"output": "다른 글입니다"}, "output is not"),
        ({"output_tokens": "5"}, "output_tokens: input should be a valid integer"),
        ({"output_tokens": 5.0}, "output_tokens: input should be a valid integer"),
        ({"is_warmup": 0}, "is_warmup: input should be a valid boolean"),
        ({"finish_reason": "tired"}, "finish_reason: input should be 'length' or 'stop'"),
    ],
)
def test_a_request_that_cannot_be_is_named(
    sound: Run, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    path = write_run(sound, tmp_path / "run", is_finished=False)
    edit(path / "requests.jsonl", 1, change)
    with pytest.raises(UsageError) as caught:
        read_run(path)
    assert reason in str(caught.value)
    assert "requests.jsonl" in str(caught.value)
    assert " 2" in str(caught.value)  # the line, counted from 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400 + ".0"])
def test_a_number_that_is_none_is_refused_however_it_is_written(
    sound: Run, tmp_path: Path, number: str
) -> None:
    path = write_run(sound, tmp_path / "run", is_finished=False)
    file = path / "loads.jsonl"
    first, *rest = file.read_text().splitlines()
    told = json.loads(first)["load_s"]
    file.write_text("\n".join([first.replace(f'"load_s": {told}', f'"load_s": {number}'), *rest]))
    with pytest.raises(UsageError, match=r"loads\.jsonl record 1: load_s is (nan|-?inf)"):
        read_run(path)


NUMBERS = {
    "requests.jsonl": ("engine_load_s", "prompt_eval_s", "decode_s", "engine_total_s"),
    "loads.jsonl": ("load_s", "cached_ratio"),
    "samples.jsonl": (
        "cpu_pressure_s",
        "cgroup_throttled_s",
        "sampler_cpu_s",
        *(f"cpu.{mode}" for mode in CpuTimes.__dataclass_fields__),
        "engine.cpu_s",
        "client.cpu_s",
        "gpus.0.utilization_ratio",
        "gpus.0.power_w",
        "gpus.0.energy_j",
        "gpus.0.temperature_c",
    ),
}


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, fields in NUMBERS.items() for field in fields]
)
def test_every_number_of_a_journal_is_checked(name: str, field: str, tmp_path: Path) -> None:
    run = a_run(articles=1, repetitions=1, output_tokens=3, speed=HostSpeed(gpus=1))
    path = write_run(run, tmp_path / "run", is_finished=False)
    edit(path / name, 0, {field: math.nan})
    with pytest.raises(UsageError, match=rf"{name} record 1: .*nan"):
        read_run(path)


def test_no_number_of_a_journal_is_forgotten() -> None:
    def floats(kind: type, prefix: str = "") -> Iterator[str]:
        for field, hint in get_type_hints(kind).items():
            parts = [hint, *get_args(hint)]
            if float in parts:
                yield f"{prefix}{field}"
            for part in parts:
                if is_dataclass(part):
                    yield from floats(part, f"{field}.0." if part is GpuSample else f"{field}.")  # type: ignore[arg-type]  # a type

    for name, kind in (("requests", RequestRecord), ("loads", LoadRecord), ("samples", HostSample)):
        assert set(floats(kind)) == set(NUMBERS[f"{name}.jsonl"])


def test_a_line_that_was_copied_twice_would_count_twice(sound: Run, tmp_path: Path) -> None:
    path = write_run(sound, tmp_path / "run", is_finished=False)
    file = path / "requests.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines, lines[-1]]))
    with pytest.raises(UsageError, match="occurs twice"):
        read_run(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"repetition": 0}, "loaded twice"),
        ({"repetition": 2}, "repetition 2 of 2"),
        ({"done_ns": 1}, "do not ascend"),
        ({"done_ns": 10**17}, "ends after the first request"),
        ({"load_s": -1.0}, "load_s is -1.0"),
        ({"load_s": 1000.0}, "longer than its stamps are apart"),
        ({"cached_ratio": 1.5}, "cached_ratio is 1.5"),
        ({"state": "cloud"}, "state: input should be"),
    ],
)
def test_a_load_that_cannot_be_is_named(
    sound: Run, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    path = write_run(sound, tmp_path / "run", is_finished=False)
    edit(path / "loads.jsonl", 1, change)
    with pytest.raises(UsageError, match=r"loads\.jsonl (line|record) 2") as caught:
        read_run(path)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"at_ns": -1}, "at_ns is -1"),
        ({"at_ns": 10**30}, "at_ns is"),
        ({"cpu.user_s": -2.0}, "user_s is -2.0"),
        ({"engine.rss_bytes": -1}, "engine.rss_bytes is -1"),
        ({"client.cpu_s": 1e300}, "client.cpu_s is"),
    ],
)
def test_a_sample_that_cannot_be_is_named(
    sound: Run, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    path = write_run(sound, tmp_path / "run", is_finished=False)
    edit(path / "samples.jsonl", 1, change)
    with pytest.raises(UsageError, match=r"samples\.jsonl record 2") as caught:
        read_run(path)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"run_id": ""}, "run_id is no name"),
        ({"run_id": "a\nb"}, "run_id is no name"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"started_at": "2026-11-23T05:44:00"}, "with a zone"),
        ({"articles": []}, "articles lacks 'n0000'"),
        ({"workload.article_ids": ["n0000", "n0000"]}, "an article twice"),
        ({"workload.repetitions": 0}, "workload.repetitions is 0"),
        ({"workload.concurrency": -1}, "workload.concurrency is -1"),
        ({"workload.rate_per_s": 0.0}, "workload.rate_per_s is 0.0"),
        ({"workload.temperature": -1.0}, "workload.temperature is -1.0"),
        ({"host.instance_type": 5}, "host.instance_type is of type int"),
        ({"host.availability_zone": ["us-east-1a"]}, "host.availability_zone is of type list"),
        ({"host.logical_cpus": 0}, "host.logical_cpus is 0"),
        ({"host.isa": "avx512f"}, "host.isa is of type str"),
        ({"host.hostname": "a\u0007b"}, "host.hostname is no name"),
        ({"options.duration": {"value": "5m", "origin": "flag"}}, "options.duration is '5m'"),
        ({"options.price": {"value": 0, "origin": "flag"}}, "options.price is 0"),
        ({"options.price": {"value": True, "origin": "flag"}}, "options.price is True"),
        ({"engine": None}, "engine: input should be"),
        ({"schema_version": 2}, "has schema 2; this yoyak reads up to 1"),
        ({"schema_version": 0}, "names no schema_version"),
        ({"schema_version": True}, "names no schema_version"),
        ({"schema_version": "1"}, "names no schema_version"),
        ({"schema_version": 1.0}, "names no schema_version"),
    ],
)
def test_a_manifest_that_cannot_be_is_named(
    sound: Run, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    path = write_run(sound, tmp_path / "run", is_finished=False)
    file = path / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text())))  # one line
    edit(file, 0, change)
    with pytest.raises(UsageError, match=r"manifest\.json") as caught:
        read_run(path)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_results_of_another_run_are_not_taken_for_this_ones(sound: Run, tmp_path: Path) -> None:
    path = write_run(sound, tmp_path / "run")
    file = path / "perf.json"
    file.write_text(file.read_text().replace(sound.manifest.run_id, "some-other-run"))
    with pytest.raises(UsageError, match=r"is of run some-other-run.*--recompute"):
        read_run(path)


def test_records_of_another_host_are_not_taken_for_this_ones(sound: Run, tmp_path: Path) -> None:
    path = write_run(sound, tmp_path / "run", is_finished=False)
    other = replace(sound, manifest=replace(sound.manifest, run_id="20261124T000000Z-other-aaaa"))
    elsewhere = write_run(
        replace(other, requests=tuple(_renamed(other))), tmp_path / "other", is_finished=False
    )
    (path / "requests.jsonl").write_bytes((elsewhere / "requests.jsonl").read_bytes())
    with pytest.raises(UsageError, match="of another run than"):
        read_run(path)


def _renamed(run: Run) -> list[Any]:
    return [
        replace(record, request_id=f"{run.manifest.run_id}-{index:06d}")
        for index, record in enumerate(run.requests)
    ]


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "1" * 5000, '{"schema_version": 1' + "0" * 5000 + "}", "\ufeff{}"]
)
def test_json_that_no_reader_survives_is_foreign(sound: Run, tmp_path: Path, text: str) -> None:
    path = write_run(sound, tmp_path / "run", is_finished=False)
    (path / "manifest.json").write_text(text)
    with pytest.raises(UsageError, match="names no schema_version"):
        read_run(path)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x01", b"\x1f\x8b\x08\x00gzip", b"\x00" * 4096])
@pytest.mark.parametrize("name", ["manifest.json", "perf.json", "summary.json"])
def test_bytes_that_are_no_text_are_one_line(
    sound: Run, tmp_path: Path, data: bytes, name: str
) -> None:
    path = write_run(sound, tmp_path / "run")
    (path / name).write_bytes(data)
    with pytest.raises(UsageError, match=name) as caught:
        read_run(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["manifest.json", "requests.jsonl", "samples.jsonl"])
def test_a_folder_in_the_place_of_a_file_is_one_line(sound: Run, tmp_path: Path, name: str) -> None:
    path = write_run(sound, tmp_path / "run", is_finished=False)
    (path / name).unlink()
    (path / name).mkdir()
    with pytest.raises(UsageError, match=name):
        read_run(path)


def test_what_a_newer_yoyak_adds_is_left_out(sound: Run, tmp_path: Path) -> None:
    path = write_run(sound, tmp_path / "run", is_finished=False)
    edit(path / "requests.jsonl", 0, {"mood": "fine"})
    assert read_run(path).requests == sound.requests
