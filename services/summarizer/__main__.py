"""`python -m summarizer`: the service as a command."""

import logging
import os
import sys

from summarizer.settings import settings_from
from yoyak.errors import InterruptedRun, YoyakError


def main() -> int:
    """Run the service and return the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = settings_from(sys.argv[1:], os.environ)
        # Imported once the settings are good: a wrong one is answered at once.
        import uvloop

        from summarizer.server import serve

        uvloop.run(serve(settings))
    except InterruptedRun as error:
        return error.exit_code
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
