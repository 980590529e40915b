"""The load generator's own error and cost, side by side with its peers, against `ollama_replay`.

    .venv/bin/python benchmarks/load.py [--streams 1 16 64 256 512] [--realtime]
                                        [--guidellm PATH] [--aiperf PATH] [--repeat 3]

The ruler runs on one core, the client on another: 128 tokens, 20 ms apart, the first after about
75 ms; every request counts, the burst in which all streams begin too. Ours is measured as `yoyak
calibrate` does it, through both adapters; of the repeats the one with the median p99 is shown.
Where fewer than 662 requests stand behind a p99 of ours, it is the largest error of all.

guidellm and aiperf run where their commands are given (`make bench-load` installs them into
throw-away environments), offline, with prompts of our own, against the ruler's OpenAI API. aiperf's
requests are matched with the truth log by their ids, guidellm's, which have none, in the order of
their starts. aiperf begins with a tokenizer from a model hub: it gets a folder with one that knows
a single word. Their CPU has their start and report in it. What was measured of both against
another server stands under the table as quoted figures.

--realtime runs both sides under SCHED_FIFO: a free core on a machine that has none. Peers are then
run under it as well.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from ollama_replay import Model, Script, Timeline, running
from yoyak.bench.calibrate import (
    ENOUGH_REQUESTS,
    TOKENS,
    Round,
    measure_level,
    rounds,
    separate_cores,
)
from yoyak.records import CalibrationLevel
from yoyak.units import MS_PER_S, NS_PER_S

MODEL = "replay:latest"
FEW_STREAMS, FEW_REQUESTS = 16, 8  # of one stream: 20 s
MANY_STREAMS = 64  # from here on there are enough requests for a p99 within half a minute
# streams: TTFT p50, p99, gap p99 (ms), CPU (ms per 1,000 tokens), peak RSS (MB)
GOALS = {
    1: (0.3, 0.5, 0.1, None, 60.0),
    16: (0.3, 0.8, 0.2, 65.0, 60.0),
    64: (0.5, 1.5, 0.5, 45.0, 60.0),
    256: (1.0, 5.0, 2.0, 30.0, 80.0),
    512: (2.0, 10.0, 5.0, 25.0, 100.0),
}
QUOTED = """\
Quoted, not measured here (two cores, a C server, November 2026), first token p50 / p99 in ms at
1, 16, 64, 256 streams: C client 0.20/0.4, 0.10/0.3, 0.08/0.2, 0.08/0.4; asyncio raw on uvloop
0.22/0.4, 0.51/1.0, 1.11/2.8, 4.02/11.6; guidellm 0.8.1 (one worker) 0.79/1.0, 0.59/4.1, 1.20/7.7,
2.39/60.5; aiperf 0.13.0 0.86/2.8, 4.09/10.8, 9.45/46.7, 27.4/121."""
PEER_S = 180.0
LOOK_S = 0.5  # between two looks at a peer's memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One tool at one number of streams; milliseconds, megabytes; None: it cannot tell."""

    tool: str
    streams: int
    n: int
    failed: int
    first_p50: float
    first_p99: float
    gap_p99: float | None
    cpu: float | None
    rss: float | None

    def cells(self) -> str:
        """Return the row in Markdown."""
        numbers = (self.first_p50, self.first_p99, self.gap_p99, self.cpu, self.rss)
        shown = ["-" if one is None else f"{one:.2f}" for one in numbers]
        goal = GOALS.get(self.streams)
        if goal is not None and self.tool.startswith("yoyak"):
            shown = [
                f"{text} (missed)" if limit and one is not None and one > limit else text
                for text, one, limit in zip(shown, numbers, goal, strict=True)
            ]
        return f"| {self.streams} | {self.tool} | {self.n} | {self.failed} | {' | '.join(shown)} |"


