"""What our path adds to llama.cpp's own times, directly and through the summarizer service.

    .venv/bin/python benchmarks/engine_overhead.py [--preset 1b] [--requests 20] [--threads N]

One request directly and one through the service, in turns, so that both meet the same machine. For
each request:

- overhead: as a run records it, from `sent_ns` to `done_ns`, less llama.cpp's prompt and decode
  times (issue: at most 3 ms); what making its bytes takes before is a column of its own;
- before the first token: first chunk's stamp less sending, less llama.cpp's prompt time;
- decode ratio: (last stamp - first stamp) / llama.cpp's decode time; both are tokens - 1 steps, so
  their rates are within 1 % if the ratio is within 0.99 and 1.01.

Exit code 1 if the overhead (median or p90) or the median ratio misses its goal.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from yoyak import prompts
from yoyak.engines import open_engine
from yoyak.engines.base import Engine, GenerationOptions, GenerationRequest
from yoyak.host.topology import auto_threads
from yoyak.load import measure as load
from yoyak.load.loops import collector_off
from yoyak.models import cached
from yoyak.units import MS_PER_S, PERCENT, seconds

MOST_OVERHEAD_MS = 3.0
MOST_RATE_ERROR = 0.01
CONTEXT, BATCH = 2048, 512
TEXT = "가온증권은 오늘 새로운 뉴스 요약 서비스를 시작했다고 밝혔다. "
WARMUP = 2
READY_S = 120.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One request, in milliseconds but for the ratio."""

    overhead_ms: float
    first_token_ms: float
    decode_ratio: float
    decode_ms: float  # the engine's own
    making_ms: float  # the bytes of the request, before its clock starts


async def measure(engine: Engine, index: int, *, output_tokens: int, chars: int) -> Measured:
    """Send one request and return what it cost beyond the engine's own work."""
    text = (TEXT * (chars // len(TEXT) + 1))[:chars]
    nonce = prompts.nonce("engine_overhead", index)
    request = GenerationRequest(
        request_id=f"overhead-{index}",
        article_id="overhead",
        title="제목",
        text=text,
        nonce=nonce,
        prompt=prompts.build_prompt(nonce=nonce, title="제목", text=text),
        options=GenerationOptions(output_tokens=output_tokens, seed=1, temperature=0.0),
    )
    with collector_off():
        asked_ns = time.monotonic_ns()
        record = await load.measure(
            engine, request, load.Slot(repetition=0, is_warmup=False), origin_ns=asked_ns
        )
    if record.error is not None:
        raise SystemExit(f"error: {record.error_message}")
    stamps, sent_ns = record.chunk_ns, record.sent_ns
    if record.prompt_eval_s is None or record.decode_s is None:
        raise SystemExit("error: the engine gave no timings")
    if len(stamps) != output_tokens:
        raise SystemExit(f"error: {len(stamps)} chunks for {output_tokens} tokens")
    wall_s = seconds(record.done_ns - sent_ns)
    return Measured(
        overhead_ms=(wall_s - record.prompt_eval_s - record.decode_s) * MS_PER_S,
        first_token_ms=(seconds(stamps[0] - sent_ns) - record.prompt_eval_s) * MS_PER_S,
        decode_ratio=seconds(stamps[-1] - stamps[0]) / record.decode_s,
        decode_ms=record.decode_s * MS_PER_S,
        making_ms=seconds(sent_ns) * MS_PER_S,
    )


async def run(
    model: Path, asked: argparse.Namespace, service_url: str
) -> dict[str, list[Measured]]:
    """Return the measurements of both paths."""
    engines = {
        "llamacpp": open_engine(
            "llamacpp",
            model=str(model),
            threads=asked.threads,
            context=CONTEXT,
            batch=BATCH,
            timeout_s=READY_S,
            cache_dir=model.parent,
            build="wheel",  # as the service's
        ),
        "summarizer": open_engine(
            "summarizer",
            url=service_url,
            threads=asked.threads,
            context=CONTEXT,
            batch=BATCH,
            timeout_s=READY_S,
        ),
    }
    found: dict[str, list[Measured]] = {name: [] for name in engines}
    try:
        for engine in engines.values():
            await engine.describe()
        for index in range(WARMUP + asked.requests):
            for place, (name, engine) in enumerate(engines.items()):
                one = await measure(
                    engine,
                    len(engines) * index + place,
                    output_tokens=asked.output_tokens,
                    chars=asked.chars,
                )
                if index >= WARMUP:
                    found[name].append(one)
    finally:
        for engine in engines.values():
            await engine.close()
    return found


def table(found: dict[str, list[Measured]]) -> str:
    """Return the figures as a Markdown table."""
    head = ("path", "n", "overhead ms p50 / p90 / max", "before the first token ms p50 / p90")
    lines = [
        f"| {' | '.join(head)} | decode ratio p50 (min to max) | decode ms p50 | made in ms p50 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, all_measured in found.items():
        overhead = sorted(one.overhead_ms for one in all_measured)
        first = sorted(one.first_token_ms for one in all_measured)
        ratio = sorted(one.decode_ratio for one in all_measured)
        lines.append(
            f"| {name} | {len(all_measured)} "
            f"| {statistics.median(overhead):.2f} / {ninety(overhead):.2f} / {overhead[-1]:.2f} "
            f"| {statistics.median(first):.2f} / {ninety(first):.2f} "
            f"| {statistics.median(ratio):.5f} ({ratio[0]:.5f} to {ratio[-1]:.5f}) "
            f"| {statistics.median(one.decode_ms for one in all_measured):.1f} "
            f"| {statistics.median(one.making_ms for one in all_measured):.2f} |"
        )
    return "\n".join(lines)


def ninety(ordered: Sequence[float]) -> float:
    """Return the value that nine of ten do not exceed."""
    return ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))]


