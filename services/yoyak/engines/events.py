"""From the pieces of a response to whole lines or events, each with its arrival stamp."""

from collections.abc import Iterable
from typing import Protocol

from yoyak.engines.http_connection import Received
from yoyak.engines.json_fields import wrong_form
from yoyak.engines.lines import LineTooLongError
from yoyak.errors import EngineError


class Splitter(Protocol):
    """`lines.NdjsonSplitter` or `lines.SseSplitter`."""

    def feed(self, arrived_ns: int, data: bytes) -> list[tuple[int, bytes]]:
        """Return what `data` completes."""
        ...


def completed(splitter: Splitter, pieces: Iterable[Received], where: str) -> list[Received]:
    """Return the lines or events that `pieces` complete.

    Raises:
        EngineError: a line without end (class protocol).
    """
    whole: list[Received] = []
    for arrived_ns, piece in pieces:
        try:
            whole += splitter.feed(arrived_ns, piece)
        except LineTooLongError as error:
            raise wrong_form(where, str(error)) from error
    return whole


def ended_early(where: str) -> EngineError:
    """Return the error for a stream that ended without its last word."""
    return EngineError(
        f"{where} ended its answer without its last line; see the engine's log",
        error_class="truncated",
        http_status=200,
    )
