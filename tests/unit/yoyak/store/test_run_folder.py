import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.yoyak.runs import a_manifest, a_request

from yoyak.errors import HostError, UsageError
from yoyak.records import LoadRecord, RequestRecord
from yoyak.store.codec import from_json, to_json
from yoyak.store.locate import located, read_located
from yoyak.store.run_folder import Run, RunWriter, read_run, replace_file


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[RunWriter]:
    with RunWriter(tmp_path / "run") as writer:
        writer.write_manifest(a_manifest())
        yield writer


def test_what_is_written_is_read_back(writer: RunWriter) -> None:
    requests = tuple(a_request(index=i, sent_ns=10) for i in range(3))
    load = LoadRecord(
        repetition=0, started_ns=1, done_ns=5, load_s=4e-9, state="disk", cached_ratio=0.0
    )
    for record in requests:
        writer.append_request(record)
    writer.append_load(load)
    writer.close()
    run = read_run(writer.path)
    assert run.manifest == a_manifest()
    assert run.requests == requests
    assert run.loads == (load,)
    assert (run.perf, run.samples, run.summaries, run.cut_lines) == (None, (), (), ())


def test_a_record_is_in_the_file_before_append_returns(writer: RunWriter) -> None:
    writer.append_request(a_request())
    assert (writer.path / "requests.jsonl").read_bytes().endswith(b"}\n")


def test_a_line_that_was_cut_off_is_left_out_and_named(writer: RunWriter) -> None:
    writer.append_request(a_request(index=0))
    writer.append_request(a_request(index=1))
    writer.close()
    file = writer.path / "requests.jsonl"
    os.truncate(file, file.stat().st_size - 10)
    run = read_run(writer.path)
    assert run.requests == (a_request(index=0),)
    assert run.cut_lines == ("requests.jsonl",)


def test_a_process_killed_while_it_writes_leaves_every_finished_record(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from tests.unit.yoyak.runs import a_manifest, a_request
from yoyak.store.run_folder import RunWriter
writer = RunWriter(Path(sys.argv[1]))
writer.write_manifest(a_manifest())
for index in range(25):
    writer.append_request(a_request(index=index))
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "run"
    root = Path(__file__).parents[4]
    ended = subprocess.run([sys.executable, "-c", script, path], cwd=root, check=False)
    assert ended.returncode == -9
    assert len(read_run(path).requests) == 25


def test_a_foreign_line_in_the_middle_is_an_error_that_names_it(writer: RunWriter) -> None:
    writer.append_request(a_request())
    writer.close()
    with (writer.path / "requests.jsonl").open("a") as file:
        file.write('{"request_id": 3}\n')
    with pytest.raises(UsageError, match=r"requests\.jsonl line 2 is not a RequestRecord"):
        read_run(writer.path)


def test_a_folder_that_is_there_is_not_written_into(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="exists already"):
        RunWriter(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "holds no manifest"),
        ("", "names no schema_version"),
        ("{}", "names no schema_version"),
        ('{"schema_version": 99}', "has schema 99"),
        ('{"schema_version": 1}', "is not a Manifest"),
    ],
)
def test_a_foreign_manifest_gets_one_line(
    tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_run(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "perf.json"
    replace_file(file, "old")
    with pytest.raises(UnicodeEncodeError):
        replace_file(file, "new\ud800")
    assert file.read_text() == "old"


def test_nan_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(replace(a_request(), decode_s=float("nan")))


def test_unknown_is_null_in_the_file() -> None:
    line = json.loads(to_json(replace(a_request(), prompt_tokens=None)))
    assert line["prompt_tokens"] is None


def test_every_field_survives_the_way_through_json() -> None:
    record = a_request()
    assert from_json(RequestRecord, to_json(record), where="here") == record


def test_runs_are_found_by_folder_file_and_address(writer: RunWriter) -> None:
    writer.append_request(a_request())
    writer.close()
    for name in (str(writer.path), f"file://{writer.path}"):
        with located(name) as path:
            run = read_located(path)
        assert isinstance(run, Run)
        assert run.requests == (a_request(),)


@pytest.mark.parametrize("name", ["nowhere", "file:///nowhere/at/all", "gopher://host/run"])
def test_a_run_that_is_not_there_gets_one_line(name: str) -> None:
    with pytest.raises((UsageError, HostError)) as caught, located(name):
        pass
    assert name.split("/", maxsplit=1)[0] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_holds_no_run_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds neither"), located(str(tmp_path)):
        pass
