"""What an engine's HTTP error says, as one line and one error class."""

import json
from http import HTTPStatus

from yoyak.errors import EngineError

_SHOWN_CHARS = 300
_CLIENT_ERROR, _SERVER_ERROR = 400, 500


def error_text(body: bytes) -> str:
    """Return what an error's body says, shortened; "" if it says nothing.

    Known forms: {"error": "..."} (Ollama), {"error": {"message": "..."}} (OpenAI, llama.cpp),
    {"detail": "..."} (problem documents), {"message": "..."}; anything else is shown as it is.
    """
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    text = _message(document) or body.decode("utf-8", "replace")
    return shortened(text)


def shortened(text: str) -> str:
    """Return text as one line that fits into a message."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}..."


def http_error(where: str, status: int, body: bytes) -> EngineError:
    """Return the error for an answer with a status that is no success.

    Args:
        where: the URL that was asked.
        status: of the answer.
        body: of the answer, or its beginning.
    """
    said = error_text(body)
    reason = f"{status} {HTTPStatus(status).phrase}" if status in _STATUSES else str(status)
    message = f"{where} answered {reason}" + (f": {said}" if said else "")
    return EngineError(message, error_class=status_class(status), http_status=status)


def status_class(status: int) -> str:
    """Return the error class of a status; one that is neither error nor success is a protocol's."""
    if status >= _SERVER_ERROR:
        return "http_5xx"
    return "http_4xx" if status >= _CLIENT_ERROR else "protocol"


def _message(document: object) -> str | None:
    if isinstance(document, str):
        return document
    if isinstance(document, dict):
        for key in ("error", "detail", "message"):
            found = _message(document.get(key))
            if found:
                return found
    return None


_STATUSES = frozenset(status.value for status in HTTPStatus)
