"""What the summarizer service adds to the first token: through it and directly, side by side.

    .venv/bin/python benchmarks/service.py [--streams 1 16] [--rounds 20]

The engine behind both ways is one `ollama_replay`, so that its work is known and takes little CPU:
the first chunk after 75 ms, then 32 tokens, 20 ms apart. A round is one request a stream, directly,
and then one a stream through the service, over connections that are open before.

- burst: all streams leave at one instant, as a load generator's users begin;
- spread: they leave evenly over one gap between tokens, as users do who came at their own times.

Client, service and replay are three processes, so where they run counts on two cores:

- apart: client and replay on the first core, the service on the second, as it is where a host has
  cores for each;
- free: where the kernel puts them, which lets the woken service wait for the client's core while
  it still sends, and the replay's parsing come between two requests of the service.

Time to the first token runs from the request's first byte to the arrival of the first chunk; what a
row adds is the difference of the same percentile, through the service less directly (issue: at most
2 ms at 16). Exit code 1 if a median at the most streams misses it.
"""

import argparse
import asyncio
import http.client
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from yoyak import prompts
from yoyak.engines import open_engine
from yoyak.engines.base import Engine, GenerationOptions, GenerationRequest
from yoyak.load.loops import collector_off
from yoyak.units import MS_PER_S, seconds

MOST_ADDED_MS = 2.0
FIRST_S, GAP_S, TOKENS = 0.075, 0.020, 32
CONTEXT = 4096
WARMUP_ROUNDS = 3
TEXT = "가온증권은 오늘 새로운 뉴스 요약 서비스를 시작했다고 밝혔다. " * 12
TIMEOUT_S = 30.0
MODES = ("burst", "spread")
APART, FREE = "apart", "free"
LEAST_CPUS = 2  # to place processes apart


class Placed:
    """The three processes, which can be moved."""

    def __init__(self, replay: int, service: int) -> None:
        """Take the process ids of the two that are not this one."""
        self._cpus = sorted(os.sched_getaffinity(0))
        self._pids = {os.getpid(): 0, replay: 0, service: 1}
        self.places = (APART, FREE) if len(self._cpus) >= LEAST_CPUS else (FREE,)

    def put(self, place: str) -> None:
        """Move every thread of theirs."""
        for pid, cpu in self._pids.items():
            cpus = {self._cpus[cpu]} if place == APART else set(self._cpus)
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), cpus)


async def first_token_ms(engine: Engine, index: int, after_s: float) -> float:
    """Send one request `after_s` from now and return its time to the first token in ms."""
    nonce = prompts.nonce("service", index)
    sent_ns: list[int] = []
    request = GenerationRequest(
        request_id=f"service-{index}",
        article_id="service",
        title="제목",
        text=TEXT,
        nonce=nonce,
        prompt=prompts.build_prompt(nonce=nonce, title="제목", text=TEXT),
        options=GenerationOptions(output_tokens=TOKENS, seed=1, temperature=0.0),
        on_sent=sent_ns.append,
    )
    await asyncio.sleep(after_s)
    stamps = [chunk.arrived_ns async for chunk in engine.stream(request) if chunk.text]
    return seconds(stamps[0] - sent_ns[0]) * MS_PER_S


Found = dict[tuple[str, int, str, str], list[float]]


