"""OpenAI's server-sent events as Ollama's /v1 writes them, with the interface of `lines.Lines`."""

from collections.abc import Mapping
from time import time

from ollama_replay.lines import LAST_HTTP_CHUNK, Line, compact, http_chunk

FINGERPRINT = "fp_ollama"
DONE = b"data: [DONE]\n\n"
NOT_OURS = "api_error"


class Event(Line):
    """A line that holds no time of its own."""

    __slots__ = ()

    def at(self, created_at: bytes) -> bytes:  # noqa: ARG002 - Line's signature
        """Return the bytes to send."""
        return self.before


class Events:
    """The events of chat or completions for one model name; `created` is when they were made.

    `says_usage` is what the request asked for in `stream_options.include_usage`.
    """

    def __init__(self, model: str, *, is_chat: bool, is_framed: bool, says_usage: bool) -> None:
        self._is_chat = is_chat
        self._is_framed = is_framed
        self._says_usage = says_usage
        self._common = {
            "id": "chatcmpl-1" if is_chat else "cmpl-1",
            "created": int(time()),
            "model": model,
            "system_fingerprint": FINGERPRINT,
        }
        self._made: dict[str, Line] = {}

    def chunk(self, text: str) -> Line:
        """Return the event with a piece of text."""
        made = self._made.get(text)
        if made is None:
            made = self._made[text] = self._event(self._choices(text, None))
        return made

    def warm(self, texts: tuple[str, ...]) -> None:
        """Make the events of all these texts now."""
        for text in texts:
            self.chunk(text)

    def last(
        self,
        reason: str,
        *,
        metrics: Mapping[str, int | None],
        context_tokens: int | None = None,  # noqa: ARG002 - as for Ollama's lines
    ) -> Line:
        """Return what ends the stream: the reason, counts where asked for, and [DONE]."""
        data = self._data(self._choices("", reason))
        if self._says_usage:
            data += self._data([], usage=usage(metrics))
        data += DONE
        return self._framed_event(data)

    def last_object(
        self,
        created_at: bytes,  # noqa: ARG002 - as for Ollama's lines
        reason: str,
        *,
        text: str = "",
        metrics: Mapping[str, int | None] | None = None,
        context_tokens: int | None = None,  # noqa: ARG002 - as for Ollama's lines
    ) -> bytes:
        """Return an answer in one JSON object; arguments as for `lines.Lines.last_object`."""
        return compact(self._whole(text, reason) | {"usage": usage(metrics or {})})

    def unfinished_object(self, created_at: bytes, text: str) -> bytes:  # noqa: ARG002 - likewise
        """Return an answer in one JSON object that does not claim to be done."""
        return compact(self._whole(text, None))

    def error(self, message: str) -> bytes:
        """Return the event that tells an error in mid-stream."""
        return b"data: %b\n\n" % error_object(message)

    def framed(self, data: bytes) -> bytes:
        """Return data in an HTTP chunk where events are framed, else as it is."""
        return http_chunk(data) if self._is_framed else data

    def end(self) -> bytes:
        """Return what ends the HTTP body."""
        return LAST_HTTP_CHUNK if self._is_framed else b""

    def _choices(self, text: str, reason: str | None) -> list[dict[str, object]]:
        said: dict[str, object] = (
            {"delta": {"role": "assistant", "content": text}} if self._is_chat else {"text": text}
        )
        return [{"index": 0, **said, "finish_reason": reason}]

    def _data(self, choices: list[dict[str, object]], **more: object) -> bytes:
        kind = "chat.completion.chunk" if self._is_chat else "text_completion"
        return b"data: %b\n\n" % compact(self._common | {"object": kind, "choices": choices} | more)

    def _whole(self, text: str, reason: str | None) -> dict[str, object]:
        said: dict[str, object] = (
            {"message": {"role": "assistant", "content": text}} if self._is_chat else {"text": text}
        )
        kind = "chat.completion" if self._is_chat else "text_completion"
        choices = [{"index": 0, **said, "finish_reason": reason}]
        return self._common | {"object": kind, "choices": choices}

    def _event(self, choices: list[dict[str, object]]) -> Line:
        return self._framed_event(self._data(choices))

    def _framed_event(self, data: bytes) -> Line:
        if not self._is_framed:
            return Event(data, b"", (0, 0))
        size = b"%x\r\n" % len(data)
        return Event(size + data + b"\r\n", b"", (len(size), 2))


def usage(metrics: Mapping[str, int | None]) -> dict[str, int]:
    """Return OpenAI's counts of an answer's metrics."""
    prompt, output = metrics.get("prompt_eval_count") or 0, metrics.get("eval_count") or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
    }


def error_object(message: str) -> bytes:
    """Return OpenAI's form of an error."""
    return compact({"error": {"message": message, "type": NOT_OURS, "param": None, "code": None}})
