import pytest

from yoyak.bench.preflight import check_engine
from yoyak.config import RunConfig
from yoyak.errors import HostError
from yoyak.records import EngineFacts, ModelFacts


def facts(parallel: int | None) -> EngineFacts:
    return EngineFacts(name="llamacpp", parallel=parallel, model=ModelFacts(name="m"))


@pytest.mark.parametrize(
    ("config", "parallel"),
    [
        (RunConfig(rate=1.0), 4),
        (RunConfig(rate=1.0, slots=4), 4),
        (RunConfig(rate=1.0, slots=4), None),
        (RunConfig(concurrency=4), 8),
        (RunConfig(slo="ttft_p95=2s"), 1),
    ],
)
def test_an_engine_with_the_slots_that_are_asked_for_will_do(
    config: RunConfig, parallel: int | None
) -> None:
    check_engine(facts(parallel), config, threads=1)


def test_an_engine_with_other_slots_is_refused_with_the_way_out() -> None:
    with pytest.raises(HostError, match=r"runs with 1 slots, .* asks for 4; .* --slots 1"):
        check_engine(facts(1), RunConfig(rate=1.0, slots=4), threads=1)


def test_more_users_than_slots_are_refused() -> None:
    with pytest.raises(HostError, match="has 2 slots for --concurrency 4"):
        check_engine(facts(2), RunConfig(concurrency=4), threads=1)
