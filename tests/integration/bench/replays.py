"""A scripted engine, and the command line of a quick run against it."""

import json
import subprocess
from pathlib import Path

from ollama_replay import Fault, Model, Script, Timeline

DEADLINE_S = 60.0
# Slot occupied for 18 ms of prompt and 10 gaps of 2 ms: 26 requests of 11 tokens a second.
TIMELINE = Timeline(first_chunk_s=0.02, warm_load_s=0.001, overhead_s=0.001, gap_s=0.002)
MODEL = Model(load_s=0.02, unload_s=0.02)
TOKENS = 11
CAPACITY_PER_S = 1 / (0.018 + 10 * 0.002)


def a_script(
    *faults: Fault, timeline: Timeline = TIMELINE, parallel: int = 1, version: str = "0.33.3"
) -> Script:
    return Script(
        timeline=timeline, models=(MODEL,), faults=faults, parallel=parallel, version=version
    )


def arguments(dataset: Path, url: str, **options: object) -> list[str]:
    given = {
        "dataset": dataset,
        "engine": "ollama",
        "url": url,
        "model": "replay",
        "articles": 4,
        "output-tokens": TOKENS,
        "warmup": 1,
        "threads": 1,
        "out": "runs",
        **options,
    }
    return ["run", *(part for name, value in given.items() for part in (f"--{name}", str(value)))]


def finished(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=DEADLINE_S)
    return process.returncode, out, err


def the_run(folder: Path) -> Path:
    (path,) = (folder / "runs").iterdir()
    return path


def lines_of(file: Path) -> list[dict[str, object]]:
    """Return every whole line of a journal."""
    if not file.exists():
        return []
    return [
        json.loads(line) for line in file.read_text().splitlines(keepends=True) if line[-1] == "\n"
    ]


def journal(folder: Path, name: str) -> list[dict[str, object]]:
    """Return the whole lines of a journal of the one run, as long as there is any."""
    runs = folder / "runs"
    if not runs.is_dir() or not any(runs.iterdir()):
        return []
    return lines_of(the_run(folder) / name)


def manifest_of(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((the_run(folder) / "manifest.json").read_text())
    return found
