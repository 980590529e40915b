from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from yoyak.analysis.findings import CHECKS
from yoyak.analysis.findings.host import uses_avx512
from yoyak.records import (
    Finding,
    GpuSample,
    HostSample,
    LoadRecord,
    Manifest,
    Option,
    Perf,
    RequestRecord,
)
from yoyak.units import GIB, MIB

MakePerf = Callable[..., Perf]
MakeSample = Callable[..., HostSample]
MakeRecords = Callable[..., tuple[RequestRecord, ...]]
Change = Callable[..., tuple[RequestRecord, ...]]


def found(perf: Perf) -> Mapping[str, Finding]:
    return {finding.code: finding for finding in perf.findings}


def test_a_clean_run_of_enough_repetitions_has_only_the_note_on_percentiles(
    make_perf: MakePerf,
    make_records: MakeRecords,
    make_sample: MakeSample,
    manifest: Manifest,
    loads: tuple[LoadRecord, ...],
) -> None:
    perf = make_perf(
        manifest=replace(manifest, workload=replace(manifest.workload, repetitions=5)),
        requests=make_records(5, ("a", "b")),
        load_records=tuple(replace(loads[0], repetition=r) for r in range(5)),
        samples=tuple(make_sample(100 * r + t / 10) for r in range(5) for t in range(1, 40)),
    )
    assert [f.code for f in perf.findings] == ["too-few-samples"]


def test_a_run_without_samples_says_what_is_unknown_of_it(make_perf: MakePerf) -> None:
    assert found(make_perf())["host-not-sampled"].severity == "info"


def test_a_stretch_without_samples_is_told_with_its_length(
    make_perf: MakePerf, make_sample: MakeSample
) -> None:
    # Repetitions take 4 s from 0 and from 100; the sampler ended 1.5 s after the first began.
    finding = found(make_perf(samples=tuple(make_sample(t / 10) for t in range(16))))[
        "samples-missing"
    ]
    assert "6.5 s of 8.0 s" in finding.message
    assert finding.severity == "warning"


