from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from yoyak.analysis.compare import compare
from yoyak.analysis.comparison import Comparison, GateItem
from yoyak.analysis.gate import CONDITIONS
from yoyak.errors import MeasuredFailure, UsageError
from yoyak.records import GpuResources, Perf

MakeHost = Callable[..., Perf]


def items(comparison: Comparison) -> Mapping[str, GateItem]:
    return {item.code: item for item in comparison.gate}


@pytest.fixture
def pair(make_host: MakeHost) -> tuple[Perf, Perf]:
    return make_host("r5.4xlarge"), make_host("r5.8xlarge", decode=20.0)


def with_work(perf: Perf, **changes: Any) -> Perf:  # noqa: ANN401 - fields of any type
    return replace(perf, workload=replace(perf.workload, **changes))


def with_model(perf: Perf, **changes: Any) -> Perf:  # noqa: ANN401 - fields of any type
    model = replace(perf.model, **changes)
    return replace(perf, model=model, engine=replace(perf.engine, model=model))


def test_runs_of_the_same_work_pass_every_condition(pair: tuple[Perf, Perf]) -> None:
    comparison = compare(pair)
    assert {item.status for item in comparison.gate} == {"same"}
    assert comparison.verdict_possible
    assert comparison.verdicts


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("dataset", {"dataset_sha256": "e" * 64}),
        ("articles", {"article_ids": ("a", "c")}),
        ("template", {"template_sha256": "u" * 64}),
        ("output-tokens", {"output_tokens": 12}),
        ("output-forced", {"output_length_forced": False}),
        ("context", {"context_tokens": 8192}),
        ("batch", {"batch_tokens": 256}),
        ("seed", {"seed": 2}),
        ("temperature", {"temperature": 0.5}),
        ("load", {"concurrency": 4}),
        ("threads", {"threads_rule": "8"}),
    ],
)
def test_other_work_is_refused_with_reason_and_way_out(
    pair: tuple[Perf, Perf], code: str, changes: dict[str, object]
) -> None:
    other = with_work(pair[1], **changes)
    with pytest.raises(MeasuredFailure, match="did not do the same work") as refusal:
        compare([pair[0], other])
    assert f"--allow {code}" in str(refusal.value)
    assert "r5.8xlarge" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert refusal.value.exit_code == 1


def test_what_is_allowed_is_compared_and_said(pair: tuple[Perf, Perf]) -> None:
    other = with_work(pair[1], context_tokens=8192)
    comparison = compare([pair[0], other], allow=["context"])
    assert items(comparison)["context"].allowed
    assert comparison.verdicts
    assert "gate-allowed" in {finding.code for finding in comparison.findings}


def test_an_unknown_condition_leaves_tables_and_no_verdict(pair: tuple[Perf, Perf]) -> None:
    comparison = compare([pair[0], with_work(pair[1], dataset_sha256=None)])
    assert items(comparison)["dataset"].status == "unknown"
    assert not comparison.verdict_possible
    assert comparison.verdicts == ()
    assert comparison.tables
    assert {c.outcome for m in comparison.metrics for c in m.contrasts} == {"unknown"}
    assert all(metric.ranking == () for metric in comparison.metrics)
    assert "gate-unknown" in {finding.code for finding in comparison.findings}
    assert "Dataset" in comparison.cannot_say[0]


def test_an_unknown_condition_can_be_accepted(pair: tuple[Perf, Perf]) -> None:
    comparison = compare([pair[0], with_work(pair[1], dataset_sha256=None)], allow=["dataset"])
    assert comparison.verdicts


def test_known_values_that_differ_beat_an_unknown_third(
    pair: tuple[Perf, Perf], make_host: MakeHost
) -> None:
    third = with_work(make_host("m5.4xlarge"), seed=None)
    with pytest.raises(MeasuredFailure, match="--allow seed"):
        compare([pair[0], with_work(pair[1], seed=2), third])


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("engine", lambda p: replace(p, engine=replace(p.engine, version="b2"))),
        ("via", lambda p: replace(p, engine=replace(p.engine, via="summarizer"))),
        ("weights", lambda p: with_model(p, weights_sha256="v" * 64)),
        ("quantization", lambda p: with_model(p, quantization="Q8_0")),
        ("load-state", lambda p: replace(p, model_load=replace(p.model_load, state="disk"))),
        (
            "rate-source",
            lambda p: replace(
                p,
                rates=replace(
                    p.rates,
                    decode_tokens_per_s=replace(p.rates.decode_tokens_per_s, source="client"),
                ),
            ),
        ),
    ],
)
def test_another_engine_model_or_clock_is_refused(
    pair: tuple[Perf, Perf], code: str, change: Callable[[Perf], Perf]
) -> None:
    with pytest.raises(MeasuredFailure, match=f"--allow {code}"):
        compare([pair[0], change(pair[1])])


def with_slots(perf: Perf, parallel: int | None, arrivals: str | None) -> Perf:
    engine = replace(perf.engine, parallel=parallel)
    return with_work(replace(perf, engine=engine), arrivals=arrivals)


