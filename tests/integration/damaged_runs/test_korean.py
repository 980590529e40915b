"""Doubts about a run reach a Korean reader in Korean, in each form; perf.json stays English."""

import contextlib
import io
import re
from pathlib import Path

import pytest
from tests.data_factories.benchmark_run import HostSpeed, a_run
from tests.data_factories.run_folder import write_run

from yoyak.cli.main import run_command_line

HANGUL = re.compile("[가-힣]")
SYNTHETIC_EN, SYNTHETIC_KO = "the weights are synthetic", "합성 가중치입니다"


def yoyak(*arguments: str | Path) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert run_command_line([str(argument) for argument in arguments]) == 0
    return out.getvalue()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = a_run(articles=2, repetitions=3, output_tokens=4, samples_per_s=1, speed=HostSpeed())
    return write_run(made, tmp_path_factory.mktemp("korean") / "run")


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_findings_are_said_in_the_readers_language(form: str, run: Path) -> None:
    english = yoyak("report", run, "--format", form)
    korean = yoyak("report", run, "--format", form, "--language", "ko")
    assert SYNTHETIC_EN in english
    assert SYNTHETIC_KO not in english
    assert SYNTHETIC_KO in korean
    assert SYNTHETIC_EN not in korean


def test_findings_of_a_page_are_marked_as_korean(run: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    yoyak("report", run, "--html", page, "--language", "ko")
    text = page.read_text()
    assert f'<div lang="ko"><p>{SYNTHETIC_KO}' in text
    assert SYNTHETIC_EN not in text


def test_json_for_machines_stays_english(run: Path) -> None:
    assert SYNTHETIC_EN in yoyak("report", run, "--format", "json", "--language", "ko")
    findings = (run / "perf.json").read_text().split('"findings"')[1]
    assert not HANGUL.search(findings)
