"""How long `yoyak run` takes from the start of its process to its first request at the engine.

    python benchmarks/start.py [--runs 15]

The engine is `ollama_replay`, whose models load at once, so that the time is ours alone. The clock
is CLOCK_MONOTONIC, read before the process is made, and by the replay where the kernel received
the first prompt (a warm-up request). Interpreter, imports, dataset, host facts, the questions to
the engine, manifest, sampler, unload and load are all in it.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ollama_replay import Model, Script, Timeline, running

LIMIT_S = 0.4
DATASET = Path(__file__).parents[1] / "examples" / "dataset"
SCRIPT = Script(
    timeline=Timeline(first_chunk_s=0.005, warm_load_s=0.001, overhead_s=0.001, gap_s=0.001),
    models=(Model(load_s=0.0, unload_s=0.0),),
)


def first_request_s(folder: Path, number: int) -> tuple[float, float]:
    """Return the seconds to the first request, and the CPU seconds of the whole small run."""
    with running(SCRIPT) as replay:
        command = [
            *(sys.executable, "-m", "yoyak.cli", "run", "--dataset", str(DATASET)),
            *("--engine", "ollama", "--url", replay.url, "--model", "replay", "--threads", "1"),
            *("--articles", "1", "--repetitions", "1", "--warmup", "1", "--output-tokens", "2"),
            *("--out", str(folder / str(number)), "--format", "json"),
        ]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began_ns = time.monotonic_ns()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        first = min(answer["received_ns"] for answer in replay.answers(2))
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (first - began_ns) / 1e9, cpu_s


def main() -> int:
    """Print the figures; exit with 1 where the median is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        first_request_s(Path(folder), 0)  # byte code and page cache
        times = sorted(first_request_s(Path(folder), n)[0] for n in range(1, runs + 1))
    median = statistics.median(times)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {runs} runs")
    print(f"first request after: median {median:.3f} s, {times[0]:.3f} to {times[-1]:.3f} s")
    print(f"limit {LIMIT_S} s: {'met' if median <= LIMIT_S else 'missed'}")
    return int(median > LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
