"""What the sampler process costs: CPU at 10 Hz for engines of 1 and of 50 processes.

    .venv/bin/python benchmarks/sampler.py [--seconds 20] [--hz 10]

The sampler's CPU time is read from its own samples (process_time) between the first and the last,
so that starting Python is left out, and is told apart.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from yoyak.host.sampler_handle import SamplerProcess
from yoyak.units import MS_PER_S, NS_PER_S, PERCENT

TREE_SIZES = (1, 50)
_MOST_PERCENT = 1.0  # of one core: what the design allows
_TREE = """
import subprocess, sys
children = [subprocess.Popen(["sleep", "1000"]) for _ in range(int(sys.argv[1]))]
print("ready", flush=True)
sys.stdin.read()
for child in children:
    child.kill()
    child.wait()
"""


def measure(processes: int, seconds: float, hz: float) -> dict[str, float]:
    """Return the cost of sampling an idle engine of so many processes for so long."""
    engine = subprocess.Popen(
        [sys.executable, "-c", _TREE, str(processes - 1)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        if engine.stdout is not None:
            engine.stdout.readline()
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "samples.jsonl"
            origin_ns = time.monotonic_ns()
            with SamplerProcess(
                out=out, origin_ns=origin_ns, hz=hz, engine_pid=engine.pid
            ) as sampler:
                time.sleep(seconds)
                report = sampler.stop()
            lines = [json.loads(line) for line in out.read_text().splitlines()]
    finally:
        engine.communicate()
    # The last sample also walks page tables for the PSS: it is no part of the rate.
    first, last = lines[1], lines[-2]
    cpu_s = last["sampler_cpu_s"] - first["sampler_cpu_s"]
    wall_s = (last["at_ns"] - first["at_ns"]) / NS_PER_S
    return {
        "processes": last["engine"]["processes"],
        "samples": len(lines),
        "skipped_ticks": report.skipped_ticks or 0,
        "late_max_ms": (report.late_max_s or 0.0) * MS_PER_S,
        "cpu_percent_of_a_core": PERCENT * cpu_s / wall_s,
        "cpu_ms_per_sample": MS_PER_S * cpu_s / (len(lines) - 3),
        "start_cpu_ms": MS_PER_S * lines[0]["sampler_cpu_s"],
        "bytes_per_sample": sum(len(json.dumps(line)) for line in lines) / len(lines),
    }


def main() -> int:
    """Print a row a tree size; return 1 if one costs more than the design allows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--hz", type=float, default=10.0)
    options = parser.parse_args()
    worst = 0.0
    for processes in TREE_SIZES:
        row = measure(processes, options.seconds, options.hz)
        worst = max(worst, row["cpu_percent_of_a_core"])
        sys.stdout.write("  ".join(f"{name}={value:.3g}" for name, value in row.items()) + "\n")
    return 0 if worst < _MOST_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
