"""`yoyak calibrate` on this machine, at few streams."""

import json
import subprocess
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from tests.integration.bench.conftest import RunYoyak

from yoyak.bench.calibrate import MODEL, Round, measure_level, separate_cores
from yoyak.bench.calibration_cache import known
from yoyak.store.schema_files import schemas

DEADLINE_S = 90.0
SANE_S = 0.05  # other work may run on this machine; what a quiet one reaches is in performance.md


def test_few_streams_have_a_small_error_and_a_modest_client() -> None:
    level = measure_level(
        4, engine="ollama", cores=separate_cores(), is_realtime=False, work=Round(4, 16)
    )
    assert (level.requests, level.failed) == (16, 0)
    assert level.inter_chunk_latency.n == 16 * 15
    first = level.time_to_first_token
    assert first.p50_s is not None
    assert 0 < first.p50_s < SANE_S
    assert first.bias_s is not None
    assert first.bias_s > 0  # nothing arrives before it is sent
    assert level.client_cpu_s_per_1000_tokens is not None
    assert level.client_cpu_s_per_1000_tokens > 0
    assert level.client_rss_peak_bytes is not None
    assert 20e6 < level.client_rss_peak_bytes < 100e6


def test_an_answer_that_comes_late_by_the_ruler_s_script_is_no_error_of_the_client() -> None:
    stall_s = 0.4
    played = {
        "parallel": 2,
        "models": [{"name": MODEL, "load_s": 0}],
        "faults": [{"kind": "stall", "after_chunks": 3, "for_s": stall_s}],
    }
    level = measure_level(
        2,
        engine="ollama",
        cores=separate_cores(),
        is_realtime=False,
        work=Round(2, 8),
        played=played,
    )
    assert (level.requests, level.failed) == (4, 0)
    assert level.inter_chunk_latency.max_s is not None
    assert level.inter_chunk_latency.max_s < stall_s / 4
    assert level.end_to_end.max_s is not None
    assert level.end_to_end.max_s < stall_s / 4


def test_the_command_keeps_what_it_prints_for_later_runs(yoyak: RunYoyak, tmp_path: Path) -> None:
    cache = tmp_path / "kept"
    process = yoyak("calibrate", "--concurrency", "2,1", "--cache", str(cache), "--format", "json")
    out, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, err
    printed = json.loads(out)
    schema = schemas()["calibration.schema.json"]
    Draft202012Validator(schema).validate(printed)
    assert [level["concurrency"] for level in printed["levels"]] == [1, 2]
    found = known(cache)
    assert found is not None
    assert found.measured_at == printed["measured_at"]


def test_what_is_no_list_of_streams_is_refused(yoyak: RunYoyak) -> None:
    process = yoyak("calibrate", "--concurrency", "many")
    _, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2
    assert err.splitlines()[-1].startswith('error: --concurrency "many" is no list of numbers')


def limited(soft: int, hard: int, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run Python with so many open files."""
    limits = f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$@"'
    return subprocess.run(
        ["sh", "-c", limits, "sh", sys.executable, *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )


MANY_STREAMS = """
from yoyak.bench.calibrate import Round, measure_level, separate_cores
from yoyak.host.open_files import allow_connections
allow_connections(200)
level = measure_level(
    200, engine="ollama", cores=separate_cores(), is_realtime=False, work=Round(1, 4)
)
print(level.requests, level.failed)
"""


def test_more_streams_than_a_process_may_open_files_at_first_are_measured() -> None:
    done = limited(100, 1000, "-c", MANY_STREAMS)
    assert done.stdout.split() == ["200", "0"], done.stderr


def test_more_streams_than_this_host_allows_are_refused_in_one_line() -> None:
    done = limited(256, 256, "-m", "yoyak.cli", "calibrate", "--concurrency", "1,4096")
    assert done.returncode == 3
    assert done.stderr == (
        "error: 4096 streams need 4160 open files and this host allows 256; raise its hard limit "
        "(ulimit -Hn 4160), or ask for fewer: --concurrency 192\n"
    )
