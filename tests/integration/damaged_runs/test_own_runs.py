"""What yoyak itself makes of a run, however odd the run was, it also reads back."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.data_factories.benchmark_run import HostSpeed, a_run
from tests.data_factories.run_folder import write_run

from yoyak.records import RequestRecord
from yoyak.store.run_folder import Run, read_run

# What an engine may leave out of a record, or a request may turn out to be.
OMISSIONS = ("prompt_tokens", "cached_tokens", "output_tokens", "prompt_eval_s", "decode_s")


def odd(record: RequestRecord, chance: random.Random) -> RequestRecord:
    """The record as a lesser engine, a short answer or a failure would have left it."""
    kind = chance.randrange(6)
    if kind == 0:
        return replace(record, **{name: None for name in OMISSIONS if chance.random() < 0.5})  # type: ignore[arg-type]  # fields by name
    if kind == 1:  # an empty answer
        return replace(record, chunk_ns=(), output="", output_chars=0, output_tokens=0)
    if kind == 2:  # a server that does not stream
        return replace(record, chunk_ns=record.chunk_ns[-1:])
    if kind == 3:  # it broke in mid-stream
        half = len(record.chunk_ns) // 2
        return replace(record, chunk_ns=record.chunk_ns[:half], error="reset", http_status=None)
    if kind == 4:  # an engine with a clock of its own
        total_s = (record.prompt_eval_s or 0) + (record.decode_s or 0)
        return replace(record, engine_total_s=total_s, engine_load_s=1e-5, cached_tokens=3)
    return record


def in_open_loop(run: Run, late_ns: int) -> Run:
    workload = replace(run.manifest.workload, arrivals="poisson", rate_per_s=2.0, concurrency=None)
    return replace(
        run,
        manifest=replace(run.manifest, workload=workload),
        requests=tuple(
            replace(r, scheduled_ns=max(0, r.scheduled_ns - late_ns)) for r in run.requests
        ),
    )


@settings(
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(0, 10**6),
    articles=st.integers(1, 5),
    repetitions=st.integers(1, 4),
    output_tokens=st.integers(1, 12),
    has_odd_requests=st.booleans(),
    late_ns=st.one_of(st.none(), st.integers(0, 10**10)),
    done=st.floats(0, 1),
    samples_per_s=st.sampled_from((0.0, 0.5, 3.0)),
    gpus=st.integers(0, 2),
)
@example(  # prompt_chars 1551.5, stored as 1552
    seed=173,
    articles=2,
    repetitions=3,
    output_tokens=2,
    has_odd_requests=True,
    late_ns=None,
    done=0.75,
    samples_per_s=0.0,
    gpus=0,
)
def test_what_is_made_is_read_back(
    seed: int,
    articles: int,
    repetitions: int,
    output_tokens: int,
    has_odd_requests: bool,
    late_ns: int | None,
    done: float,
    samples_per_s: float,
    gpus: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    chance = random.Random(seed)
    run = a_run(
        seed=seed,
        articles=articles,
        repetitions=repetitions,
        output_tokens=output_tokens,
        samples_per_s=samples_per_s,
        speed=HostSpeed(gpus=gpus),
    )
    run = run if late_ns is None else in_open_loop(run, late_ns)
    requests = run.requests[: round(done * len(run.requests))]
    if has_odd_requests:
        requests = tuple(odd(record, chance) for record in requests)
    path: Path = tmp_path_factory.mktemp("own") / "run"
    write_run(replace(run, requests=requests), path)
    found = read_run(path)
    assert found.requests == requests
    assert found.perf is not None