async def run(
    engine_url: str, service_url: str, model: str, asked: argparse.Namespace, placed: Placed
) -> Found:
    """Return the times to the first token by placement, streams, mode and way."""
    found: Found = {}
    index = 0
    for place, streams in itertools.product(placed.places, asked.streams):
        placed.put(place)
        ways = {
            name: open_engine(
                kind,
                url=url,
                model=model,
                threads=1,
                context=CONTEXT,
                batch=512,
                parallel=streams,
                timeout_s=TIMEOUT_S,
            )
            for name, kind, url in (
                ("directly", "ollama", engine_url),
                ("through the service", "summarizer", service_url),
            )
        }
        try:
            for engine in ways.values():
                await engine.describe()
            for mode in MODES:
                step_s = GAP_S / streams if mode == "spread" else 0.0
                for round_ in range(WARMUP_ROUNDS + asked.rounds):
                    for name, engine in ways.items():
                        with collector_off():
                            times = await asyncio.gather(
                                *(
                                    first_token_ms(engine, index + i, i * step_s)
                                    for i in range(streams)
                                )
                            )
                        index += streams
                        if round_ >= WARMUP_ROUNDS:
                            found.setdefault((place, streams, mode, name), []).extend(times)
        finally:
            for engine in ways.values():
                await engine.close()
    return found


def at(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def added_ms(found: Found, place: str, streams: int, mode: str, share: float = 0.5) -> float:
    """Return what the service adds to that share's first token."""
    direct, through = (
        at(found[place, streams, mode, way], share) for way in ("directly", "through the service")
    )
    return through - direct


def table(found: Found) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| processes | streams | start | n | directly ms p50 / p90 / p99 | through it | added |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    shares = (0.5, 0.9, 0.99)
    for place, streams, mode in dict.fromkeys(key[:3] for key in found):
        ways = [found[place, streams, mode, way] for way in ("directly", "through the service")]
        rows = [[at(times, share) for share in shares] for times in ways]
        rows.append([added_ms(found, place, streams, mode, share) for share in shares])
        cells = (" / ".join(f"{value:.2f}" for value in row) for row in rows)
        lines.append(f"| {place} | {streams} | {mode} | {len(ways[0])} | {' | '.join(cells)} |")
    return "\n".join(lines)


def start(*arguments: str) -> tuple["subprocess.Popen[bytes]", str]:
    """Start `python -m arguments...`; return it and the address in its first line."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments, "--die-with-parent"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    line = process.stdout.readline() if process.stdout is not None else b""
    if not line:
        raise SystemExit(f"error: {arguments[0]} did not start")
    return process, json.loads(line)["url"]


def main() -> int:
    """Measure and print; see the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    most = max(asked.streams)
    started = []
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.json"
        script.write_text(
            json.dumps(
                {
                    "parallel": most,
                    "timeline": {"first_chunk_s": FIRST_S, "gap_s": GAP_S},
                }
            )
        )
        try:
            replay, engine_url = start("ollama_replay", "--script", str(script))
            started.append(replay)
            model = _model_of(engine_url)
            service, service_url = start(
                *("summarizer", "--port", "0", "--engine", "ollama", "--engine-url", engine_url),
                *("--model", model, "--concurrency", str(most), "--context", str(CONTEXT)),
                *("--threads", "1"),
            )
            started.append(service)
            load_before = os.getloadavg()[0]
            placed = Placed(replay.pid, service.pid)
            found = uvloop.run(run(engine_url, service_url, model, asked, placed))
        finally:
            for process in reversed(started):
                process.terminate()
                process.communicate()
    sys.stdout.write(
        f"{os.cpu_count()} CPUs, load average before {load_before:.2f}\n\n{table(found)}\n"
    )
    missed = [
        (place, mode, found_ms)
        for place, mode in itertools.product(placed.places, MODES)
        if (found_ms := added_ms(found, place, most, mode)) > MOST_ADDED_MS
    ]
    for place, mode, found_ms in missed:
        sys.stdout.write(
            f"missed: {place}, {mode}: {found_ms:.2f} ms added, at most {MOST_ADDED_MS:g}\n"
        )
    return 1 if missed else 0


def _model_of(engine_url: str) -> str:
    """Return the name of the model that the replay offers."""
    host = urlsplit(engine_url).netloc
    connection = http.client.HTTPConnection(host, timeout=TIMEOUT_S)
    connection.request("GET", "/api/tags")
    name: str = json.load(connection.getresponse())["models"][0]["name"]
    connection.close()
    return name


if __name__ == "__main__":
    sys.exit(main())