def test_an_engine_cannot_have_worked_longer_than_its_request_lasted(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    # Milliseconds taken for seconds: a request of 2 s that claims 1,000 s of decoding.
    finding = found(make_perf(requests=change(records, 1, decode_s=1000.0)))["clocks-disagree"]
    assert finding.severity == "invalid"
    assert "in 1 of 4 requests" in finding.message


def test_an_engine_that_rounds_its_times_up_is_believed(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    assert "clocks-disagree" not in found(make_perf(requests=change(records, 1, decode_s=1.54)))


def in_open_loop(
    manifest: Manifest, records: tuple[RequestRecord, ...], *, apart_s: float
) -> tuple[Manifest, tuple[RequestRecord, ...]]:
    """Requests of 2 s each, one after the other, that were due `apart_s` from each other."""
    work = replace(manifest.workload, arrivals="constant", rate_per_s=1 / apart_s, concurrency=None)
    due = [
        replace(r, scheduled_ns=r.repetition * 100 * 10**9 + round(i % 10 * apart_s * 10**9))
        for i, r in enumerate(records)
    ]
    return replace(manifest, workload=replace(work, article_ids=tuple("abcdefghij"))), tuple(due)


def test_an_engine_that_cannot_keep_up_is_overloaded(
    make_perf: MakePerf, make_records: MakeRecords, manifest: Manifest
) -> None:
    # 10 requests a second apart that take 2 s each: at 9 s, when the last is due, 4 are finished.
    loaded, due = in_open_loop(manifest, make_records(2, tuple("abcdefghij")), apart_s=1.0)
    finding = found(make_perf(manifest=loaded, requests=due))["overloaded"]
    assert "at 1 a second and were finished at 0.5: 5 of 10" in finding.message


def test_an_engine_that_keeps_up_is_not(
    make_perf: MakePerf, make_records: MakeRecords, manifest: Manifest
) -> None:
    loaded, due = in_open_loop(manifest, make_records(2, tuple("abcdefghij")), apart_s=2.0)
    assert "overloaded" not in found(make_perf(manifest=loaded, requests=due))


def test_every_finding_has_a_stable_name_and_says_something(make_perf: MakePerf) -> None:
    for finding in make_perf().findings:
        assert finding.code == finding.code.lower().replace(" ", "-")
        assert finding.message


def test_every_check_has_a_docstring() -> None:
    assert all(check.__doc__ for check in CHECKS)


def test_answers_of_unlike_length_make_totals_invalid(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    finding = found(make_perf(requests=change(records, 0, output_tokens=8)))[
        "output-lengths-differ"
    ]
    assert finding.severity == "invalid"
    assert "19 to 22 tokens" in finding.message


def test_a_hairs_difference_in_length_is_no_finding(
    make_perf: MakePerf, records: tuple[RequestRecord, ...], change: Change
) -> None:
    long = change(records, output_tokens=100)
    perf = make_perf(requests=change(long, 0, output_tokens=99))
    assert "output-lengths-differ" not in found(perf)


def test_short_answers_are_told_apart_by_whether_length_was_forced(
    make_perf: MakePerf, manifest: Manifest, records: tuple[RequestRecord, ...], change: Change
) -> None:
    short = change(records, 0, output_tokens=5, finish_reason="stop")
    assert found(make_perf(requests=short))["short-answers"].severity == "invalid"
    free = replace(manifest, workload=replace(manifest.workload, output_length_forced=False))
    assert found(make_perf(manifest=free, requests=short))["short-answers"].severity == "warning"


def test_an_unstated_cache_is_a_doubt_unless_the_engine_has_none(
    make_perf: MakePerf, manifest: Manifest, records: tuple[RequestRecord, ...], change: Change
) -> None:
    silent = change(records, cached_tokens=None)
    assert "cached-unknown" not in found(make_perf(requests=silent))
    caching = replace(manifest, engine=replace(manifest.engine, cache_prompt=True))
    assert "cached-unknown" in found(make_perf(manifest=caching, requests=silent))


def test_one_repetition_cannot_be_compared(
    make_perf: MakePerf, records: tuple[RequestRecord, ...]
) -> None:
    finding = found(make_perf(requests=records[:2]))["too-few-repetitions"]
    assert finding.severity == "warning"
    assert found(make_perf())["too-few-repetitions"].severity == "info"


def test_a_host_that_slows_down_within_repetitions_drifts(
    make_perf: MakePerf, make_records: MakeRecords
) -> None:
    records = make_records(5, tuple("abcdefgh"))
    noise = (0.0, 0.002, -0.002, 0.001, -0.001)
    slowing = tuple(
        replace(r, decode_s=1.0 + 0.02 * (i % 8) + noise[r.repetition])
        for i, r in enumerate(records)
    )
    # Each article keeps its place, so its mean takes the drift along; shuffled orders do not.
    shuffled = tuple(
        replace(r, article_id="abcdefgh"[(i + 3 * r.repetition) % 8]) for i, r in enumerate(slowing)
    )
    assert "second half" in found(make_perf(requests=shuffled))["drift"].message
    assert "drift" not in found(make_perf(requests=records))


def test_a_host_that_slows_down_over_the_run_drifts(
    make_perf: MakePerf, make_records: MakeRecords
) -> None:
    hot = tuple(replace(r, decode_s=1.0 + 0.05 * r.repetition) for r in make_records(5, ("a", "b")))
    message = found(make_perf(requests=hot))["drift"].message
    assert (
        "+20.0 % from the first to the last repetition" in message
    )  # slope of the logs 0.04556, times 4


def test_a_request_that_stands_apart_is_named(
    make_perf: MakePerf, make_records: MakeRecords
) -> None:
    records = list(make_records(5, ("a", "b")))
    records[5] = replace(records[5], decode_s=2.0)
    assert records[5].request_id in found(make_perf(requests=tuple(records)))["outliers"].message


def test_synthetic_weights_are_said_to_be_unproven(make_perf: MakePerf, manifest: Manifest) -> None:
    model = replace(manifest.engine.model, synthetic=True)
    perf = make_perf(manifest=replace(manifest, engine=replace(manifest.engine, model=model)))
    finding = found(perf)["synthetic-weights"]
    assert finding.severity == "info"
    assert "noise" in finding.message
    assert "not proven" in finding.message


def test_an_unknown_load_state_is_said(make_perf: MakePerf, loads: tuple[LoadRecord, ...]) -> None:
    unknown = tuple(replace(load, state=None) for load in loads)
    assert "load-state-unknown" in found(make_perf(load_records=unknown))


def test_options_that_the_engine_changed_are_invalid_and_silent_ones_a_note(
    make_perf: MakePerf, manifest: Manifest
) -> None:
    other = replace(manifest, engine=replace(manifest.engine, context_tokens=2048))
    assert found(make_perf(manifest=other))["options-not-followed"].severity == "invalid"
    slots = {**manifest.options, "slots": Option(value=8, origin="flag")}
    fewer = replace(manifest, options=slots, engine=replace(manifest.engine, parallel=2))
    assert "slots 8 -> 2" in found(make_perf(manifest=fewer))["options-not-followed"].message
    silent = replace(manifest, engine=replace(manifest.engine, batch_tokens=None))
    assert "batch" in found(make_perf(manifest=silent))["options-unconfirmed"].message


@pytest.mark.parametrize(
    ("line", "uses"),
    [
        ("CPU : SSE3 = 1 | AVX2 = 1 | AVX512 = 1", True),
        ("CPU : SSE3 = 1 | AVX2 = 1 | AVX512 = 0 | AVX512_VBMI = 0", False),
        ("CPU : AVX2 = 1", False),
        ("AVX512_VNNI = 1", True),
    ],
)
def test_llama_cpps_line_says_whether_avx512_is_used(line: str, uses: bool) -> None:
    assert uses_avx512(line) is uses


def test_an_avx512_host_with_an_avx2_engine_is_no_fair_judge(
    make_perf: MakePerf, manifest: Manifest
) -> None:
    plain = replace(manifest, engine=replace(manifest.engine, isa="CPU : AVX2 = 1"))
    assert "avx512-unused" in found(make_perf(manifest=plain))
    without = replace(plain, host={**plain.host, "isa": ["avx2"]})
    assert "avx512-unused" not in found(make_perf(manifest=without))


@pytest.mark.parametrize(
    ("own", "huge", "engine", "is_told"),
    [
        (4 * GIB, 4 * GIB // 10, {}, True),
        (4 * GIB, 4 * GIB // 10, {"backend": None}, True),
        (4 * GIB, 3 * GIB, {}, False),
        (4 * GIB, None, {}, False),
        (4 * GIB, 0, {"backend": "cuda"}, False),
        (4 * GIB, 0, {"loads_with_mmap": True}, False),
        (50 * MIB, 0, {}, False),  # so little of it is the engine's own
    ],
)
def test_weights_in_small_pages_are_told(
    make_perf: MakePerf,
    manifest: Manifest,
    make_sample: MakeSample,
    own: int,
    huge: int | None,
    engine: Mapping[str, Any],
    is_told: bool,
) -> None:
    def on_pages(sample: HostSample) -> HostSample:
        assert sample.engine is not None
        return replace(sample, engine=replace(sample.engine, anon_bytes=own, huge_page_bytes=huge))

    told = found(
        make_perf(
            samples=tuple(on_pages(make_sample(t / 10)) for t in range(40)),
            manifest=replace(manifest, engine=replace(manifest.engine, **engine)),
        )
    )
    assert ("small-pages" in told) is is_told
    if is_told:
        assert told["small-pages"].message.startswith("10 % of the engine's 4.0 GiB")


@pytest.mark.parametrize(
    ("told", "severity", "said"),
    [
        ({"pid_unknown": "elsewhere"}, "info", "does not run on this host"),
        ({"pid_unknown": "hidden"}, "warning", "not shown to us"),
        ({"pid_unknown": "several"}, "warning", "more than one process"),
        ({"pid": 7, "boot_id": "ours"}, "warning", "not shown to us"),
        ({"pid": 7, "boot_id": "another"}, "info", "does not run on this host"),
    ],
)
def test_an_engine_whose_process_could_not_be_read_says_why(
    make_perf: MakePerf,
    make_sample: MakeSample,
    manifest: Manifest,
    told: dict[str, Any],
    severity: str,
    said: str,
) -> None:
    samples = tuple(make_sample(t / 10, engine=None) for t in range(40))
    unseen = replace(
        manifest,
        host={**manifest.host, "boot_id": "ours"},
        engine=replace(manifest.engine, url="http://ollama:11434", **told),
    )
    finding = found(make_perf(manifest=unseen, samples=samples))["engine-unobserved"]
    assert finding.severity == severity
    assert said in finding.message
    assert "http://ollama:11434" in finding.message
    seen = tuple(make_sample(t / 10) for t in range(40))
    assert "engine-unobserved" not in found(make_perf(manifest=unseen, samples=seen))
    assert "engine-unobserved" not in found(make_perf(manifest=manifest, samples=samples))


def test_credits_are_a_warning_for_burstable_types(make_perf: MakePerf, manifest: Manifest) -> None:
    burstable = replace(manifest, host={"instance_type": "t3.2xlarge"})
    assert "burstable-instance" in found(make_perf(manifest=burstable))


def samples_with(make_sample: MakeSample, change: Callable[[HostSample], HostSample]) -> object:
    return tuple(change(make_sample(t / 10)) for t in range(1, 40))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (
            "foreign-cpu",
            lambda s: replace(
                s,
                cpu=replace(
                    s.cpu,
                    user_s=s.cpu.user_s + s.at_ns / 1e10,
                    idle_s=s.cpu.idle_s - s.at_ns / 1e10,
                ),
            ),
        ),
        ("steal", lambda s: replace(s, cpu=replace(s.cpu, steal_s=s.at_ns / 1e9 * 0.05))),
        ("throttled", lambda s: replace(s, cgroup_throttled_s=s.at_ns / 1e10)),
        ("cpu-pressure", lambda s: replace(s, cpu_pressure_s=s.at_ns / 1e9 * 0.3)),
        (
            "client-saturated",
            lambda s: replace(s, client=replace(s.client, cpu_s=s.at_ns / 1e9 * 0.9)),
        ),
        (
            "engine-restarted",
            lambda s: replace(s, engine=replace(s.engine, pid=10 if s.at_ns < 2e9 else 11)),
        ),
        (
            "gpu-idle",
            lambda s: replace(
                s,
                gpus=(
                    GpuSample(
                        index=0,
                        uuid="GPU-1",
                        parent_uuid=None,
                        name="A10G",
                        utilization_ratio=0.0,
                        memory_used_bytes=1,
                        memory_total_bytes=2,
                        power_w=60.0,
                        energy_j=None,
                        temperature_c=30.0,
                        sm_clock_hz=None,
                        throttle_reasons=None,
                        engine_memory_bytes=None,
                    ),
                ),
            ),
        ),
    ],
)
def test_what_disturbs_the_host_is_found(
    make_perf: MakePerf,
    make_sample: MakeSample,
    code: str,
    change: Callable[[HostSample], HostSample],
) -> None:
    quiet = make_perf(samples=tuple(make_sample(t / 10) for t in range(1, 40)))
    assert code not in found(quiet)
    disturbed = make_perf(samples=samples_with(make_sample, change))
    assert code in found(disturbed)
