"""How many tokens a prompt makes, how it is cut to the context, and what a cache spares."""

from collections import deque
from math import ceil
from os.path import commonprefix

BEGIN_OF_TEXT_TOKENS = 1


class PromptTooLongError(ValueError):
    """A prompt over the context that may not be cut, which Ollama answers with HTTP 400."""


def count_tokens(prompt: str, tokens_per_char: float) -> int:
    """Return ceil(characters x tokens_per_char) + 1 for the begin-of-text token."""
    return ceil(len(prompt) * tokens_per_char) + BEGIN_OF_TEXT_TOKENS


def tokens_kept(tokens: int, num_ctx: int, *, truncate: bool, shift: bool) -> int:
    """Return how many tokens of a prompt are evaluated.

    One that does not fit is cut, without a word, to half of the context.

    Raises:
        PromptTooLongError: it does not fit, and the request forbids cutting or shifting.
    """
    if tokens < num_ctx:
        return tokens
    if not (truncate and shift):
        raise PromptTooLongError(
            f"the input length ({tokens} tokens) exceeds the context length ({num_ctx} tokens)"
        )
    return num_ctx // 2


class PromptCache:
    """The most recent prompts of a runner, which spare the evaluation of a shared beginning."""

    def __init__(self, remembered: int) -> None:
        self._recent: deque[str] = deque(maxlen=remembered)

    def shared_chars(self, prompt: str) -> int:
        """Return the length of the longest beginning shared with a prompt seen, and remember."""
        if self._recent.maxlen == 0:
            return 0
        longest = 0
        for seen in self._recent:
            shared = commonprefix((prompt, seen))  # noqa: RUF071 - characters are meant, not paths
            longest = max(longest, len(shared))
        self._recent.append(prompt)
        return longest

    def clear(self) -> None:
        """Forget everything, as an unload does."""
        self._recent.clear()


def cached_tokens(scripted: int, shared_chars: int, tokens_per_char: float, tokens: int) -> int:
    """Return the tokens of a prompt that come from the cache; the last one never does."""
    shared = int(shared_chars * tokens_per_char)
    return max(0, min(max(scripted, shared), tokens - 1))
