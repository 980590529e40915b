"""How late ollama_replay writes: its truth log by number of streams and by how they are spread.

    .venv/bin/python benchmarks/replay.py [--streams 1 16 64 256] [--requests 3] [--repeat 3]

The server runs on one core, a light client (one epoll loop) on another. Each stream asks for 128
tokens, 20 ms apart, the first after 75 ms, over and over on one connection.

- spread: the streams begin evenly over one gap, so that writes are due one by one;
- burst: all begin at once, as a load generator's users do: as close as the client can send;
- jittered: the same, but the script's first chunks are up to half a gap early or late, as the
  prompts of a real engine would make them; this is how to use the ruler at many streams;
- lockstep: every stream's tokens are due at the same instants, as continuous batching makes them.
  One thread writes one after the other, so there the last is late by all the others: what a client
  must be compared with is the stamp of the write, which the log has.

Lateness is the stamp of a write minus its intended time. Of the repeats the one with the least p99
is shown beside the worst: on a shared machine the rest is the neighbours'. The last columns are the
client's: bytes that arrived after the stamp (first chunks), and requests received after they left.
"""

import argparse
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic_ns
from typing import Any
from urllib.parse import urlsplit

from ollama_replay import Script, Timeline, running
from yoyak.units import NS_PER_S, PERCENT, US_PER_S

