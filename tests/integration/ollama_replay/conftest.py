"""Replays that run as long as a test does."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from ollama_replay import Model, Replay, Script, Timeline, running

QUICK = Timeline(
    first_chunk_s=0.01, warm_load_s=0.002, overhead_s=0.001, gap_s=0.002, unasked_tokens=8
)
QUICK_MODEL = Model(load_s=0.02, unload_s=0.02)


@pytest.fixture
def start() -> Iterator[Callable[..., Replay]]:
    """Start a quick replay with these fields of the script."""
    with ExitStack() as stack:

        def make(**script: object) -> Replay:
            fields: dict[str, object] = {
                "timeline": QUICK,
                "models": (QUICK_MODEL,),
                "parallel": 64,
                **script,
            }
            return stack.enter_context(running(Script(**fields)))  # type: ignore[arg-type] # the fields of each test

        yield make


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    """One quick replay without faults for a whole module."""
    with running(Script(timeline=QUICK, models=(QUICK_MODEL,), parallel=64)) as one:
        yield one
