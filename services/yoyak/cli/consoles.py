"""Where the command line writes: results to stdout, progress and warnings to stderr."""

import sys

from rich.console import Console


def results_console() -> Console:
    """Return the console for results."""
    from yoyak.report.terminal import report_console  # it takes the statistics with it

    return report_console(sys.stdout)


def messages_console() -> Console:
    """Return the console for progress and warnings."""
    return Console(stderr=True, highlight=False)
