from dataclasses import replace
from pathlib import Path

import pytest

from yoyak.bench.stack.ledger import FILE, Ledger, configuration_digest
from yoyak.config import RunConfig
from yoyak.errors import HostError
from yoyak.host.facts import host_facts
from yoyak.records import EngineFacts, ModelFacts

HOST = replace(
    host_facts(ask_metadata=False), instance_type="r5.4xlarge", instance_id="i-1", hostname="a"
)
ENGINE = EngineFacts(name="llamacpp", pid=7, model=ModelFacts(name="m", weights_sha256="aa"))


def digest(
    config: RunConfig | None = None, engine: EngineFacts = ENGINE, dataset_sha256: str = "d"
) -> str:
    return configuration_digest(config or RunConfig(), engine, HOST, dataset_sha256=dataset_sha256)


def a_run(runs: Path, run_id: str) -> None:
    (runs / run_id).mkdir()
    (runs / run_id / "perf.json").write_text("{}")


def test_what_changes_the_measurement_changes_the_digest() -> None:
    others = {
        digest(RunConfig(articles=9)),
        digest(RunConfig(slots=2)),
        digest(engine=replace(ENGINE, threads=3)),
        digest(engine=replace(ENGINE, model=ModelFacts(name="m", weights_sha256="bb"))),
        digest(dataset_sha256="e"),
        configuration_digest(
            RunConfig(), ENGINE, replace(HOST, instance_type="r5.8xlarge"), dataset_sha256="d"
        ),
    }
    assert len(others | {digest()}) == 7


def test_an_engine_started_anew_is_the_same_configuration() -> None:
    assert digest(engine=replace(ENGINE, pid=8, boot_id="other")) == digest()


def test_where_runs_are_kept_and_what_the_host_costs_are_no_part_of_it() -> None:
    assert digest(RunConfig(out=Path("elsewhere"), price=2.0)) == digest()


def test_a_host_without_a_cloud_is_known_by_its_name() -> None:
    here, there = (
        configuration_digest(
            RunConfig(),
            ENGINE,
            replace(HOST, instance_id=None, hostname=name),
            dataset_sha256="d",
        )
        for name in ("a", "b")
    )
    assert here != there


def test_a_noted_run_is_found_as_long_as_it_is_there(tmp_path: Path) -> None:
    a_run(tmp_path, "one")
    Ledger(tmp_path).note("digest", "one")
    assert Ledger(tmp_path).run_of("digest") == "one"
    (tmp_path / "one" / "perf.json").unlink()
    assert Ledger(tmp_path).run_of("digest") is None


def test_a_note_keeps_the_others(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for run_id in ("one", "two"):
        a_run(tmp_path, run_id)
        ledger.note(f"digest of {run_id}", run_id)
    assert ledger.run_of("digest of one") == "one"


@pytest.mark.parametrize("text", ["[]", "{", "3"])
def test_a_ledger_that_is_none_says_how_to_mend_it(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(HostError, match="delete it"):
        Ledger(tmp_path).run_of("digest")
