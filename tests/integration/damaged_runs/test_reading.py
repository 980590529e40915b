"""Whatever is done to the files of a run: an error of one line, or results that say what is lost.

Damage is drawn by hypothesis from a run's own files: cut off, bytes flipped, fields taken out,
values replaced by what JSON can hold.
"""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.data_factories.benchmark_run import HostSpeed, a_run
from tests.data_factories.run_folder import write_run

from yoyak.analysis.compare import compare
from yoyak.bench.finish import results
from yoyak.errors import YoyakError
from yoyak.records import Perf
from yoyak.store.codec import to_json
from yoyak.store.run_folder import read_perf, read_run

JOURNALS = ("requests.jsonl", "loads.jsonl", "samples.jsonl")
FILES = (*JOURNALS, "manifest.json", "perf.json", "summary.json")
ODD: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    7,
    10**30,
    -0.0,
    5e-324,
    1e308,
    "",
    "x",
    "a\nb",
    [],
    {},
    [[]],
    [None],
)
# Every example works in a folder of its own below one of the module.
search = settings(
    max_examples=120,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    speed = HostSpeed(gpus=1)
    run = a_run(articles=2, repetitions=3, output_tokens=4, samples_per_s=1, speed=speed)
    return write_run(run, tmp_path_factory.mktemp("intact") / "run")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Perf:
    speed = HostSpeed(instance_type="r5.4xlarge", decode_tokens_per_s=12, gpus=1)
    run = a_run(articles=2, repetitions=3, output_tokens=4, samples_per_s=1, speed=speed)
    path = write_run(run, tmp_path_factory.mktemp("other") / "run")
    return read_perf(path / "perf.json")


@pytest.fixture(scope="module")
def damaged(intact: Path) -> Callable[[str, bytes], Path]:
    """Return a copy of the intact run with one file's content replaced."""
    place = intact.parent / "damaged"

    def make(name: str, data: bytes) -> Path:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(intact, place)
        (place / name).write_bytes(data)
        return place

    return make


def numbers(perf: Perf) -> dict[str, Any]:
    """What rests on requests and loads; what rests on samples alone is not here."""
    found = {
        name: getattr(perf, name)
        for name in ("totals", "model_load", "latency", "rates", "cost", "workload", "model")
    }
    data: dict[str, Any] = json.loads(to_json(perf))
    kept = {name: data[name] for name in found}
    for name in ("client_rss_end_bytes", "client_cpu_percent"):
        del kept["totals"][name]
    return kept


def read(path: Path, other: Perf) -> Perf | None:
    """Read and use a damaged run in every way; None if it was refused, in one line."""
    try:
        run = read_run(path)
        perf = results(run)
        to_json(perf)  # refuses NaN
        if run.perf is not None:
            to_json(compare([run.perf, other]))
    except YoyakError as error:
        text = str(error)
        assert text.isprintable(), "an error is one line"
        return None
    return perf


def is_same_or_unknown(found: object, true: object) -> bool:
    """Say whether every leaf is what it was, or null."""
    if isinstance(found, dict) and isinstance(true, dict):
        return all(is_same_or_unknown(found[key], true[key]) for key in true)
    return found is None or found == true


def codes(perf: Perf) -> set[str]:
    return {finding.code for finding in perf.findings}


@search
@given(name=st.sampled_from(FILES), share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_off_is_refused_or_said(
    name: str, share: float, intact: Path, other: Perf, damaged: Callable[[str, bytes], Path]
) -> None:
    data = (intact / name).read_bytes()
    perf, whole = read(damaged(name, data[: int(share * len(data))]), other), read(intact, other)
    assert whole is not None
    if perf is not None and numbers(perf) != numbers(whole):
        assert codes(perf) - codes(whole)


@search
@given(name=st.sampled_from(JOURNALS), line=st.integers(0, 10**6))
def test_lines_that_are_missing_at_the_end_are_said(
    name: str, line: int, intact: Path, other: Perf, damaged: Callable[[str, bytes], Path]
) -> None:
    lines = (intact / name).read_bytes().splitlines(keepends=True)
    perf = read(damaged(name, b"".join(lines[: line % len(lines)])), other)
    whole = read(intact, other)
    assert perf is not None
    assert whole is not None
    if numbers(perf) != numbers(whole):
        assert codes(perf) - codes(whole)


@search
@given(
    name=st.sampled_from(FILES),
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_flipped_bytes_end_in_one_line_or_in_results(
    name: str,
    flips: list[tuple[int, int]],
    intact: Path,
    other: Perf,
    damaged: Callable[[str, bytes], Path],
) -> None:
    data = bytearray((intact / name).read_bytes())
    for place, byte in flips:
        data[place % len(data)] = byte
    read(damaged(name, bytes(data)), other)


def members(value: object) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) within a JSON value, the containers being those of the value."""
    if isinstance(value, dict):
        for key in list(value):
            yield value, key
            yield from members(value[key])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from members(item)


def with_change(data: bytes, name: str, draw: int, change: Callable[[Any, Any], None]) -> bytes:
    """Change one member of one document of a file, chosen by `draw`."""
    chance = random.Random(draw)
    texts = data.splitlines() if name in JOURNALS else [data]
    at = chance.randrange(len(texts))
    document = json.loads(texts[at])
    container, key = chance.choice(list(members(document)))
    change(container, key)
    texts[at] = json.dumps(document).encode()
    return b"\n".join(texts) + b"\n"


@search
@given(name=st.sampled_from(FILES), draw=st.integers(0, 2**32))
def test_a_field_that_is_missing_is_refused_or_unknown(
    name: str, draw: int, intact: Path, other: Perf, damaged: Callable[[str, bytes], Path]
) -> None:
    def delete(container: Any, key: Any) -> None:  # noqa: ANN401 - any JSON
        if isinstance(container, dict):
            del container[key]

    data = with_change((intact / name).read_bytes(), name, draw, delete)
    perf, whole = read(damaged(name, data), other), read(intact, other)
    assert whole is not None
    if perf is not None and name != "samples.jsonl":
        assert is_same_or_unknown(numbers(perf), numbers(whole)) or codes(perf) - codes(whole)


@search
@given(name=st.sampled_from(FILES), draw=st.integers(0, 2**32), value=st.sampled_from(ODD))
def test_an_odd_value_ends_in_one_line_or_in_results(
    name: str,
    draw: int,
    value: object,
    intact: Path,
    other: Perf,
    damaged: Callable[[str, bytes], Path],
) -> None:
    def put(container: Any, key: Any) -> None:  # noqa: ANN401 - any JSON
        container[key] = value

    data = with_change((intact / name).read_bytes(), name, draw, put)
    read(damaged(name, data), other)
