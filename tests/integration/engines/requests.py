"""Requests to engines, and what came of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from yoyak import prompts
from yoyak.engines.base import Chunk, Engine, GenerationOptions, GenerationRequest, Usage

TITLE = "가온증권, 새 요약 서비스를 내놓다"
TEXT = "가온증권은 오늘 뉴스 요약 서비스를 시작했다고 밝혔다. " * 4
DEADLINE_S = 20.0


def a_request(
    index: int = 0, *, output_tokens: int = 16, text: str = TEXT, ignore_eos: bool = True
) -> GenerationRequest:
    nonce = prompts.nonce("test", index)
    return GenerationRequest(
        request_id=f"r-{index}",
        article_id="a1",
        title=TITLE,
        text=text,
        nonce=nonce,
        prompt=prompts.build_prompt(nonce=nonce, title=TITLE, text=text),
        options=GenerationOptions(
            output_tokens=output_tokens, seed=1, temperature=0.0, ignore_eos=ignore_eos
        ),
        traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
    )


@dataclass(frozen=True)
class Answer:
    chunks: list[Chunk]

    @property
    def stamps(self) -> list[int]:
        return [chunk.arrived_ns for chunk in self.chunks if chunk.text]

    @property
    def text(self) -> str:
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def usage(self) -> Usage:
        usage = self.chunks[-1].usage
        assert usage is not None
        assert all(chunk.usage is None for chunk in self.chunks[:-1])
        assert all(chunk.text for chunk in self.chunks[:-1])
        return usage


async def ask(engine: Engine, request: GenerationRequest) -> Answer:
    return Answer([chunk async for chunk in engine.stream(request)])


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition with a deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - conditions of other processes have no event
            await asyncio.sleep(0.005)