def test_in_open_loop_other_slots_are_refused(pair: tuple[Perf, Perf]) -> None:
    with pytest.raises(MeasuredFailure, match="--allow slots"):
        compare([with_slots(pair[0], 1, "poisson"), with_slots(pair[1], 4, "poisson")])


@pytest.mark.parametrize(
    ("arrivals", "slots", "status"),
    [
        ("closed", (1, 4), "same"),
        ("poisson", (4, 4), "same"),
        ("poisson", (None, None), "same"),
        (None, (None, None), "unknown"),
    ],
)
def test_slots_are_a_condition_where_they_decide(
    pair: tuple[Perf, Perf], arrivals: str | None, slots: tuple[int | None, ...], status: str
) -> None:
    runs = [with_slots(perf, n, arrivals) for perf, n in zip(pair, slots, strict=True)]
    assert items(compare(runs, allow=["slots", "load"]))["slots"].status == status


def test_a_refusal_is_one_line_whatever_the_files_hold(pair: tuple[Perf, Perf]) -> None:
    odd = with_work(pair[1], threads_rule="auto\nerror: all is well")
    with pytest.raises(MeasuredFailure, match="--allow threads") as caught:
        compare([pair[0], odd])
    assert str(caught.value).isprintable()


def test_a_quantization_is_the_same_in_any_case(pair: tuple[Perf, Perf]) -> None:
    lower = with_model(pair[1], quantization="q4_0")
    assert items(compare([pair[0], lower]))["quantization"].status == "same"


def test_manifest_digests_stand_in_where_no_run_has_the_weights_digest(
    pair: tuple[Perf, Perf],
) -> None:
    ollama = [with_model(p, weights_sha256=None, manifest_digest="m" * 64) for p in pair]
    assert items(compare(ollama))["weights"].status == "same"


def test_digests_of_two_kinds_cannot_be_compared(pair: tuple[Perf, Perf]) -> None:
    ollama = with_model(pair[1], weights_sha256=None, manifest_digest="m" * 64)
    assert items(compare([pair[0], ollama]))["weights"].status == "unknown"


def test_runs_without_loads_of_their_own_are_alike(pair: tuple[Perf, Perf]) -> None:
    warm = [
        replace(p, model_load=replace(p.model_load, state=None, n=0, values_s=())) for p in pair
    ]
    assert items(compare(warm))["load-state"].status == "same"


def test_hosts_may_have_other_builds_and_instruction_sets_which_is_a_finding(
    pair: tuple[Perf, Perf],
) -> None:
    other = replace(pair[1], engine=replace(pair[1].engine, isa="CPU : NEON = 1", backend="cuda"))
    codes = {finding.code for finding in compare([pair[0], other]).findings}
    assert {"isa-differs", "backend-differs"} <= codes


def test_pages_of_two_kinds_are_a_finding_where_cpus_work_on_them(
    pair: tuple[Perf, Perf],
) -> None:
    def on_pages(perf: Perf, huge_bytes: int | None, own_bytes: int = 10**9) -> Perf:
        used = replace(
            perf.resources,
            engine_rss_anon_bytes=own_bytes,
            engine_huge_page_bytes=huge_bytes,
        )
        return replace(perf, resources=used)

    def codes(*perfs: Perf) -> set[str]:
        return {finding.code for finding in compare(perfs).findings}

    huge, small = on_pages(pair[0], 9 * 10**8), on_pages(pair[1], 10**6)
    assert "pages-differ" in codes(huge, small)
    assert "pages-differ" not in codes(huge, on_pages(pair[1], 8 * 10**8))
    assert "pages-differ" not in codes(huge, on_pages(pair[1], None))
    assert "pages-differ" not in codes(huge, on_pages(pair[1], 0, own_bytes=10**7))
    on_gpu = replace(small, engine=replace(small.engine, backend="cuda"))
    assert "pages-differ" not in codes(huge, on_gpu)
    gpu = GpuResources(
        name="L4",
        uuid=None,
        utilization_mean_ratio=None,
        memory_peak_bytes=None,
        power_mean_w=None,
        energy_j=None,
        temperature_max_c=None,
    )
    perhaps = replace(
        small,
        engine=replace(small.engine, backend=None),
        resources=replace(small.resources, gpus=(gpu,)),
    )
    assert "pages-differ" not in codes(huge, perhaps)


def test_a_run_from_before_engines_were_placed_is_told_beside_one_of_after(
    pair: tuple[Perf, Perf],
) -> None:
    placed = [replace(p, engine=replace(p.engine, asks_huge_pages=True)) for p in pair]
    [told] = [f for f in compare([placed[0], pair[1]]).findings if f.code == "placement-differs"]
    assert (told.severity, "yes: " in told.message, "unknown: " in told.message) == (
        "warning", True, True,
    )  # fmt: skip
    on_gpus = [replace(p, engine=replace(p.engine, backend="cuda")) for p in (placed[0], pair[1])]
    for alike in (placed, pair, on_gpus):
        assert "placement-differs" not in {f.code for f in compare(alike).findings}


def test_an_unknown_code_is_refused_with_those_there_are(pair: tuple[Perf, Perf]) -> None:
    with pytest.raises(UsageError, match="--allow everything") as refusal:
        compare(pair, allow=["everything"])
    assert all(code in str(refusal.value) for code in CONDITIONS)
