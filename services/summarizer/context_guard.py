"""Whether a prompt and its answer fit the context, asked before the engine cuts one silently."""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from summarizer import problems
from summarizer.problems import Problem
from yoyak.engines.base import GenerationRequest
from yoyak.records import EngineFacts

CountTokens = Callable[[str], Awaitable[int | None]]

_KEPT = 1024  # articles; 40 bytes each


class ContextGuard:
    """Counts each article's tokens once.

    A nonce has a fixed number of digits, and so of tokens: what was counted for an article holds
    for all of its requests, and a warm-up pays for it, not a measured request.
    """

    def __init__(self) -> None:
        """Begin without any count."""
        self._tokens: OrderedDict[bytes, int] = OrderedDict()

    async def count(self, ask: CountTokens, request: GenerationRequest) -> int | None:
        """Return the tokens of the request's prompt; None if the engine cannot count.

        Args:
            ask: the engine's `count_tokens`.
            request: whose prompt.
        """
        article = hashlib.blake2b(
            f"{len(request.title)} {request.title}{request.text}".encode(), digest_size=16
        ).digest()
        tokens = self._tokens.get(article)
        if tokens is not None:
            self._tokens.move_to_end(article)
            return tokens
        tokens = await ask(request.prompt)
        if tokens is not None:
            self._tokens[article] = tokens
            if len(self._tokens) > _KEPT:
                self._tokens.popitem(last=False)
        return tokens

    async def check(
        self, ask: CountTokens, facts: EngineFacts | None, request: GenerationRequest
    ) -> None:
        """Raise Problem 413 where prompt and answer together are over the context."""
        context_tokens = None if facts is None else facts.context_tokens
        if context_tokens is None:
            return
        output_tokens = request.options.output_tokens
        # A token is at least a byte of UTF-8, and the wrapping of any chat template far below 64.
        if len(request.prompt.encode()) + 64 + output_tokens <= context_tokens:
            return
        tokens = await self.count(ask, request)
        if tokens is not None and tokens + output_tokens > context_tokens:
            raise Problem(
                problems.PROMPT_TOO_LONG,
                f"{tokens} prompt tokens and {output_tokens} output tokens do not fit the context "
                f"of {context_tokens}; send a shorter article, ask for less or raise YOYAK_CONTEXT",
                error_class="prompt_too_long",
                prompt_tokens=tokens,
                output_tokens=output_tokens,
                context_tokens=context_tokens,
            )
