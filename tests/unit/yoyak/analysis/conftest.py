"""A run whose every duration is known: the tests change one thing and look at one number."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from yoyak.analysis.perf import build_perf
from yoyak.analysis.rates import of_values
from yoyak.records import (
    CpuTimes,
    EngineFacts,
    EngineSample,
    HostSample,
    LoadRecord,
    Manifest,
    ModelFacts,
    Option,
    Perf,
    RequestRecord,
    Workload,
)
from yoyak.records.sample import ClientSample

S = 1_000_000_000

WORKLOAD = Workload(
    dataset_sha256="d" * 64,
    article_ids=("a", "b"),
    template_sha256="t" * 64,
    output_tokens=11,
    output_length_forced=True,
    context_tokens=4096,
    batch_tokens=512,
    seed=1,
    temperature=0.0,
    concurrency=1,
    rate_per_s=None,
    arrivals="closed",
    repetitions=2,
    threads_rule="auto",
)
ENGINE = EngineFacts(
    name="llamacpp",
    version="b11549",
    backend="cpu",
    isa="CPU : AVX2 = 1 | AVX512 = 1",
    threads=2,
    context_tokens=4096,
    batch_tokens=512,
    cache_prompt=False,
    forces_output_length=True,
    model=ModelFacts(name="m", weights_sha256="w" * 64, quantization="Q4_0", synthetic=False),
)
MANIFEST = Manifest(
    schema_version=1,
    run_id="run-1",
    started_at="2026-11-23T00:00:00.000Z",
    origin_monotonic_ns=0,
    command=("yoyak", "run"),
    options={"threads": Option(value=2, origin="default")},
    workload=WORKLOAD,
    host={"instance_type": "r5.4xlarge", "instance_id": "i-1", "isa": ["avx2", "avx512f"]},
    engine=ENGINE,
    versions={},
    clock={},
)


def request(repetition: int, place: int, article: str, start_s: float) -> RequestRecord:
    """0.5 s of prompt (50 tokens, 100 characters), 1 s of decoding (11 tokens, 22 characters)."""
    start = round(start_s * S)
    return RequestRecord(
        request_id=f"run-1-{repetition}-{place}",
        article_id=article,
        repetition=repetition,
        is_warmup=False,
        scheduled_ns=start,
        sent_ns=start,
        chunk_ns=tuple(start + S // 2 + i * S // 10 for i in range(11)),
        done_ns=start + 2 * S,
        article_chars=60,
        prompt_chars=100,
        output_chars=22,
        prompt_tokens=50,
        cached_tokens=0,
        output_tokens=11,
        engine_load_s=None,
        prompt_eval_s=0.5,
        decode_s=1.0,
        engine_total_s=None,
        finish_reason="length",
        http_status=200,
        error=None,
        output="x" * 22,
    )


def run_of(repetitions: int, articles: tuple[str, ...]) -> tuple[RequestRecord, ...]:
    """Repetition r begins at 100 r seconds; its requests follow each other without a pause."""
    return tuple(
        request(r, i, article, 100 * r + 2 * i)
        for r in range(repetitions)
        for i, article in enumerate(articles)
    )


def sample(at_s: float, **changes: Any) -> HostSample:  # noqa: ANN401 - fields of any type
    """Two cores: the engine uses one and a half, the client a tenth, others nothing."""
    cpu = CpuTimes(
        user_s=1.61 * at_s,
        nice_s=0.0,
        system_s=0.0,
        idle_s=0.39 * at_s,
        iowait_s=0.0,
        irq_s=0.0,
        softirq_s=0.0,
        steal_s=0.0,
        guest_s=None,
        guest_nice_s=None,
    )
    whole = HostSample(
        at_ns=round(at_s * S),
        cpu=cpu,
        cpu_pressure_s=0.02 * at_s,
        memory_available_bytes=10**9,
        swap_used_bytes=0,
        cgroup_throttled_s=0.0,
        cgroup_throttled_periods=0,
        cgroup_periods=0,
        engine=EngineSample(
            pid=10,
            starttime_ticks=5,
            processes=1,
            threads=2,
            cpu_s=1.5 * at_s,
            rss_bytes=800,
            rss_peak_bytes=900,
            anon_bytes=500,
            file_bytes=300,
            pss_bytes=None,
        ),
        client=ClientSample(processes=1, cpu_s=0.1 * at_s, rss_bytes=70),
        sampler_cpu_s=0.01 * at_s,
    )
    return replace(whole, **changes)


@pytest.fixture
def manifest() -> Manifest:
    return MANIFEST


@pytest.fixture
def records() -> tuple[RequestRecord, ...]:
    """Two repetitions of two articles."""
    return run_of(2, ("a", "b"))


@pytest.fixture
def make_records() -> Callable[..., tuple[RequestRecord, ...]]:
    return run_of


@pytest.fixture
def make_sample() -> Callable[..., HostSample]:
    return sample


@pytest.fixture
def loads() -> tuple[LoadRecord, ...]:
    """3 s and 5 s of loading."""
    return tuple(
        LoadRecord(
            repetition=r,
            started_ns=0,
            done_ns=load * S,
            load_s=float(load),
            state="page_cache",
            cached_ratio=1.0,
        )
        for r, load in enumerate((3, 5))
    )


@pytest.fixture
def make_perf(
    records: tuple[RequestRecord, ...], loads: tuple[LoadRecord, ...]
) -> Callable[..., Perf]:
    """The results of the run above, with any of its parts replaced."""

    def make(
        manifest: Manifest = MANIFEST,
        requests: tuple[RequestRecord, ...] = records,
        load_records: tuple[LoadRecord, ...] = loads,
        samples: tuple[HostSample, ...] = (),
        **options: Any,  # noqa: ANN401 - what build_perf takes
    ) -> Perf:
        return build_perf(
            manifest,
            requests,
            load_records,
            samples,
            finished_at="2026-11-23T00:10:00.000Z",
            **options,
        )

    return make


@pytest.fixture
def change() -> Callable[..., tuple[RequestRecord, ...]]:
    """Replace fields of the records at some places; of all of them where no place is named."""

    def apply(
        records: tuple[RequestRecord, ...],
        *places: int,
        **fields: Any,  # noqa: ANN401 - fields of any type
    ) -> tuple[RequestRecord, ...]:
        chosen = places or range(len(records))
        return tuple(replace(r, **fields) if i in chosen else r for i, r in enumerate(records))

    return apply


NOISE = (0.99, 1.01, 1.0, 1.005, 0.995)  # five repetitions, 0.8 % apart


@pytest.fixture
def make_host(make_perf: Callable[..., Perf]) -> Callable[..., Perf]:
    """The results of one host of a study: rates of five repetitions around given means."""

    def make(
        kind: str,
        *,
        host: str = "i-1",
        decode: float = 10.0,
        prompt: float = 100.0,
        pace: float = 0.5,
        usd: float | None = None,
        zone: str | None = None,
    ) -> Perf:
        perf = make_perf()
        around = {
            "decode_tokens_per_s": decode,
            "prompt_tokens_per_s": prompt,
            "requests_per_s": pace,
            "output_chars_per_s": 2 * decode,
            "prompt_chars_per_s": 2 * prompt,
        }
        rates = {
            name: of_values([mean * factor for factor in NOISE], "engine")
            for name, mean in around.items()
        }
        return replace(
            perf,
            run_id=f"20261123T000000Z-{kind}-{host}",
            host={"instance_type": kind, "instance_id": host, "availability_zone": zone},
            rates=replace(perf.rates, **rates),
            totals=replace(perf.totals, requests=len(NOISE) * len(perf.workload.article_ids)),
            cost=replace(perf.cost, usd_per_hour=usd, price_source=None if usd is None else "user"),
        )

    return make
