"""This host's own measuring error: our load generator against `ollama_replay`, level by level."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yoyak import __version__
from yoyak.analysis.calibration import calibration_level, saturation
from yoyak.bench.calibration_cache import host_id
from yoyak.bench.children import service
from yoyak.bench.identity import iso_utc
from yoyak.bench.load_client import LoadSpec, LoadUsage
from yoyak.bench.progress import Progress
from yoyak.errors import HostError, one_line
from yoyak.host.open_files import allow_connections
from yoyak.host.topology import read_topology
from yoyak.records import SCHEMA_VERSION, Calibration, CalibrationLevel, RequestRecord
from yoyak.store.codec import from_json
from yoyak.store.run_folder import REQUESTS

CONCURRENCIES = (1, 16, 64, 256, 512)
ENGINES = ("ollama", "openai")
FIRST_CHUNK_S, GAP_S = 0.075, 0.020
TOKENS = 128
# A single stream would take half an hour for as many requests as percentiles want: it gets short
# answers, whose first tokens are like others.
FEW_STREAMS, FEW_TOKENS, FEW_REQUESTS = 16, 16, 24
ENOUGH_REQUESTS = 662  # the floor of a p99
LEAST_ROUNDS, MOST_ROUNDS = 2, 4
MODEL = "replay:latest"
READY_S = 30.0
SLACK = 5  # a level may take so many times as long as its script says before it is given up
SLACK_S = 60.0


@dataclass(frozen=True, slots=True)
class Cores:
    """Where ruler and client run; None leaves a process to the kernel."""

    ruler: int | None
    client: int | None


@dataclass(frozen=True, slots=True)
class Round:
    """How many requests each stream sends at a level, and how long they are."""

    requests: int
    tokens: int

    @property
    def script_s(self) -> float:
        """How long the level takes by the ruler's script."""
        return self.requests * (FIRST_CHUNK_S + (self.tokens - 1) * GAP_S)


def calibrate(
    concurrencies: Sequence[int],
    *,
    engine: str,
    is_realtime: bool,
    progress: Progress,
) -> Calibration:
    """Measure every level and return the result.

    Args:
        concurrencies: streams at a time, a level each.
        engine: the adapter: one of ENGINES.
        is_realtime: run both processes under SCHED_FIFO.
        progress: is told about the levels.

    Raises:
        HostError: a process could not be started, or did not end, or this host does not allow so
            many connections.
    """
    allow_connections(max(concurrencies))  # of both processes, which inherit it
    cores = separate_cores()
    if cores.client is None:
        progress.note(
            "this host lets us use one core only: ruler and client share it, and its error is in"
            " the result"
        )
    levels = []
    with progress.step("calibration", len(concurrencies)) as step:
        for concurrency in sorted(set(concurrencies)):
            level = measure_level(concurrency, engine=engine, cores=cores, is_realtime=is_realtime)
            if (words := late_ruler_words(level)) is not None:
                progress.note(words)
            levels.append(level)
            step.advance()
    saturated, sound, rate = saturation(levels)
    return Calibration(
        schema_version=SCHEMA_VERSION,
        host_id=host_id(),
        yoyak_version=__version__,
        measured_at=iso_utc(datetime.now(UTC)),
        engine=engine,
        has_own_cores=cores.client is not None,
        is_realtime=is_realtime,
        first_chunk_s=FIRST_CHUNK_S,
        gap_s=GAP_S,
        levels=tuple(levels),
        saturation_concurrency=saturated,
        sound_concurrency=sound,
        sound_tokens_per_s=rate,
    )


def late_ruler_words(level: CalibrationLevel) -> str | None:
    """Return the line that is told of a ruler that fell behind its script by a gap or more."""
    late_s = level.ruler_lateness_p99_s
    if late_s is None or late_s < GAP_S:
        return None
    return (
        f"{level.concurrency} streams are more than the ruler can play on its core: it wrote "
        f"{late_s:.2g} s late at p99, so tokens came more slowly than asked for; the client's "
        "error is counted from the writes as they were"
    )


