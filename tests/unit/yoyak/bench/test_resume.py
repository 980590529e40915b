"""What is left of a run that was cut off, and what may not have changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.yoyak.runs import RUN_ID, a_manifest, a_request

from yoyak.bench.resume import (
    INDEX_STRIDE,
    ResumePoint,
    first_unfinished,
    last_stamp_ns,
    next_index,
    refuse_another,
    resume_now,
    resumed_config,
)
from yoyak.config import RunConfig, resolve
from yoyak.errors import HostError, UsageError
from yoyak.records import BlockRecord, Manifest, Option, RequestRecord, Resume
from yoyak.records.superseded import is_superseded
from yoyak.store.run_folder import Run

BOOT = "boot-1"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
S = 1_000_000_000


def a_block(repetition: int) -> BlockRecord:
    return BlockRecord(
        repetition=repetition,
        started_ns=0,
        done_ns=2 * S,
        rate_per_s=None,
        requests=1,
        ended="complete",
    )


def a_resume(**changes: object) -> Resume:
    resume = Resume(
        at="2026-01-01T01:00:00.000Z",
        at_ns=3600 * S,
        repetition=1,
        first_index=INDEX_STRIDE,
        origin_monotonic_ns=1,
        clock="monotonic",
        boot_id=BOOT,
        command=("yoyak", "run", "--resume", "x"),
    )
    return replace(resume, **changes)  # type: ignore[arg-type]  # fields by name


def the_manifest(**changes: object) -> Manifest:
    manifest = a_manifest(host={"hostname": "host", "boot_id": BOOT, "physical_cores": 2})
    workload = replace(manifest.workload, repetitions=4)
    return replace(manifest, workload=workload, **changes)  # type: ignore[arg-type]  # by name


def a_run(
    *requests: RequestRecord, blocks: tuple[BlockRecord, ...] = (), **manifest: object
) -> Run:
    return Run(
        path=Path("runs/x"),
        manifest=the_manifest(**manifest),
        requests=requests,
        loads=(),
        samples=(),
        summaries=(),
        perf=None,
        blocks=blocks,
    )


def now(run: Run, *, monotonic_s: float, wall_s: float, boot_id: str | None = BOOT) -> Resume:
    return resume_now(
        ResumePoint(run, 1),
        at=BEGAN + timedelta(seconds=wall_s),
        at_text="2026-01-01T01:00:00.000Z",
        monotonic_ns=round(monotonic_s * S),
        boot_id=boot_id,
        command=("yoyak",),
    )


def test_the_first_block_without_an_end_is_begun_anew() -> None:
    run = a_run(
        a_request(index=0, repetition=0),
        a_request(index=1, repetition=1),
        blocks=(a_block(0),),
        options={"duration": Option(value=60.0, origin="flag")},
    )
    assert first_unfinished(run) == 1


def test_a_run_of_before_the_journal_of_blocks_is_judged_by_its_requests() -> None:
    whole = a_run(a_request(index=0, repetition=0), a_request(index=1, repetition=1))
    assert first_unfinished(whole) == 2
    assert first_unfinished(a_run()) == 0


def test_no_index_of_before_is_used_again() -> None:
    assert next_index(a_run()) == INDEX_STRIDE
    assert next_index(a_run(a_request(index=999_999))) == INDEX_STRIDE
    # Killed again before its first request had ended: what was in flight has no record.
    assert next_index(a_run(a_request(index=7), resumes=(a_resume(),))) == 2 * INDEX_STRIDE
    assert next_index(a_run(a_request(index=INDEX_STRIDE + 3))) == 2 * INDEX_STRIDE


def test_superseded_requests_count_as_used() -> None:
    run = replace(a_run(), superseded=(a_request(index=5 * INDEX_STRIDE),))
    assert next_index(run) == 6 * INDEX_STRIDE


def test_on_the_same_boot_the_clock_goes_on() -> None:
    resume = now(a_run(a_request()), monotonic_s=100, wall_s=500)
    assert (resume.clock, resume.origin_monotonic_ns) == ("monotonic", 1)
    assert resume.at_ns == 100 * S - 1


def test_after_a_boot_the_wall_clock_ties_the_parts() -> None:
    resume = now(a_run(a_request()), monotonic_s=20, wall_s=500, boot_id="boot-2")
    assert resume.clock == "wall"
    assert resume.at_ns == 500 * S
    assert resume.origin_monotonic_ns == (20 - 500) * S


def test_a_wall_clock_that_was_set_back_never_leads_into_the_past() -> None:
    run = a_run(a_request(done_ns=900 * S))
    resume = now(run, monotonic_s=20, wall_s=500, boot_id="boot-2")
    assert resume.at_ns == 901 * S


def test_a_monotonic_clock_that_lies_before_the_records_is_another_one() -> None:
    run = a_run(a_request(done_ns=900 * S))
    assert now(run, monotonic_s=20, wall_s=1000).clock == "wall"


def test_a_second_resume_goes_on_with_the_clock_of_the_first() -> None:
    run = a_run(resumes=(a_resume(origin_monotonic_ns=-480 * S, boot_id="boot-2"),))
    same = now(run, monotonic_s=4000, wall_s=9000, boot_id="boot-2")
    assert (same.clock, same.origin_monotonic_ns) == ("monotonic", -480 * S)
    assert now(run, monotonic_s=4000, wall_s=9000, boot_id=BOOT).clock == "wall"


def test_an_unknown_boot_is_another_one() -> None:
    assert now(a_run(), monotonic_s=20, wall_s=500, boot_id=None).clock == "wall"


def test_the_last_stamp_is_that_of_any_record() -> None:
    assert last_stamp_ns(a_run()) == 0
    assert last_stamp_ns(a_run(blocks=(a_block(0),))) == 2 * S
    assert last_stamp_ns(replace(a_run(), superseded=(a_request(done_ns=7 * S),))) == 7 * S


@pytest.mark.parametrize(
    ("repetition", "at_s", "superseded"),
    [(0, 10, False), (1, 10, True), (2, 10, True), (1, 3600, False), (2, 4000, False)],
)
def test_what_came_before_of_the_blocks_that_were_begun_anew_does_not_count(
    repetition: int, at_s: int, superseded: bool
) -> None:
    assert is_superseded(repetition, at_s * S, (a_resume(),)) is superseded


def test_a_block_may_be_cut_off_twice() -> None:
    resumes = (a_resume(), a_resume(at_ns=7200 * S, repetition=1))
    assert is_superseded(1, 5000 * S, resumes)
    assert not is_superseded(0, 5000 * S, resumes)
    assert not is_superseded(1, 8000 * S, resumes)


def recorded_options(**flags: str) -> dict[str, Option]:
    resolved = resolve(flags, environ={})
    return {
        name: Option(
            value=str(value) if isinstance(value, Path) else value, origin=resolved.origins[name]
        )
        for name in resolved.origins
        for value in [getattr(resolved.config, name)]
    }


def test_a_resumed_run_has_the_options_that_it_began_with() -> None:
    options = recorded_options(seed="3", articles="2", rate="0.5", arrivals="constant")
    point = ResumePoint(a_run(options=options), 1)
    config = resumed_config(point, resolve({}, environ={})).config
    assert replace(config, cache=RunConfig().cache) == RunConfig(
        seed=3, articles=2, rate=0.5, arrivals="constant"
    )


def test_the_same_option_may_be_given_again_and_things_may_have_moved() -> None:
    point = ResumePoint(a_run(options=recorded_options(seed="3", dataset="here")), 1)
    given = resolve({"seed": "3", "dataset": "there", "url": "http://other:1"}, environ={})
    resolved = resumed_config(point, given)
    assert resolved.config.dataset == Path("there")
    assert resolved.config.url == "http://other:1"
    assert resolved.origins["dataset"] == "flag"


def test_another_option_is_refused_by_its_name() -> None:
    point = ResumePoint(a_run(options=recorded_options(seed="3")), 1)
    with pytest.raises(UsageError, match="began with --seed 3, and 4 is given now") as caught:
        resumed_config(point, resolve({"seed": "4"}, environ={}))
    assert "\n" not in str(caught.value)


def test_threads_by_rule_stay_by_rule() -> None:
    options = {**recorded_options(), "threads": Option(value=2, origin="default")}
    config = resumed_config(ResumePoint(a_run(options=options), 1), resolve({}, environ={})).config
    assert config.threads is None


def test_the_same_run_is_gone_on_with() -> None:
    run = a_run()
    other_process = replace(run.manifest.engine, pid=7, boot_id="boot-2", url="http://other:1")
    refuse_another(
        ResumePoint(run, 1),
        replace(
            run.manifest,
            run_id="another",
            engine=other_process,
            host={**run.manifest.host, "boot_id": "boot-2", "hostname": "renamed"},
        ),
    )


def test_other_work_is_refused() -> None:
    run = a_run()
    workload = replace(run.manifest.workload, dataset_sha256="2" * 64)
    with pytest.raises(UsageError, match=r"began with dataset sha256 000.*, now it is 222"):
        refuse_another(ResumePoint(run, 1), replace(run.manifest, workload=workload))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("engine", "the engine's version unknown, now it is b2"),
        ("model", "the engine's model weights sha256 unknown, now it is abc"),
        ("host", "the host's physical cores 2, now it is 4"),
        ("pages", "the host's huge pages unknown, now it is always"),
        ("versions", "the yoyak 0.1.0, now it is 9.9"),
    ],
)
def test_another_engine_host_or_version_is_refused(change: str, message: str) -> None:
    run = a_run()
    engine = run.manifest.engine
    other = {
        "engine": replace(run.manifest, engine=replace(engine, version="b2")),
        "model": replace(
            run.manifest, engine=replace(engine, model=replace(engine.model, weights_sha256="abc"))
        ),
        "host": replace(run.manifest, host={**run.manifest.host, "physical_cores": 4}),
        "pages": replace(run.manifest, host={**run.manifest.host, "huge_pages": "always"}),
        "versions": replace(run.manifest, versions={"yoyak": "9.9"}),
    }[change]
    with pytest.raises(HostError) as caught:
        refuse_another(ResumePoint(run, 1), other)
    assert message in str(caught.value)
    assert RUN_ID not in str(caught.value)
