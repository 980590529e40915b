"""`python -m newsroom`: serve until told to stop, and say where in one JSON line."""

import argparse
import json
import os
import signal
import sys

from newsroom.server import NewsroomServer, running

EXIT_ENVIRONMENT = 3
PARENT_POLL_S = 0.2
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(
        prog="python -m newsroom",
        description="Serve a synthetic news site, for crawlers and demos.",
        epilog="example: python -m newsroom --port 8090",
    )
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    made.add_argument("--port", type=port_number, default=0, help="0 takes a free port (default)")
    made.add_argument(
        "--die-with-parent",
        action="store_true",
        help="stop when the process that started this one has ended",
    )
    return made


def port_number(text: str) -> int:
    """Return a TCP port, or raise what argparse turns into exit 2."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give one from 0 to 65535")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM, SIGINT or, where asked, the parent's end; return the exit code."""
    parent = os.getppid()  # first of all: whoever ends later than this is noticed
    options = parser().parse_args(arguments)
    # Blocked here and in every thread, the signals wait for `sigtimedwait`: no handler can run in
    # the middle of something else.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        server = NewsroomServer(options.host, options.port)
    except OSError as cause:
        sys.stderr.write(
            f"error: cannot listen on {options.host} port {options.port}: {cause.strerror};"
            " choose another with --port, or --port 0 for a free one\n"
        )
        return EXIT_ENVIRONMENT
    with running(server) as newsroom:
        ready = {"url": newsroom.url, "articles": newsroom.articles, "pid": os.getpid()}
        sys.stdout.write(f"{json.dumps(ready)}\n")
        sys.stdout.flush()
        while signal.sigtimedwait(STOP_SIGNALS, PARENT_POLL_S) is None:
            if options.die_with_parent and os.getppid() != parent:
                break
    return 0


if __name__ == "__main__":
    sys.exit(main())
