"""`yoyak demo`, whole: newsroom, spider, model, summarizer, benchmark, report."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import psutil
from tests.integration.bench.conftest import RunYoyak

from yoyak.store.run_folder import read_run

DEADLINE_S = 110.0


def demo(yoyak: RunYoyak, cache: Path, *more: str) -> "subprocess.Popen[str]":
    return yoyak("demo", "--preset", "tiny", "--cache", str(cache), *more)


def test_the_demo_does_the_whole_job_and_says_where_its_report_is(
    yoyak: RunYoyak, tmp_path: Path
) -> None:
    process = demo(yoyak, tmp_path / "cache")
    out, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, err
    for step in ("crawl of the bundled newsroom", "synthetic model", "summarizer", "benchmark"):
        assert f"{step}" in err
    assert "SYNTHETIC WEIGHTS" in out
    (report,) = re.findall(r"report: (\S+)", out)
    page = (tmp_path / report).read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    run = read_run((tmp_path / report).parent)
    assert run.perf is not None
    assert run.manifest.engine.via == "summarizer"
    assert run.perf.totals.failed == 0
    assert run.perf.rates.decode_tokens_per_s.source == "engine"
    assert run.perf.resources.engine_rss_peak_bytes is not None
    assert json.loads((tmp_path / report).with_name("summary.json").read_text())


def test_a_stopped_demo_leaves_no_process_behind(yoyak: RunYoyak, tmp_path: Path) -> None:
    process = demo(yoyak, tmp_path / "cache")
    ours = psutil.Process(process.pid)
    deadline = time.monotonic() + DEADLINE_S
    seen: set[psutil.Process] = set()
    while not any("summarizer" in " ".join(_words(child)) for child in seen):
        assert time.monotonic() < deadline
        assert process.poll() is None
        seen.update(ours.children(recursive=True))
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    while any(child.is_running() for child in seen):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