def misses(found: dict[str, list[Measured]]) -> list[str]:
    """Return one line for each goal that was missed."""
    said = []
    for name, all_measured in found.items():
        ordered = sorted(one.overhead_ms for one in all_measured)
        overhead = statistics.median(ordered)
        ratio = statistics.median(one.decode_ratio for one in all_measured)
        if overhead > MOST_OVERHEAD_MS:
            said.append(f"{name}: overhead {overhead:.2f} ms, at most {MOST_OVERHEAD_MS:g}")
        if ninety(ordered) > MOST_OVERHEAD_MS:
            said.append(
                f"{name}: a tenth of the requests over {ninety(ordered):.2f} ms, "
                f"at most {MOST_OVERHEAD_MS:g}"
            )
        if abs(1 / ratio - 1) > MOST_RATE_ERROR:
            said.append(
                f"{name}: decode rate off by {abs(1 / ratio - 1) * PERCENT:.2f} %, "
                f"at most {MOST_RATE_ERROR * PERCENT:g} %"
            )
    return said


def main() -> int:
    """Measure and print; see the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--preset", default="1b")
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--output-tokens", type=int, default=64)
    parser.add_argument("--chars", type=int, default=60)
    parser.add_argument("--threads", type=int, default=auto_threads())
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "yoyak-benchmarks"
    )
    asked = parser.parse_args()
    model = cached(asked.preset, cache_dir=asked.cache)
    service = subprocess.Popen(
        [
            *(sys.executable, "-m", "summarizer", "--port", "0", "--die-with-parent"),
            *("--model", str(model), "--threads", str(asked.threads)),
            *("--context", str(CONTEXT), "--batch", str(BATCH), "--build", "wheel"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        line = service.stdout.readline() if service.stdout is not None else b""
        if not line:
            raise SystemExit("error: the summarizer did not start")
        load_before = os.getloadavg()[0]
        found = uvloop.run(run(model, asked, json.loads(line)["url"]))
    finally:
        service.terminate()
        service.communicate()
    sys.stdout.write(
        f"{asked.preset}, {asked.output_tokens} tokens, {asked.threads} threads of "
        f"{os.cpu_count()} CPUs, load average before {load_before:.2f}\n\n{table(found)}\n"
    )
    missed = misses(found)
    sys.stdout.write("".join(f"missed: {one}\n" for one in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
