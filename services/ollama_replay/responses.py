"""HTTP heads as Go's server writes them, and the bytes of answers that go wrong."""

from collections.abc import Callable
from email.utils import formatdate
from functools import partial
from http import HTTPStatus

from ollama_replay.lines import compact
from ollama_replay.loop import Loop
from ollama_replay.script import Fault

JSON_TYPE = "application/json; charset=utf-8"
NDJSON_TYPE = "application/x-ndjson"
EVENTS_TYPE = "text/event-stream"
TEXT_TYPE = "text/plain; charset=utf-8"
TRICKLE_PIECES = 10
GARBAGE_HEAD = b"\x00\x01\xfe\xff this is no HTTP \x80\r\n\r\n"
GARBAGE_LINE = b'\xff\xfe{"response": no JSON\n'
BUSY = "server busy, please try again.  maximum pending requests exceeded"
CRASHED = "an error was encountered while running the model: unexpected EOF"


def reason(status: int) -> str:
    """Return the words after a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"status code {status}"


def response_head(
    status: int, content_type: str, *, length: int | None = None, close: bool
) -> bytes:
    """Return status line and headers.

    Args:
        status: of the answer.
        content_type: of the body.
        length: of the body in bytes; None for one in HTTP chunks.
        close: whether the connection ends with the body.
    """
    lines = [f"HTTP/1.1 {status} {reason(status)}", f"Content-Type: {content_type}"]
    lines.append(f"Date: {formatdate(usegmt=True)}")
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines.append(framing)
    if close:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode()


def bare_head(content_type: str) -> bytes:
    """Return the head of a stream for an HTTP/1.0 client: the connection's end is the body's."""
    return f"HTTP/1.0 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode()


def error_body(message: str) -> bytes:
    """Return the body of an error."""
    return compact({"error": message})


def fault_message(fault: Fault, status: int) -> str:
    """Return what an error says: the script's words, or Ollama's for the status."""
    if fault.message is not None:
        return fault.message
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return BUSY
    if status == HTTPStatus.NOT_FOUND:
        return "model not found, try pulling it first"
    return CRASHED


def trickle(
    loop: Loop, write: Callable[[bytes], None], data: bytes, due_ns: int, for_ns: int
) -> None:
    """Write data in TRICKLE_PIECES pieces, the first at `due_ns`, all before `for_ns` is over."""
    size = -(-len(data) // TRICKLE_PIECES)
    for i in range(TRICKLE_PIECES):
        piece = data[i * size : (i + 1) * size]
        loop.at(due_ns + for_ns * i // TRICKLE_PIECES, partial(_write_at, write, piece))


def _write_at(write: Callable[[bytes], None], piece: bytes, _due_ns: int) -> None:
    write(piece)
