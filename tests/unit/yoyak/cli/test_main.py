import subprocess
import sys

import pytest

from yoyak.cli.main import SHORT_HELP, VERBS, run_command_line


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(verb in out for verb in VERBS)
    assert set(SHORT_HELP) == set(VERBS)


def test_help_waits_for_no_heavy_library() -> None:
    script = (
        "import sys; from yoyak.cli.main import run_command_line; run_command_line(['--help']); "
        "heavy = {'scipy', 'numpy', 'fastapi', 'scrapy', 'pydantic'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_a_run_begins_without_statistics_reports_and_schemas() -> None:
    # Up to its first request it may take 0.4 s (make bench-start); each of these is a large part.
    script = (
        "import sys, yoyak.cli.main, yoyak.cli.run, yoyak.cli.interrupts, yoyak.bench.run, "
        "yoyak.engines.ollama; "
        "heavy = {'scipy', 'numpy', 'pydantic', 'rich', 'jinja2', 'ollama'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["dataset", "verify", "nowhere"], 2, "error: nowhere is no dataset"),
        (["run", "--articles", "0"], 2, 'error: --articles is "0"'),
        (["run", "--config", "nowhere.toml"], 2, "error: --config nowhere.toml cannot be read"),
        (["report", "nowhere"], 2, "error: nowhere is not there"),
        (["compare", "nowhere", "neither"], 2, "error: nowhere is not there"),
        (["model", "show", "nowhere"], 2, "error: "),
        (["engine", "path", "--cache", "nowhere"], 3, "error: no native cpu build of llama.cpp"),
        (["engine", "path", "--cuda", "--cache", "nowhere"], 3, "yoyak engine build --cuda"),
        (["run", "--build", "newest"], 2, 'error: --build is "newest"; it takes one of auto, '),
        (["run", "--nonsense"], 2, "No such option"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_a_users_mistake_is_one_line_and_its_code(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(arguments) == code
    streams = capsys.readouterr()
    assert message in streams.err
    assert "Traceback" not in streams.err
    assert streams.out == ""


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("serve", "crawl")])
def test_every_verb_shows_one_real_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line([verb, "--help"]) == 0
    out = capsys.readouterr().out
    if verb not in ("dataset", "model"):  # groups: their verbs have one each
        assert f"Example: yoyak {verb}" in out
