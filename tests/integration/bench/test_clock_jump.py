"""The wall clock jumps back an hour in mid-run, as after a late NTP step: no number may notice."""

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from tests.integration.bench.replays import lines_of

DEADLINE_S = 60.0
JUMP_S = 3600
# Every way to ask libc for the time of day; CLOCK_MONOTONIC is passed through untouched.
SHIM = f"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t jumped(void) {{
    const char *marker = getenv("JUMP_ONCE_THERE");
    return marker && access(marker, F_OK) == 0 ? {JUMP_S} : 0;
}}

int clock_gettime(clockid_t clock, struct timespec *now) {{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, now);
    if (!done && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec -= jumped();
    return done;
}}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {{
    struct timespec spec;
    (void)zone;
    int done = clock_gettime(CLOCK_REALTIME, &spec);
    now->tv_sec = spec.tv_sec;
    now->tv_usec = spec.tv_nsec / 1000;
    return done;
}}

time_t time(time_t *out) {{
    struct timespec spec;
    clock_gettime(CLOCK_REALTIME, &spec);
    if (out) *out = spec.tv_sec;
    return spec.tv_sec;
}}
"""


@pytest.fixture
def environ(tmp_path: Path, cache: Path) -> dict[str, str]:
    """An environment whose wall clock jumps once tmp_path/jump is there."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    source, library = tmp_path / "shim.c", tmp_path / "shim.so"
    source.write_text(SHIM)
    subprocess.run(
        ("cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"),
        check=True,
        timeout=DEADLINE_S,
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YOYAK_")}
    return {
        **kept,
        "XDG_CACHE_HOME": str(cache),
        "LD_PRELOAD": str(library),
        "JUMP_ONCE_THERE": str(tmp_path / "jump"),
    }


def test_a_run_measures_the_same_though_the_wall_clock_jumps(
    tmp_path: Path, dataset: Path, tiny_model: Path, environ: dict[str, str]
) -> None:
    started_s = time.monotonic()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "yoyak.cli", "run", "--engine", "llamacpp", "--threads", "1"),
            *("--dataset", str(dataset), "--model", str(tiny_model), "--out", "runs"),
            *("--articles", "3", "--repetitions", "3", "--warmup", "1", "--output-tokens", "32"),
        ],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        while len(done := [p for p in tmp_path.glob("runs/*/requests.jsonl") if lines_of(p)]) == 0:
            assert process.poll() is None
            assert time.monotonic() - started_s < DEADLINE_S
            time.sleep(0.005)
        (tmp_path / "jump").touch()
        before = len(lines_of(done[0]))
        errors = process.communicate(timeout=DEADLINE_S)[1]
    took_s = time.monotonic() - started_s

    asked = subprocess.run(
        (sys.executable, "-c", "import time; print(time.time())"),
        env=environ, capture_output=True, text=True, check=True, timeout=DEADLINE_S,
    )  # fmt: skip
    assert float(asked.stdout) < time.time() - JUMP_S / 2, "the clock did not jump"
    assert process.returncode == 0, errors
    (run,) = (tmp_path / "runs").iterdir()
    records = lines_of(run / "requests.jsonl")
    assert len(records) > before, "the run was over before the jump"
    assert len([r for r in records if not r["is_warmup"]]) == 9
    for record in records:
        stamps = [record["sent_ns"], *record["chunk_ns"], record["done_ns"]]  # type: ignore[misc] # JSON
        assert stamps == sorted(stamps)
        assert 0 <= stamps[0] <= stamps[-1] < took_s * 1e9
    perf = json.loads((run / "perf.json").read_text())
    assert perf["totals"]["failed"] == 0
    assert 0 < perf["totals"]["total_s"] < took_s
    spent = datetime.fromisoformat(perf["finished_at"]) - datetime.fromisoformat(perf["started_at"])
    assert 0 < spent.total_seconds() < took_s
