"""`yoyak run --slots` on the embedded engine: how many requests of an open loop go on at once."""

import itertools
from pathlib import Path

import pytest
from tests.integration.bench.conftest import RunYoyak
from tests.integration.bench.replays import finished, manifest_of, the_run

from yoyak.dataset import Article, write_dataset
from yoyak.records import RequestRecord
from yoyak.store.run_folder import read_run

CONTEXT = 512
REQUESTS = 6


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """One short article: the prompt takes no time beside the answer."""
    folder = tmp_path / "short"
    article = Article(id="a", url=None, title="다리", text="새 다리가 월요일에 열렸다.")
    write_dataset(folder, [article], created_at="2026-01-01T00:00:00Z")
    return folder


def options(dataset: Path, model: Path, **more: object) -> list[str]:
    given = {
        "engine": "llamacpp",
        "dataset": dataset,
        "model": model,
        "articles": 1,
        "threads": 1,
        "context": CONTEXT,
        "output-tokens": 200,
        "warmup": 1,
        "repetitions": 1,
        **more,
    }
    return ["run", *(part for name, value in given.items() for part in (f"--{name}", str(value)))]


def are_written_together(one: RequestRecord, other: RequestRecord) -> bool:
    """Whether each had begun before the other was half written; neighbours may meet at an end."""
    half = len(one.chunk_ns) // 2
    return one.chunk_ns[0] < other.chunk_ns[half] and other.chunk_ns[0] < one.chunk_ns[half]


@pytest.mark.parametrize(("more", "slots"), [({}, 1), ({"slots": 3}, 3)])
def test_as_many_requests_of_an_open_loop_are_written_at_once_as_there_are_slots(
    yoyak: RunYoyak,
    tmp_path: Path,
    dataset: Path,
    tiny_model: Path,
    more: dict[str, object],
    slots: int,
) -> None:
    open_loop = {"rate": 100, "arrivals": "constant", "duration": f"{10 * REQUESTS}ms"}
    code, _, err = finished(yoyak(*options(dataset, tiny_model, **open_loop, **more)))
    assert code == 0, err
    engine = manifest_of(tmp_path)["engine"]
    assert isinstance(engine, dict)
    assert (engine["parallel"], engine["context_tokens"]) == (slots, CONTEXT)
    records = [record for record in read_run(the_run(tmp_path)).requests if not record.is_warmup]
    assert len(records) == REQUESTS
    together = [are_written_together(*pair) for pair in itertools.combinations(records, 2)]
    assert any(together) == (slots > 1)
