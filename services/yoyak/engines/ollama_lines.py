"""A line of Ollama's stream, and what the last one's counts and durations are worth."""

import re

from yoyak.engines.base import Chunk, Usage
from yoyak.engines.http_errors import error_text
from yoyak.engines.json_fields import Fields, parse_object, wrong_form
from yoyak.errors import EngineError
from yoyak.records import FinishReason
from yoyak.units import seconds

Version = tuple[int, ...]
_OK = 200
_FINISH_REASONS: dict[str, FinishReason] = {"length": "length", "stop": "stop"}
# prompt_eval_count held the new tokens only; mended in 0.30.1.
COUNTS_ONLY_NEW = ((0, 30, 0), (0, 30, 1))
# prompt_eval_duration was that of the last batch; mended in 0.12.7.
TIMES_ONLY_LAST_BATCH = ((0, 12, 5), (0, 12, 7))


def version_of(text: str | None) -> Version | None:
    """Return the numbers of a version such as "0.33.0-rc2"; None if it has none ("0.0.0" too).

    A build from source calls itself 0.0.0, which says nothing.
    """
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", text or "")
    numbers = tuple(int(part) for part in found.groups()) if found else ()
    return numbers if any(numbers) else None


def chunk_of(stamp: int, data: bytes, version: Version | None, where: str) -> Chunk | None:
    """Return the chunk that a line is; None for one without text (a line is not a token).

    The text is the answer's, and what a model thinks before it where that cannot be switched off:
    both are written at the same cost.

    Raises:
        EngineError: it is none, or says that the engine failed.
    """
    line = parse_object(data, where)
    if line.get("done") is False and "error" not in line:
        said = line.get("message")
        # The usual line, without further ado: there are hundreds a request.
        if type(said) is dict and "thinking" not in said and type(said.get("content")) is str:
            return Chunk(stamp, said["content"]) if said["content"] else None
    if "error" in line:
        raise EngineError(
            f"{where} failed in mid-answer: {error_text(data)}",
            error_class="engine_error",
            http_status=_OK,
        )
    fields = Fields(line, where)
    message = fields.fields("message")
    if message is None:
        raise wrong_form(where, 'a line without "message"')
    text = (message.text("thinking") or "") + (message.text("content") or "")
    if line.get("done") is True:
        return Chunk(stamp, text, usage_of(fields, version))
    return Chunk(stamp, text) if text else None


def usage_of(last: Fields, version: Version | None) -> Usage:
    """Return the counts and durations of a last line; what is absent is unknown.

    Ollama leaves out what is zero, and so do we: nobody can tell it from what was not measured.
    Durations are ns. prompt_eval_count holds the cached tokens, prompt_eval_duration does not.
    eval_duration begins at the first token, so it covers eval_count - 1 steps.

    Raises:
        EngineError: the answer was to a load, not to a prompt (class protocol).
    """
    reason = last.text("done_reason")
    if reason in ("load", "unload"):
        raise wrong_form("Ollama", f'done_reason "{reason}" to a prompt')
    prompt_tokens = last.count("prompt_eval_count")
    cached_tokens = last.count("prompt_eval_cached_count")
    if prompt_tokens is not None and _is_within(version, COUNTS_ONLY_NEW):
        prompt_tokens = None if cached_tokens is None else prompt_tokens + cached_tokens
    prompt_eval_s = _duration_s(last, "prompt_eval_duration")
    if _is_within(version, TIMES_ONLY_LAST_BATCH):
        prompt_eval_s = None
    return Usage(
        prompt_tokens=prompt_tokens,
        cached_tokens=cached_tokens,
        output_tokens=last.count("eval_count"),
        engine_load_s=_duration_s(last, "load_duration"),
        prompt_eval_s=prompt_eval_s,
        decode_s=_duration_s(last, "eval_duration"),
        engine_total_s=_duration_s(last, "total_duration"),
        finish_reason=_FINISH_REASONS.get(reason or ""),
        http_status=_OK,
    )


def _duration_s(last: Fields, key: str) -> float | None:
    nanoseconds = last.count(key)
    return None if nanoseconds is None else seconds(nanoseconds)


def _is_within(version: Version | None, span: tuple[Version, Version]) -> bool:
    """Return whether a version is at least the first and below the second."""
    return version is not None and span[0] <= version < span[1]
