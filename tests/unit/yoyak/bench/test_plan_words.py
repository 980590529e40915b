from dataclasses import replace
from pathlib import Path

import pytest

from yoyak.analysis.planning import repetitions_needed
from yoyak.bench.plan_words import REPETITIONS_NEEDED, plan_words
from yoyak.bench.preflight import Work
from yoyak.config import RunConfig
from yoyak.dataset import Article
from yoyak.records import EngineFacts, ModelFacts

WORK = Work(
    articles=(Article(id="a", url=None, title="t", text="x"),) * 4,
    prompt_tokens=(500,) * 4,
    is_counted=True,
)
FACTS = EngineFacts(
    name="llamacpp",
    backend="cpu",
    model=ModelFacts(name="7b", parameters=7_240_000_000, size_bytes=4_100_000_000),
)


@pytest.mark.parametrize("hosts", REPETITIONS_NEEDED)
def test_the_repetitions_that_are_told_are_those_that_are_needed(hosts: int) -> None:
    assert REPETITIONS_NEEDED[hosts] == repetitions_needed(hosts)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (RunConfig(duration=60.0), "3 repetitions of 4 articles into runs/x: 3 min and the model"),
        (RunConfig(duration=60.0, cooldown=60.0), ": 5 min and the model loads"),
        (RunConfig(rate=0.1), "at least 2 min, and the model loads"),
        (RunConfig(), "guessed from the model's size"),
        (RunConfig(slo="ttft_p95=2s"), "highest rate with ttft_p95=2s into runs/x"),
        (RunConfig(slo="ttft_p95=2s", duration=300.0), "each of 5 min"),
    ],
)
def test_the_plan_is_told_with_its_time(config: RunConfig, words: str) -> None:
    lines = plan_words(config, FACTS, WORK, threads=2, path=Path("runs/x"), repetitions_left=3)
    assert words in lines[0]


@pytest.mark.parametrize(
    ("parallel", "via", "said"),
    [
        (1, None, "works on one request at a time; for more, give --slots N"),
        (1, "summarizer", "for more, start the service with --concurrency N"),
        (4, None, None),
        (None, None, None),
    ],
)
def test_a_search_on_one_slot_says_how_to_get_more(
    parallel: int | None, via: str | None, said: str | None
) -> None:
    facts = replace(FACTS, parallel=parallel, via=via)
    config = RunConfig(slo="ttft_p95=2s")
    _, *more = plan_words(config, facts, WORK, threads=2, path=Path("x"), repetitions_left=1)
    assert [line.endswith(said or "") for line in more] == ([] if said is None else [True])


def test_an_unknown_speed_is_said_to_be_unknown() -> None:
    facts = EngineFacts(name="openai", model=ModelFacts(name="x"))
    (line, _) = plan_words(RunConfig(), facts, WORK, threads=2, path=Path("x"), repetitions_left=1)
    assert "time unknown until the first requests are done" in line
