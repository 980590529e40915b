"""The sampler as a process of its own, so that the timed process is not disturbed.

    python -m yoyak.host.sampler_process --origin-ns N --out samples.jsonl --hz 10 \
        --engine-pid P --client-pid C

CLOCK_MONOTONIC is one clock for all processes of a host, so its stamps are the run's. It reads
control lines (JSON) on stdin and ends when told, when stdin ends (so also when its parent is
killed), or on SIGTERM. On stdout it says {"ready": true} and, at its end, a report.

    {"engine_pid": 123}   follow another engine; null follows none
    {"engine_port": 8080} follow whoever listens there
    {"pss": true}         read the proportional set size with the next sample
    {"stop": true}        take a last sample, with it, and end
"""

import argparse
import contextlib
import gc
import json
import logging
import os
import select
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from yoyak.host.gpu import open_gpus
from yoyak.host.sampler import Sampler
from yoyak.host.schedule import first_tick, next_tick
from yoyak.records.sample import HostSample, sample_to_json
from yoyak.units import NS_PER_S

log = logging.getLogger(__name__)

_FLUSH_NS = NS_PER_S  # what a kill -9 of the sampler loses at most
_CONTROL_BYTES = 65536


class SampleFile:
    """samples.jsonl: whole lines, appended together about once a second."""

    def __init__(self, path: Path) -> None:
        """Open the file to append, as a resumed run goes on with it.

        Raises:
            OSError: it cannot be opened.
        """
        self._descriptor = os.open(
            path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644
        )
        self._waiting: list[HostSample] = []
        self._flushed_ns = time.monotonic_ns()

    def add(self, sample: HostSample, now_ns: int) -> None:
        """Add one sample; write all if the last time was a second ago.

        Ten together cost a third of ten by themselves: the code is in the CPU's cache by then.

        Raises:
            OSError: the disk is full.
        """
        self._waiting.append(sample)
        if now_ns - self._flushed_ns >= _FLUSH_NS:
            self.flush()
            self._flushed_ns = now_ns

    def flush(self) -> None:
        """Write what is waiting."""
        lines = [
            json.dumps(sample_to_json(sample), separators=(",", ":")) for sample in self._waiting
        ]
        data = memoryview("".join(f"{line}\n" for line in lines).encode())
        self._waiting.clear()
        while data:
            data = data[os.write(self._descriptor, data) :]

    def close(self) -> None:
        """Write what is waiting and close."""
        self.flush()
        os.close(self._descriptor)


class Controls:
    """The control lines, taken in between two samples."""

    def __init__(self, descriptor: int, sampler: Sampler) -> None:
        """Read from a pipe that nobody else reads."""
        self._descriptor = descriptor
        self._sampler = sampler
        self._rest = b""
        self.wants_pss = False
        self.is_stopped = False

    def wait_until(self, due_ns: int) -> None:
        """Serve control lines until a moment has come, or until we are stopped."""
        while not self.is_stopped:
            left_s = (due_ns - time.monotonic_ns()) / NS_PER_S
            if left_s <= 0:
                return
            if select.select([self._descriptor], [], [], left_s)[0]:
                self._read()

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """End as if told so; for SIGTERM, noticed at the next sample at the latest."""
        self.is_stopped = True

    def _read(self) -> None:
        data = os.read(self._descriptor, _CONTROL_BYTES)
        if not data:
            self.is_stopped = True  # the parent closed the pipe or is gone
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.strip():
                self._obey(line)

    def _obey(self, line: bytes) -> None:
        try:
            order: dict[str, Any] = json.loads(line)
        except ValueError:
            log.warning("not a control line: %r", line)
            return
        if "engine_pid" in order or "engine_port" in order:
            self._sampler.point_at_engine(
                pid=order.get("engine_pid"), port=order.get("engine_port")
            )
        self.wants_pss = self.wants_pss or bool(order.get("pss"))
        self.is_stopped = self.is_stopped or bool(order.get("stop"))


def run(
    sampler: Sampler, file: SampleFile, controls: Controls, origin_ns: int, hz: float
) -> dict[str, Any]:
    """Sample until stopped; return the report: samples, skipped ticks, the largest lateness."""
    samples = skipped = late_max_ns = 0
    parent = os.getppid()
    tick = first_tick(time.monotonic_ns(), origin_ns, hz)
    while True:
        controls.wait_until(tick.due_ns)
        # A pipe's end can be held open by a forked sibling; a changed parent cannot be mistaken.
        is_last = controls.is_stopped or os.getppid() != parent
        now_ns = time.monotonic_ns()
        pss = controls.wants_pss or is_last
        controls.wants_pss = False
        file.add(sampler.sample(now_ns, pss=pss), now_ns)
        samples += 1
        if is_last:
            break
        late_max_ns = max(late_max_ns, now_ns - tick.due_ns)
        tick, missed = next_tick(tick, time.monotonic_ns(), origin_ns, hz)
        skipped += missed
    return {"samples": samples, "skipped_ticks": skipped, "late_max_s": late_max_ns / NS_PER_S}


def main(arguments: list[str] | None = None) -> int:
    """Run the sampler; return the exit code."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sampler = Sampler(
        origin_ns=options.origin_ns,
        engine_pid=options.engine_pid,
        engine_port=options.engine_port,
        client_pids=options.client_pid,
        gpus=open_gpus(),
    )
    controls = Controls(sys.stdin.fileno(), sampler)
    signal.signal(signal.SIGTERM, controls.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it drains, then stops us
    try:
        file = SampleFile(options.out)
        gc.freeze()  # what was imported stays: a collection need not look at it again
        _say({"ready": True})
        report = run(sampler, file, controls, options.origin_ns, options.hz)
        file.close()
    except OSError as error:
        sys.stderr.write(f"cannot write {options.out}: {error.strerror}\n")
        return 3
    _say(report)
    return 0


def _say(message: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):  # the parent is gone, and so is the reader
        os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="yoyak.host.sampler_process", description=__doc__)
    parser.add_argument("--origin-ns", type=int, required=True, help="monotonic ns of the run's 0")
    parser.add_argument("--out", type=Path, required=True, help="file to append to")
    parser.add_argument("--hz", type=float, default=10.0)
    parser.add_argument("--engine-pid", type=int)
    parser.add_argument("--engine-port", type=int)
    parser.add_argument("--client-pid", type=int, action="append", default=[])
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
