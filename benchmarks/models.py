"""Measures how synthetic models are made, and whether their tokenizer is Mistral's.

    python benchmarks/models.py [--presets tiny small 1b mistral-7b] [--folder DIR]

Each preset is written by a process of its own, to a file that is removed afterwards; its wall clock
includes the interpreter's start, its peak memory is the kernel's high-water mark of that process.
mistral-7b takes 4.1 GB of disk for a moment. Prints Markdown.
"""

import argparse
import json
import os
import platform
import runpy
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sentencepiece

from yoyak.models import PRESETS, read_gguf, synth
from yoyak.models.vocabulary import mistral_tokenizer_path
from yoyak.units import KIB, MIB, MS_PER_S

MB = 1_000_000
TESTS = Path(__file__).parent.parent / "tests" / "integration" / "models"
# The peak is VmHWM and not getrusage's: the latter begins at the parent's size.
WRITER = """
import json, re, sys
from pathlib import Path
from yoyak.models import synth
made = synth(sys.argv[1], Path(sys.argv[2]))
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(json.dumps([made.elapsed_s, int(peak[1]), made.sha256]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one preset cost."""

    preset: str
    size_bytes: int
    synth_s: float
    process_s: float
    peak_rss_bytes: int
    read_s: float
    sha256: str


def measure(preset: str, folder: Path) -> Row:
    """Write a preset in a child process and read its header here."""
    out = folder / f"{preset}.gguf"
    began = time.perf_counter()
    command = [sys.executable, "-c", WRITER, preset, str(out)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    process_s = time.perf_counter() - began
    synth_s, peak_rss_kib, sha256 = json.loads(output)
    began = time.perf_counter()
    model = read_gguf(out)
    read_s = time.perf_counter() - began
    out.unlink()
    return Row(
        preset=preset,
        size_bytes=model.size_bytes,
        synth_s=synth_s,
        process_s=process_s,
        peak_rss_bytes=peak_rss_kib * KIB,
        read_s=read_s,
        sha256=sha256,
    )


def tokenization(folder: Path) -> tuple[int, int]:
    """Return (texts whose llama.cpp token ids are SentencePiece's, texts)."""
    model = synth("tiny", folder / "tokenizer.gguf").path
    llama_server = runpy.run_path(str(TESTS / "llama_server.py"))
    texts: list[str] = runpy.run_path(str(TESTS / "texts.py"))["texts"]()
    reference = sentencepiece.SentencePieceProcessor(model_file=str(mistral_tokenizer_path()))
    with llama_server["serving"](model, context=512) as post:
        same = sum(
            llama_server["token_ids"](post, text) == reference.encode(text) for text in texts
        )
    return same, len(texts)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--folder", type=Path, help="where files are written for a moment")
    options = parser.parse_args()
    cores, date = len(os.sched_getaffinity(0)), datetime.now(UTC).date()
    say(f"{cores} cores, {platform.machine()}, Python {platform.python_version()}, {date}\n")
    say("| preset | MiB | synth s | process s | peak RSS MB | read header ms | sha256 |")
    say("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for preset in options.presets:
            row = measure(preset, Path(name))
            say(
                f"| {preset} | {row.size_bytes / MIB:,.1f} | {row.synth_s:.2f} "
                f"| {row.process_s:.2f} | {row.peak_rss_bytes / MB:.0f} "
                f"| {row.read_s * MS_PER_S:.1f} | {row.sha256} |"
            )
        same, texts = tokenization(Path(name))
    say(f"\ntoken ids of llama.cpp and SentencePiece: the same for {same} of {texts} texts")


if __name__ == "__main__":
    main()
