"""`python -m ollama_replay`: play a script until told to stop, and say where in one JSON line."""

import argparse
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic_ns

from ollama_replay.loop import sharpen_timers
from ollama_replay.script import Script
from ollama_replay.script_file import read_script
from ollama_replay.server import ReplayServer
from ollama_replay.truth import TruthLog
from yoyak.errors import HostError, YoyakError
from yoyak.units import NS_PER_S

MOST_PORT = 65_535
PARENT_POLL_NS = NS_PER_S // 5
WAKE_BYTES = 64
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(
        prog="python -m ollama_replay",
        description="Speak Ollama's API from a scripted timeline, and log the truth about it.",
        epilog="example: python -m ollama_replay --port 11434 --script replay.toml --truth t.jsonl",
    )
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    made.add_argument("--port", type=port_number, default=0, help="0 takes a free port (default)")
    made.add_argument("--script", type=Path, help="a .toml or .json file; without it, defaults")
    made.add_argument("--truth", type=Path, help="file for the truth log, written anew")
    made.add_argument("--cpu", type=int, help="the only core to run on")
    made.add_argument(
        "--realtime",
        action="store_true",
        help="run under SCHED_FIFO, so that other processes make no write late; needs privileges",
    )
    made.add_argument(
        "--die-with-parent",
        action="store_true",
        help="stop when the process that started this one has ended",
    )
    return made


def port_number(text: str) -> int:
    """Return a TCP port, or raise what argparse turns into exit 2."""
    if not text.isdecimal() or int(text) > MOST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give one from 0 to {MOST_PORT}")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM, SIGINT or, where asked, the parent's end; return the exit code."""
    parent = os.getppid()  # first of all: whoever ends later than this is noticed
    options = parser().parse_args(arguments)
    try:
        script = Script() if options.script is None else read_script(options.script)
        pin(options.cpu)
        allow_many_connections()
        if options.realtime:
            take_precedence()
        log = open_log(options.truth)
        server = bound(script, log, options.host, options.port)
    except YoyakError as cause:
        sys.stderr.write(f"error: {cause}\n")
        return cause.exit_code
    stop_at_signals(server)
    if options.die_with_parent:
        stop_with(parent, server)
    sys.stdout.write(f"{json.dumps({'url': server.url, 'pid': os.getpid()})}\n")
    sys.stdout.flush()
    sharpen_timers()
    # The collector would stop everything for milliseconds; records and connections hold no circles.
    gc.collect()
    gc.freeze()
    gc.disable()
    server.run()
    log.close()
    return 0


def pin(cpu: int | None) -> None:
    """Run on one core only.

    Raises:
        HostError: there is no such core for this process.
    """
    if cpu is None:
        return
    try:
        os.sched_setaffinity(0, {cpu})
    except (OSError, OverflowError) as cause:
        free = ", ".join(str(one) for one in sorted(os.sched_getaffinity(0)))
        raise HostError(f"cannot run on core {cpu}; give --cpu one of {free}") from cause


def allow_many_connections() -> None:
    """Take as many open files as this host lets us have: each stream is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # no hard limit, which a soft one must not be without
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def take_precedence() -> None:
    """Run before every ordinary process of the core.

    Raises:
        HostError: this user may not.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError as cause:
        raise HostError(
            "may not run under SCHED_FIFO; leave --realtime away, or run it with CAP_SYS_NICE"
        ) from cause


def open_log(path: Path | None) -> TruthLog:
    """Return the truth log.

    Raises:
        HostError: its file cannot be written.
    """
    try:
        return TruthLog(path)
    except OSError as cause:
        raise HostError(
            f"cannot write the truth log {path}: {cause.strerror}; choose another with --truth"
        ) from cause


def bound(script: Script, log: TruthLog, host: str, port: int) -> ReplayServer:
    """Return a listening server.

    Raises:
        HostError: the address cannot be bound.
    """
    try:
        return ReplayServer(script, log, host, port)
    except OSError as cause:
        raise HostError(
            f"cannot listen on {host} port {port}: {cause.strerror};"
            " choose another with --port, or --port 0 for a free one"
        ) from cause


def stop_at_signals(server: ReplayServer) -> None:
    """End the server at SIGTERM and SIGINT, even while it sleeps."""
    ours, kernels = socket.socketpair()
    ours.setblocking(False)
    kernels.setblocking(False)
    signal.set_wakeup_fd(kernels.fileno(), warn_on_full_buffer=False)
    for number in STOP_SIGNALS:
        signal.signal(number, lambda _number, _frame: server.loop.stop())

    def woken(_events: int) -> None:
        ours.recv(WAKE_BYTES)
        ends.clear()

    ends = {ours, kernels}  # held by the watcher: a socket without an owner would be closed
    server.loop.watch(ours.fileno(), select.EPOLLIN, woken)


def stop_with(parent: int, server: ReplayServer) -> None:
    """End the server when its parent is another process than before."""

    def look(due_ns: int) -> None:
        if os.getppid() != parent:
            server.loop.stop()
        else:
            server.loop.at(due_ns + PARENT_POLL_NS, look)

    server.loop.at(monotonic_ns(), look)


if __name__ == "__main__":
    sys.exit(main())
