"""`python -m summarizer`: the service as a command."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130  # as yoyak.errors.InterruptedRun has it, before that can be imported


def main() -> int:
    """Run the service and return the exit code."""
    signal.signal(signal.SIGTERM, _stopped_early)
    try:
        return _run()
    except KeyboardInterrupt:  # before the service listens to signals itself
        return INTERRUPTED


def _run() -> int:
    # Imports take half a second: none comes before somebody listens to Ctrl-C, and those of the
    # server come once the settings are good.
    import logging

    from summarizer.settings import settings_from
    from yoyak.errors import InterruptedRun, YoyakError

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = settings_from(sys.argv[1:], os.environ)
        import uvloop

        from summarizer.server import serve

        uvloop.run(serve(settings))
    except InterruptedRun as error:
        return error.exit_code
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


def _stopped_early(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
