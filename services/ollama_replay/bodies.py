"""Request bodies of the API, checked as Ollama checks them."""

import json
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ollama_replay.go_duration import NotADurationError, keep_alive_ns
from ollama_replay.lines import OPENAI_APIS, Api

Field = TypeVar("Field")

GO_TYPES = {bool: "bool", str: "string", dict: "map[string]interface {}", list: "[]api.Message"}
JSON_TYPES: dict[type, str] = {
    bool: "bool",
    str: "string",
    dict: "object",
    list: "array",
    int: "number",
    float: "number",
}


class ApiError(Exception):
    """An answer with an error status and `{"error": ...}`."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What /api/generate or /api/chat is asked.

    Attributes:
        model: as the client wrote it.
        prompt: all text that goes to the model; empty means load or unload.
        options: as they came, unchecked: Ollama checks them later than the rest.
        keep_alive_ns: None where not said.
    """

    api: Api
    model: str
    prompt: str
    is_empty: bool
    options: dict[str, Any] = field(default_factory=dict)
    keep_alive_ns: int | None = None
    is_streamed: bool = True
    is_raw: bool = False
    truncate: bool = True
    shift: bool = True
    says_usage: bool = False  # OpenAI's: counts at the end of a stream


# OpenAI's names of what Ollama calls otherwise; the others have the same.
OPENAI_OPTIONS = {
    "max_tokens": "num_predict",
    "max_completion_tokens": "num_predict",
    "seed": "seed",
    "temperature": "temperature",
    "top_p": "top_p",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the object in a body.

    Raises:
        ApiError: 400; there is no body, it is no JSON, or no object.
    """
    if not body.strip():
        raise ApiError(400, "missing request body")
    try:
        parsed = json.loads(body)
    except UnicodeDecodeError as cause:
        raise ApiError(400, "invalid character in string literal: no UTF-8") from cause
    except json.JSONDecodeError as cause:
        raise ApiError(400, f"{cause.msg} at offset {cause.pos}") from cause
    if not isinstance(parsed, dict):
        kind = JSON_TYPES.get(type(parsed), "null")
        raise ApiError(400, f"json: cannot unmarshal {kind} into Go value of a request")
    return parsed


def parse_question(api: Api, body: bytes) -> Question:
    """Return what is asked.

    Raises:
        ApiError: 400; the body is not what the API takes.
    """
    table = parse_json(body)
    if api in OPENAI_APIS:
        return _openai_question(api, table)
    try:
        keep_ns = keep_alive_ns(table.get("keep_alive"))
    except NotADurationError as cause:
        raise ApiError(400, str(cause)) from cause
    messages = _typed(table, "messages", list, []) if api == "chat" else []
    prompt = _typed(table, "prompt", str, "") if api == "generate" else _joined(messages)
    is_empty = not (messages if api == "chat" else prompt)
    is_raw = _typed(table, "raw", bool, default=False)
    system = _typed(table, "system", str, "") if api == "generate" else ""
    if is_raw and system:
        raise ApiError(400, "raw mode does not support template, system, or context")
    return Question(
        api=api,
        model=_typed(table, "model", str, ""),
        prompt=f"{system}\n{prompt}" if system and not is_empty else prompt,
        is_empty=is_empty,
        options=_typed(table, "options", dict, {}),
        keep_alive_ns=keep_ns,
        is_streamed=_typed(table, "stream", bool, default=True),
        is_raw=is_raw,
        truncate=_typed(table, "truncate", bool, default=True),
        shift=_typed(table, "shift", bool, default=True),
    )


def parse_model_name(body: bytes) -> tuple[str, bool]:
    """Return the model named by /api/show or /api/pull, and whether the answer is streamed.

    Raises:
        ApiError: 400; no body, no JSON, no name.
    """
    table = parse_json(body)
    name = _typed(table, "model", str, "") or _typed(table, "name", str, "")
    if not name:
        raise ApiError(400, "model is required")
    return name, _typed(table, "stream", bool, default=True)


def _openai_question(api: Api, table: dict[str, Any]) -> Question:
    """Return what OpenAI's API is asked, in Ollama's terms."""
    if api == "openai_chat":
        prompt = _joined(_typed(table, "messages", list, []))
        if not table.get("messages"):
            raise ApiError(400, "[] is too short - 'messages'")
    else:
        prompt = _typed(table, "prompt", str, "")
        if not prompt:
            raise ApiError(400, "prompt is required")
    options = {
        ours: table[theirs]
        for theirs, ours in OPENAI_OPTIONS.items()
        if table.get(theirs) is not None
    }
    streaming = _typed(table, "stream_options", dict, {})
    return Question(
        api=api,
        model=_typed(table, "model", str, ""),
        prompt=prompt,
        is_empty=False,
        options=options,
        is_streamed=_typed(table, "stream", bool, default=False),
        says_usage=_typed(streaming, "include_usage", bool, default=False),
    )


def _joined(messages: list[Any]) -> str:
    texts = []
    for message in messages:
        if not isinstance(message, dict):
            raise ApiError(400, "json: cannot unmarshal a message into type api.Message")
        content = message.get("content")
        parts = content if isinstance(content, list) else [{"text": content or ""}]
        for part in parts:
            if not isinstance(part, dict):
                raise ApiError(400, "json: cannot unmarshal a message into type api.Message")
            texts.append(_typed(part, "text", str, ""))
    return "\n".join(texts)


def _typed(table: dict[str, Any], name: str, kind: type[Field], default: Field) -> Field:
    """Return a field of a JSON type; null counts as absent."""
    value = table.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        found = JSON_TYPES.get(type(value), "null")
        raise ApiError(
            400,
            f"json: cannot unmarshal {found} into Go struct field .{name} of type {GO_TYPES[kind]}",
        )
    return value