def separate_cores() -> Cores:
    """Return two CPUs that this process may use, of two physical cores if there are."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        return Cores(None, None)
    topology = read_topology()
    core_of = {} if topology is None else topology.core_of_cpu
    ruler = allowed[0]
    others = [cpu for cpu in allowed if core_of.get(cpu, str(cpu)) != core_of.get(ruler)]
    return Cores(ruler, (others or allowed[1:])[0])


def rounds(concurrency: int) -> Round:
    """Return the work of a level: enough requests for a p99 where that takes seconds."""
    if concurrency < FEW_STREAMS:
        return Round(FEW_REQUESTS, FEW_TOKENS)
    wanted = -(-ENOUGH_REQUESTS // concurrency)
    return Round(max(LEAST_ROUNDS, min(MOST_ROUNDS, wanted)), TOKENS)


def script(concurrency: int) -> dict[str, Any]:
    """Return the ruler's script of a level."""
    timeline = {"first_chunk_s": FIRST_CHUNK_S, "gap_s": GAP_S, "unasked_tokens": TOKENS}
    return {"parallel": concurrency, "timeline": timeline, "models": [{"name": MODEL, "load_s": 0}]}


def measure_level(
    concurrency: int,
    *,
    engine: str,
    cores: Cores,
    is_realtime: bool,
    work: Round | None = None,
    played: dict[str, Any] | None = None,
) -> CalibrationLevel:
    """Measure one number of streams.

    Args:
        concurrency: streams at a time.
        engine: the adapter.
        cores: where to run.
        is_realtime: run both processes under SCHED_FIFO.
        work: of each stream; None is `rounds(concurrency)`.
        played: the ruler's script; None is `script(concurrency)`.

    Raises:
        HostError: a process could not be started, or did not end.
    """
    work = work or rounds(concurrency)
    with tempfile.TemporaryDirectory(prefix="yoyak-calibrate-") as folder:
        script_path, truth_path = Path(folder) / "script.json", Path(folder) / "truth.jsonl"
        script_path.write_text(json.dumps(played or script(concurrency)), encoding="utf-8")
        arguments = ["--die-with-parent", "--script", str(script_path), "--truth", str(truth_path)]
        arguments += [] if cores.ruler is None else ["--cpu", str(cores.ruler)]
        arguments += ["--realtime"] if is_realtime else []
        out = Path(folder) / "run"
        with service("ollama_replay", arguments, ready_s=READY_S) as ruler:
            usage = _run_client(
                LoadSpec(
                    engine=engine,
                    url=ruler["url"],
                    model=MODEL,
                    streams=concurrency,
                    requests=work.requests,
                    output_tokens=work.tokens,
                    out=str(out),
                    cpu=cores.client,
                    is_realtime=is_realtime,
                ),
                within_s=SLACK * work.script_s + SLACK_S,
            )
        requests = _requests(out / REQUESTS)
        truth = _truth(truth_path)
    return calibration_level(
        requests,
        truth,
        concurrency=concurrency,
        origin_ns=usage.origin_ns,
        cpu_s=usage.cpu_s,
        wall_s=usage.wall_s,
        rss_peak_bytes=usage.peak_rss_bytes,
    )


def _run_client(spec: LoadSpec, *, within_s: float) -> LoadUsage:
    command = [sys.executable, "-m", "yoyak.bench.load_client", json.dumps(asdict(spec))]
    try:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within_s,
        )
    except subprocess.TimeoutExpired as error:
        raise HostError(
            f"the client did not end within {within_s:.0f} s at {spec.streams} streams; this host "
            "is too busy, or calibrate fewer: --concurrency"
        ) from error
    if done.returncode != 0:
        said = one_line(done.stderr.strip().rpartition("\n")[2].removeprefix("error: "))
        raise HostError(f"the client failed at {spec.streams} streams: {said or 'it said nothing'}")
    return LoadUsage(**json.loads(done.stdout))


def _requests(path: Path) -> list[RequestRecord]:
    lines = path.read_bytes().splitlines()
    return [from_json(RequestRecord, line, where=path.name) for line in lines]


def _truth(path: Path) -> dict[str, dict[str, Any]]:
    found = (json.loads(line) for line in path.read_bytes().splitlines())
    return {
        one["request_id"]: one
        for one in found
        if one["kind"] == "request" and one["on"] == "answer"
    }