def work(streams: int) -> Round:
    """Return what each stream sends: always 128 tokens."""
    if streams < FEW_STREAMS:
        return Round(FEW_REQUESTS, TOKENS)
    if streams < MANY_STREAMS:
        return rounds(streams)
    return Round(max(rounds(streams).requests, -(-ENOUGH_REQUESTS // streams)), TOKENS)


def of_level(tool: str, level: CalibrationLevel) -> Row:
    """Return the row of one of our levels; below their floors percentiles are the samples' own."""

    def ms(value_s: float | None) -> float | None:
        return None if value_s is None else value_s * MS_PER_S

    first, gap = level.time_to_first_token, level.inter_chunk_latency
    most = ms(first.max_s) or 0.0
    p50, p99, gap_p99 = ms(first.p50_s), ms(first.p99_s), ms(gap.p99_s)
    return Row(
        tool=tool,
        streams=level.concurrency,
        n=level.requests,
        failed=level.failed,
        first_p50=(ms(first.bias_s) or 0.0) if p50 is None else p50,
        first_p99=most if p99 is None else p99,
        gap_p99=ms(gap.max_s) if gap_p99 is None else gap_p99,
        cpu=ms(level.client_cpu_s_per_1000_tokens),
        rss=None if level.client_rss_peak_bytes is None else level.client_rss_peak_bytes / 1e6,
    )


def ours(engine: str, streams: int, *, is_realtime: bool) -> Row:
    """Measure our load generator once."""
    level = measure_level(
        streams,
        engine=engine,
        cores=separate_cores(),
        is_realtime=is_realtime,
        work=work(streams),
    )
    return of_level(f"yoyak, {engine}", level)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a peer cost, its start and its report included."""

    cpu_s: float
    rss_peak_bytes: int  # of all its processes together


def cost_of(command: Sequence[str], *, is_realtime: bool, **environment: str) -> Cost:
    """Run a peer on the client's core to its end.

    Raises:
        SystemExit: it failed, or did not end.
    """
    cpu = separate_cores().client
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            [
                *([] if cpu is None else ["taskset", "-c", str(cpu)]),
                *(["chrt", "-f", "1"] if is_realtime else []),
                *command,
            ],
            env={**os.environ, **environment},
            stdout=said,
            stderr=said,
        ) as process,
    ):
        most, ends_s = 0, time.monotonic() + PEER_S
        while process.poll() is None and time.monotonic() < ends_s:
            most = max(most, tree_rss_bytes(process.pid))
            time.sleep(LOOK_S)
        if process.poll() is None:
            process.kill()
        if process.wait() != 0:
            said.seek(0)
            raise SystemExit(f"error: {command[0]} failed:\n{said.read().decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, most)


def tree_rss_bytes(pid: int) -> int:
    """Return the resident memory of a process and all that descend from it; shared pages count."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
    return total


@contextmanager
def ruler(streams: int, truth: Path, *, is_realtime: bool) -> Iterator[str]:
    """Run the ruler on its core and give its address; the truth log is whole afterwards."""
    script = Script(
        timeline=Timeline(unasked_tokens=TOKENS),
        parallel=streams,
        models=(Model(name=MODEL, load_s=0.0),),
    )
    cpu = separate_cores().ruler
    with running(script, truth=truth, cpu=cpu, is_realtime=is_realtime) as replay:
        yield replay.url


def truths(truth: Path) -> list[dict[str, Any]]:
    """Return the ruler's entries of answers, in the order of their arrival."""
    found = map(json.loads, truth.read_text(encoding="utf-8").splitlines())
    answers = [one for one in found if one.get("on") == "answer" and one["written_ns"]]
    return sorted(answers, key=lambda one: int(one["received_ns"]))


def first_true_ms(true: dict[str, Any]) -> float:
    """Return the true time to the first token."""
    return float(true["written_ns"][0] - true["received_ns"]) * MS_PER_S / NS_PER_S


def of_peer(
    tool: str, streams: int, count: int, first: list[float], gaps: list[float], cost: Cost
) -> Row:
    """Return a peer's row from its errors, in ms; percentiles are the samples' own."""

    def p(errors: list[float], share: float) -> float:
        ordered = sorted(map(abs, errors))
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return Row(
        tool=tool,
        streams=streams,
        n=len(first),
        failed=count - len(first),
        first_p50=p(first, 0.5),
        first_p99=p(first, 0.99),
        gap_p99=p(gaps, 0.99) if gaps else None,
        cpu=MS_PER_S * cost.cpu_s * 1000 / (len(first) * TOKENS),
        rss=cost.rss_peak_bytes / 1e6,
    )


def guidellm(command: str, streams: int, *, is_realtime: bool) -> Row:
    """Measure guidellm once; its report has first and last stamps only, so no single gaps."""
    count = streams * work(streams).requests
    with tempfile.TemporaryDirectory() as folder:
        prompts, report = Path(folder) / "prompts.jsonl", Path(folder) / "report.json"
        truth = Path(folder) / "truth.jsonl"
        prompts.write_text(
            "".join(
                json.dumps({"prompt": prompt(i), "output_tokens_count": TOKENS}) + "\n"
                for i in range(count)
            )
        )
        with ruler(streams, truth, is_realtime=is_realtime) as url:
            backend = f"kind=openai_http,target={url},model={MODEL},validate_backend=false"
            cost = cost_of(
                [
                    *(command, "run", "--backend", backend, "--disable-console"),
                    *("--profile", f"kind=concurrent,streams={streams}"),
                    *("--constraint", f"kind=max_requests,count={count}"),
                    *("--data", f"kind=json_file,path={prompts}"),
                    *("--output", f"kind=json,path={report}"),
                ],
                is_realtime=is_realtime,
                HF_HUB_OFFLINE="1",
            )
        true = truths(truth)
        requests = json.loads(report.read_text(encoding="utf-8"))["benchmarks"][0]["requests"]
    seen: list[dict[str, Any]] = sorted(
        requests["successful"], key=lambda one: float(one["request_start_time"])
    )
    errors = [
        float(one["time_to_first_token_ms"]) - first_true_ms(of)
        for one, of in zip(seen, true, strict=False)
    ]
    return of_peer("guidellm", streams, count, errors, [], cost)


def aiperf(command: str, streams: int, *, is_realtime: bool) -> Row:
    """Measure aiperf once; its records name the request id that it sent."""
    count = streams * work(streams).requests
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prompts, truth, out = folder / "prompts.jsonl", folder / "truth.jsonl", folder / "out"
        prompts.write_text("".join(json.dumps({"text": prompt(i)}) + "\n" for i in range(count)))
        with ruler(streams, truth, is_realtime=is_realtime) as url:
            cost = cost_of(
                [
                    *(command, "profile", "--url", url, "--model", MODEL, "--streaming"),
                    *("--endpoint-type", "chat", "--ui", "none"),
                    *("--tokenizer", str(a_tokenizer(folder / "tokenizer"))),
                    *("--input-file", str(prompts), "--custom-dataset-type", "single_turn"),
                    *("--concurrency", str(streams), "--request-count", str(count)),
                    *("--use-server-token-count", "--no-gpu-telemetry", "--no-server-metrics"),
                    *("--artifact-dir", str(out)),
                ],
                is_realtime=is_realtime,
            )
        true = {one["request_id"]: one for one in truths(truth)}
        (records,) = out.rglob("profile_export.jsonl")
        seen = [json.loads(line) for line in records.read_text(encoding="utf-8").splitlines()]
    first, gaps = [], []
    for one in seen:
        of = true.get(one["metadata"]["x_request_id"])
        if one.get("error") is not None or of is None:
            continue
        first.append(float(one["metrics"]["time_to_first_token"]["value"]) - first_true_ms(of))
        told = one["metrics"]["inter_chunk_latency"]["value"]
        wrote = [(b - a) * MS_PER_S / NS_PER_S for a, b in pairwise(of["written_ns"])]
        gaps += [float(gap) - meant for gap, meant in zip(told, wrote, strict=False)]
    return of_peer("aiperf", streams, count, first, gaps, cost)


def prompt(index: int) -> str:
    """Return a prompt of a news article's length that no other begins like."""
    return f"{index:06d} " + "word " * 150


def a_tokenizer(folder: Path) -> Path:
    """Write a tokenizer that knows one word; aiperf must have one, and counts nothing by it."""
    folder.mkdir()
    model = {"type": "WordLevel", "vocab": {"[UNK]": 0, "word": 1}, "unk_token": "[UNK]"}
    parts = dict.fromkeys(
        ("truncation", "padding", "normalizer", "post_processor", "decoder"), None
    )
    whole = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "model": model,
        **parts,
    }
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}
    (folder / "tokenizer.json").write_text(json.dumps(whole))
    (folder / "tokenizer_config.json").write_text(json.dumps(kind))
    return folder


def main() -> int:
    """Print a row a tool and number of streams; return 1 where ours misses a goal."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", nargs="+", type=int, default=list(GOALS))
    parser.add_argument("--engines", nargs="+", default=["ollama", "openai"])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--realtime", action="store_true")
    for peer in ("guidellm", "aiperf"):
        parser.add_argument(f"--{peer}", help="its command; without it its quoted figures stand")
    options = parser.parse_args()
    how = "SCHED_FIFO" if options.realtime else "ordinary priority"
    cores = len(os.sched_getaffinity(0))
    print(f"{datetime.now(UTC).date()}, {cores} cores, load {os.getloadavg()[0]:.1f}, {how}\n")
    print(
        "| streams | tool | n | failed | first token error p50, ms | p99 | gap error p99, ms |"
        " CPU ms for 1,000 tokens | peak RSS, MB |"
    )
    print("|" + " --- |" * 9, flush=True)
    is_missed = False
    for streams in options.streams:
        found: dict[str, list[Row]] = {}
        for _ in range(options.repeat):  # interleaved: what disturbs one disturbs all
            for engine in options.engines:
                row = ours(engine, streams, is_realtime=options.realtime)
                found.setdefault(row.tool, []).append(row)
            for measure, command in ((guidellm, options.guidellm), (aiperf, options.aiperf)):
                if command:
                    peer = measure(command, streams, is_realtime=options.realtime)
                    found.setdefault(peer.tool, []).append(peer)
        for rows in found.values():
            middle = sorted(rows, key=lambda row: row.first_p99)[len(rows) // 2]
            is_missed |= "missed" in middle.cells()
            print(middle.cells(), flush=True)
    print(f"\n{QUOTED}")
    return 1 if is_missed else 0


if __name__ == "__main__":
    sys.exit(main())