NS_PER_US = NS_PER_S // US_PER_S
GAP_S = 0.020
TOKENS = 128
MODES = ("spread", "burst", "jittered", "lockstep")
SERVER_CORE, CLIENT_CORE = 0, 1
LIMIT_US = 500  # what the ruler must keep, p99, spread, on a free core
CLIENT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run of one mode."""

    lateness_us: list[float]  # of every chunk, ascending
    arrival_us: list[float]  # first chunks: arrival at the client minus the stamp of the write
    request_us: list[float]  # received by the kernel minus sent by the client
    server_cpu_percent: float
    involuntary_switches: int

    @property
    def p99_us(self) -> float:
        """Return the 99th percentile of lateness."""
        return quantile(self.lateness_us, 0.99)


def quantile(ascending: list[float], share: float) -> float:
    """Return the sample below which that share lies, without interpolation."""
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]


def client(url: str, streams: int, requests: int, *, is_spread: bool) -> None:
    """Play the client: print [[request id, sent, first arrival], ...] as JSON."""
    address = urlsplit(url)
    poller = select.epoll()
    sockets: dict[int, socket.socket] = {}
    for _ in range(streams):
        sock = socket.create_connection((str(address.hostname), int(address.port or 0)))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        poller.register(sock.fileno(), select.EPOLLIN)
        sockets[sock.fileno()] = sock
    done = dict.fromkeys(sockets, 0)
    sent = dict.fromkeys(sockets, 0)
    first = dict.fromkeys(sockets, 0)
    stamps = []

    def ask(fd: int) -> None:
        body = json.dumps(
            {"model": "replay", "messages": [{"role": "user", "content": f"{fd}: 요약해 줘"}]}
        ).encode()
        head = f"POST /api/chat HTTP/1.1\r\nHost: replay\r\nX-Request-Id: {fd}-{done[fd]}\r\n"
        data = head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        first[fd] = 0
        sent[fd] = monotonic_ns()
        sockets[fd].send(data)

    start_ns = monotonic_ns()
    for i, fd in enumerate(sockets):
        while is_spread and monotonic_ns() < start_ns + i * int(GAP_S * NS_PER_S) // streams:
            pass
        ask(fd)
    left = streams
    while left:
        for fd, _ in poller.poll():
            data = sockets[fd].recv(65536)
            now_ns = monotonic_ns()
            first[fd] = first[fd] or now_ns
            if data.endswith(b"\r\n0\r\n\r\n"):
                stamps.append((f"{fd}-{done[fd]}", sent[fd], first[fd]))
                done[fd] += 1
                if done[fd] < requests:
                    ask(fd)
                else:
                    left -= 1
    sys.stdout.write(json.dumps(stamps))


def run(mode: str, streams: int, requests: int, *, is_realtime: bool) -> Row:
    """Measure one mode once."""
    timeline = Timeline(
        gap_s=GAP_S,
        unasked_tokens=TOKENS,
        align_s=GAP_S if mode == "lockstep" else 0.0,
        first_chunk_jitter_s=GAP_S / 2 if mode == "jittered" else 0.0,
    )
    with tempfile.TemporaryDirectory() as folder:
        truth = Path(folder) / "truth.jsonl"
        script = Script(timeline=timeline, parallel=streams)
        with running(script, truth=truth, cpu=SERVER_CORE, is_realtime=is_realtime) as replay:
            load(replay.url)
            command = [sys.executable, __file__, "--client", replay.url, mode]
            command += [str(streams), str(requests), "realtime" if is_realtime else "fair"]
            said = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, timeout=CLIENT_S
            ).stdout
        records = [json.loads(line) for line in truth.read_text(encoding="utf-8").splitlines()]
    return measured(records, json.loads(said))


def load(url: str) -> None:
    """Load the model, as a warm-up does."""
    address = urlsplit(url)
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as sock:
        body = b'{"model":"replay"}'
        sock.sendall(b"POST /api/chat HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        sock.recv(65536)


def measured(records: list[dict[str, Any]], stamps: list[tuple[str, int, int]]) -> Row:
    """Return the figures of one truth log and what the client saw."""
    answers = {one["request_id"]: one for one in records if one.get("on") == "answer"}
    late = sorted(
        (written - intended) / NS_PER_US
        for one in answers.values()
        for intended, written in zip(one["intended_ns"], one["written_ns"], strict=True)
    )
    (start,) = (one for one in records if one.get("event") == "start")
    (stop,) = (one for one in records if one.get("event") == "stop")
    wall_s = (stop["at_ns"] - start["at_ns"]) / NS_PER_S
    return Row(
        lateness_us=late,
        arrival_us=sorted(
            (at - answers[name]["written_ns"][0]) / NS_PER_US for name, _, at in stamps
        ),
        request_us=sorted(
            (answers[name]["received_ns"] - at) / NS_PER_US for name, at, _ in stamps
        ),
        server_cpu_percent=PERCENT * stop["cpu_s"] / wall_s,
        involuntary_switches=stop["involuntary_switches"],
    )


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Print a row a mode and number of streams; return 1 if the ruler is too late when spread."""
    if sys.argv[1:2] == ["--client"]:
        url, mode, streams, requests, policy = sys.argv[2:]
        os.sched_setaffinity(0, {CLIENT_CORE})
        if policy == "realtime":
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        client(url, int(streams), int(requests), is_spread=mode == "spread")
        return 0
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", nargs="+", type=int, default=[1, 16, 64, 256])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--requests", type=int, default=3, help="of each stream (%(default)s)")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--realtime",
        action="store_true",
        help="run both under SCHED_FIFO (needs root): a free core on a machine that has none",
    )
    options = parser.parse_args()
    say(f"{len(os.sched_getaffinity(0))} cores, {datetime.now(UTC).date()}; microseconds\n")
    say(
        "| streams | mode | writes | late p50 | p99 | max | worst repeat p50 | p99 | max |"
        " switches best / worst | server CPU % | arrival p50 | p99 | request p50 | p99 |"
    )
    say("|" + " --- |" * 15)
    is_late = False
    for streams in options.streams:
        for mode in options.modes:
            rows = [
                run(mode, streams, options.requests, is_realtime=options.realtime)
                for _ in range(options.repeat)
            ]
            best, worst = (
                min(rows, key=lambda row: row.p99_us),
                max(rows, key=lambda row: row.p99_us),
            )
            is_late |= mode == "spread" and best.p99_us > LIMIT_US
            cells = [f"{len(best.lateness_us):,}"]
            for row in (best, worst):
                late = row.lateness_us
                cells += [f"{one:,.0f}" for one in (quantile(late, 0.5), row.p99_us, late[-1])]
            cells.append(f"{best.involuntary_switches} / {worst.involuntary_switches}")
            cells.append(f"{best.server_cpu_percent:.0f}")
            for seen in (best.arrival_us, best.request_us):
                cells += [f"{quantile(seen, 0.5):,.0f}", f"{quantile(seen, 0.99):,.0f}"]
            say(f"| {streams} | {mode} | {' | '.join(cells)} |")
    return 1 if is_late else 0


if __name__ == "__main__":
    sys.exit(main())
