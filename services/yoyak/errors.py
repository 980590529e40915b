"""The few errors that reach a user: one line (what, where, how to mend) and an exit code."""


class YoyakError(Exception):
    """Any failure that we can explain; the command line prints its text as one line."""

    exit_code = 3


class MeasuredFailure(YoyakError):
    """What was measured failed: failed requests, a missed threshold, a refused comparison."""

    exit_code = 1


class UsageError(YoyakError):
    """What was asked for cannot be: a bad option, a file that is not what it should be."""

    exit_code = 2


class HostError(YoyakError):
    """The environment is not ready: engine down, model absent, port in use, no disk space."""

    exit_code = 3


class InterruptedRun(YoyakError):
    """The user stopped the run; what was finished is kept."""

    exit_code = 130


class EngineError(HostError):
    """An engine refused, failed or vanished.

    Attributes:
        error_class: low-cardinality class for records and metrics, one of ERROR_CLASSES.
        http_status: the status the engine answered with, or None if it never answered.
    """

    def __init__(self, message: str, *, error_class: str, http_status: int | None = None) -> None:
        """Store the class beside the message."""
        super().__init__(message)
        self.error_class = error_class
        self.http_status = http_status


def one_line(text: str, *, most: int = 200) -> str:
    """Return what came from outside so that it can stand in a one-line message."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]


ERROR_CLASSES = frozenset(
    {
        "cancelled",  # we stopped it: Ctrl-C, or the client of the service went away
        "connect",  # no connection could be made
        "engine_error",  # an error line inside a stream that began well
        "http_4xx",
        "http_5xx",
        "prompt_too_long",
        "protocol",  # bytes that are not what the protocol says
        "reset",  # the connection broke in mid-stream
        "timeout",
        "truncated",  # the stream ended without the engine's last word
    }
)
