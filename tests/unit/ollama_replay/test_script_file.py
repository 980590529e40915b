"""A script file is read strictly; what is wrong is named with its place."""

import json
from pathlib import Path

import pytest

from ollama_replay.script import Fault, Model, Pull, Script, Timeline
from ollama_replay.script_file import read_script, script_from, script_json
from yoyak.errors import UsageError

TOML = """
seed = 7
version = "0.30.0"
parallel = 4
keep_alive_s = -1

[timeline]
first_chunk_s = 0.1
gaps_s = [0.01, 0.03]
tokens_per_chunk = [1, 2]

[[models]]
name = "mistral:7b"
gpu_share = 0.5
[models.timeline]
first_chunk_s = 1

[[faults]]
kind = "stall"
after_chunks = 3
for_s = 2.0
requests = [3, 7]

[pull]
steps = 2
"""


def written(folder: Path, text: str, name: str = "script.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_toml_file_says_the_whole_script(tmp_path: Path) -> None:
    assert read_script(written(tmp_path, TOML)) == Script(
        seed=7,
        version="0.30.0",
        parallel=4,
        keep_alive_s=-1.0,
        timeline=Timeline(first_chunk_s=0.1, gaps_s=(0.01, 0.03), tokens_per_chunk=(1, 2)),
        models=(Model(name="mistral:7b", gpu_share=0.5, timeline=Timeline(first_chunk_s=1.0)),),
        faults=(Fault(kind="stall", after_chunks=3, for_s=2.0, requests=(3, 7)),),
        pull=Pull(steps=2),
    )


def test_a_script_written_as_json_reads_back_the_same(tmp_path: Path) -> None:
    script = read_script(written(tmp_path, TOML))
    assert read_script(written(tmp_path, script_json(script), "again.json")) == script
    assert script_from(json.loads(script_json(Script()))) == Script()


def test_a_single_entry_needs_no_list() -> None:
    assert script_from({"timeline": {"tokens_per_chunk": 3}}).timeline.tokens_per_chunk == (3,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = \nx", "is no TOML: Invalid value (at line 1, column 8)"),
        ("sed = 1", "script: sed is unknown; known are seed, version, "),
        ('seed = "1"', "script.seed: should be a whole number, is '1'"),
        ("seed = true", "script.seed: should be a whole number, is True"),
        ("keep_alive_s = true", "script.keep_alive_s: should be a number, is True"),
        ("timeline = 3", "script.timeline: should be a table, is 3"),
        ("[timeline]\ngap = 1", "script.timeline: gap is unknown; known are first_chunk_s, "),
        ('models = [{name = "a"}, {nam = "b"}]', "script.models[1]: nam is unknown"),
        ("faults = [{requests = [1]}]", "script.faults[0]: kind is missing"),
        (
            'faults = [{kind = "reset", requests = ["a"]}]',
            "script.faults[0].requests[0]: should be",
        ),
        ('faults = [{kind = "status"}]', "needs a status from 400 to 599"),
    ],
)
def test_a_mistake_is_named_with_file_and_place(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read_script(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"script {path}: ")
    assert "\n" not in str(caught.value)


def test_json_is_told_apart_by_its_ending(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no JSON: Expecting value: line 1 column 1"):
        read_script(written(tmp_path, "seed = 1", "script.json"))


def test_a_file_that_is_not_there_or_no_text_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory; give the path"):
        read_script(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"seed = \xff")
    with pytest.raises(UsageError, match="is no UTF-8 text"):
        read_script(tmp_path / "latin.toml")
