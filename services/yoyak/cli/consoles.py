"""Where the command line writes: results to stdout, progress and warnings to stderr."""

from rich.console import Console

PLAIN_WIDTH = 100  # columns of a table that goes to a file or a pipe


def results_console() -> Console:
    """Return the console for results; plain text of 100 columns where it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


def messages_console() -> Console:
    """Return the console for progress and warnings."""
    return Console(stderr=True, highlight=False)
