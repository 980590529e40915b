"""Our ruler checked by another: the same load generator against `ollama_replay` and a C program.

    .venv/bin/python benchmarks/second_ruler.py [--streams 1 16 64] [--repeat 3] [--realtime]

`second_ruler.c` shares no line with `ollama_replay`: another language, a loop that never sleeps, a
truth log of its own. Where both find the same error of our client, it is the client's and not the
ruler's. Work, cores and definitions are those of `make bench-load`, adapter `openai`; in turns, and
of the repeats the one with the median p99 is shown.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from load import Row, of_level, ours, work

from yoyak.analysis.calibration import calibration_level
from yoyak.bench.calibrate import FIRST_CHUNK_S, GAP_S, MODEL, separate_cores
from yoyak.bench.load_client import LoadSpec, LoadUsage
from yoyak.records import RequestRecord
from yoyak.store.codec import from_json
from yoyak.store.run_folder import REQUESTS
from yoyak.units import US_PER_S

SOURCE = Path(__file__).with_suffix(".c")
END_S = 30.0
LEVEL_S = 300.0


def built(folder: Path) -> Path:
    """Compile the C program and return where it is."""
    program = folder / "second_ruler"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE], check=True)
    return program


@contextmanager
def running(program: Path, truth: Path, tokens: int, *, is_realtime: bool) -> Iterator[str]:
    """Run the C ruler on its core and give its address; its truth log is there afterwards."""
    cores = separate_cores()
    command = [
        *([] if cores.ruler is None else ["taskset", "-c", str(cores.ruler)]),
        *(["chrt", "-f", "1"] if is_realtime else []),
        str(program),
        str(truth),
        str(round(FIRST_CHUNK_S * US_PER_S)),
        str(round(GAP_S * US_PER_S)),
        str(tokens),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as ruler:
        if ruler.stdout is None:
            raise SystemExit("error: the ruler has no output")
        try:
            yield f"http://127.0.0.1:{ruler.stdout.readline().strip()}"
        finally:
            ruler.terminate()
            ruler.wait(END_S)


def against_c(program: Path, streams: int, *, is_realtime: bool) -> Row:
    """Measure our load generator once against the C ruler."""
    size = work(streams)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        truth = folder / "truth.jsonl"
        with running(program, truth, size.tokens, is_realtime=is_realtime) as url:
            spec = LoadSpec(
                engine="openai",
                url=url,
                model=MODEL,
                streams=streams,
                requests=size.requests,
                output_tokens=size.tokens,
                out=str(folder / "run"),
                cpu=separate_cores().client,
                is_realtime=is_realtime,
            )
            done = subprocess.run(
                [sys.executable, "-m", "yoyak.bench.load_client", json.dumps(asdict(spec))],
                check=True,
                capture_output=True,
                text=True,
                timeout=LEVEL_S,
            )
        usage = LoadUsage(**json.loads(done.stdout))
        requests = [
            from_json(RequestRecord, line, where=REQUESTS)
            for line in (folder / "run" / REQUESTS).read_bytes().splitlines()
        ]
        true = {one["request_id"]: one for one in map(json.loads, truth.read_text().splitlines())}
    level = calibration_level(
        requests,
        true,
        concurrency=streams,
        origin_ns=usage.origin_ns,
        cpu_s=usage.cpu_s,
        wall_s=usage.wall_s,
        rss_peak_bytes=usage.peak_rss_bytes,
    )
    late_us = (level.ruler_lateness_p99_s or 0.0) * US_PER_S
    return of_level(f"yoyak, openai, by the C ruler ({late_us:.0f} us late at p99)", level)


def main() -> int:
    """Print two rows a number of streams."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", nargs="+", type=int, default=[1, 16, 64, 256, 512])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--realtime", action="store_true")
    options = parser.parse_args()
    how = "SCHED_FIFO" if options.realtime else "ordinary priority"
    print(f"{datetime.now(UTC).date()}, load {os.getloadavg()[0]:.1f}, {how}\n")
    print(
        "| streams | client and ruler | n | failed | first token error p50, ms | p99 |"
        " gap error p99, ms | CPU ms for 1,000 tokens | peak RSS, MB |"
    )
    print("|" + " --- |" * 9, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        program = built(Path(folder))
        for streams in options.streams:
            found: dict[str, list[Row]] = {"ollama_replay": [], "C": []}
            for _ in range(options.repeat):
                row = ours("openai", streams, is_realtime=options.realtime)
                found["ollama_replay"].append(row)
                found["C"].append(against_c(program, streams, is_realtime=options.realtime))
            for rows in found.values():
                print(
                    sorted(rows, key=lambda row: row.first_p99)[len(rows) // 2].cells(), flush=True
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
