"""Cutting a byte stream into NDJSON lines and server-sent events, each with its arrival stamp.

The bytes are cut at line feeds only, never inside a character: no byte of a multi-byte UTF-8
character is a line feed.
"""

from yoyak.units import MIB

# A line holds one piece of text, or an engine's last word with a prompt echoed in it. Ollama's own
# client takes lines of up to 8 MB.
MAX_LINE_BYTES = 8 * MIB


class LineTooLongError(ValueError):
    """A line did not end within `MAX_LINE_BYTES`: this is no stream of lines."""


class LineSplitter:
    """Cuts at line feeds; a line bears the stamp of the read that brought its line feed."""

    __slots__ = ("_held", "_held_bytes")

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._held_bytes = 0

    def feed(self, arrived_ns: int, data: bytes) -> list[tuple[int, bytes]]:
        """Return the lines that `data` completes, in order, without LF or CR LF.

        Args:
            arrived_ns: when `data` arrived.
            data: the next bytes of the stream, cut anywhere.

        Raises:
            LineTooLongError: a line is longer than any protocol here makes one.
        """
        head, found, rest = data.partition(b"\n")
        if not found:
            self._hold(head)
            return []
        if self._held:
            self._held.append(head)
            head = b"".join(self._held)
            self._held.clear()
            self._held_bytes = 0
        lines = [(arrived_ns, head.removesuffix(b"\r"))]
        if rest:
            *whole, last = rest.split(b"\n")
            lines += [(arrived_ns, line.removesuffix(b"\r")) for line in whole]
            if last:
                self._hold(last)
        return lines

    @property
    def is_between_lines(self) -> bool:
        """Whether nothing is held: a stream that ends now was not cut in mid-line."""
        return not self._held

    def _hold(self, part: bytes) -> None:
        self._held_bytes += len(part)
        if self._held_bytes > MAX_LINE_BYTES:
            raise LineTooLongError(f"a line of more than {MAX_LINE_BYTES} bytes")
        if part:
            self._held.append(part)


class NdjsonSplitter:
    """Cuts newline-delimited JSON into its lines; blank ones are left out."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines = LineSplitter()

    def feed(self, arrived_ns: int, data: bytes) -> list[tuple[int, bytes]]:
        """Return the JSON texts that `data` completes; arguments and errors as `LineSplitter`."""
        return [line for line in self._lines.feed(arrived_ns, data) if line[1]]

    @property
    def is_between_lines(self) -> bool:
        """Whether nothing is held."""
        return self._lines.is_between_lines


class SseSplitter:
    r"""Cuts a `text/event-stream` into the data of its events.

    An event ends at a blank line and bears that line's stamp. Several `data:` lines are joined by
    line feeds. Comments (keep-alive pings) and the fields event, id and retry are left out. A field
    `error:`, in which older llama.cpp servers put a failure in mid-stream, is taken as data. Lines
    may end in LF or CR LF; a bare CR, which the standard allows too, ends none: no engine sends it.

    Source:
        WHATWG HTML, 9.2.6 "Interpreting an event stream".
    """

    __slots__ = ("_data", "_lines")

    def __init__(self) -> None:
        self._lines = LineSplitter()
        self._data: list[bytes] = []

    def feed(self, arrived_ns: int, data: bytes) -> list[tuple[int, bytes]]:
        """Return the data of the events that `data` completes; arguments as `LineSplitter`."""
        events = []
        for stamp, line in self._lines.feed(arrived_ns, data):
            if line:
                field, _, value = line.partition(b":")
                if field in (b"data", b"error"):
                    self._data.append(value.removeprefix(b" "))
            elif self._data:
                events.append((stamp, b"\n".join(self._data)))
                self._data.clear()
        return events

    @property
    def is_between_events(self) -> bool:
        """Whether nothing is held: a stream that ends now was not cut in mid-event."""
        return not self._data and self._lines.is_between_lines
