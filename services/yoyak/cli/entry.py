"""The script `yoyak`: a Ctrl-C while the command is being imported ends it in one line."""

import os
import signal

INTERRUPTED = 130


def main() -> None:
    """Import the command, interrupts being answered at once meanwhile, and run it."""
    signal.signal(signal.SIGINT, _leave)
    from yoyak.cli.main import main as command

    signal.signal(signal.SIGINT, signal.default_int_handler)
    command()


def _leave(*_: object) -> None:
    # Nothing of ours is open yet, and an exception in the middle of an import would be a traceback.
    os.write(2, b"stopped by Ctrl-C before anything began\n")
    os._exit(INTERRUPTED)
