"""A whole run made from a seed: records as a host of a given speed would leave them.

The speeds are the inputs, so a test knows what the records must say; noise is log-normal, 2 %
between repetitions and 4 % between requests.
"""

import random
from dataclasses import dataclass, replace
from pathlib import Path

from yoyak.analysis.compare import compare
from yoyak.analysis.comparison import Comparison, Language
from yoyak.analysis.perf import build_perf
from yoyak.records import (
    ArticleRef,
    ClientSample,
    CpuTimes,
    EngineFacts,
    EngineSample,
    GpuSample,
    HostSample,
    LoadRecord,
    Manifest,
    ModelFacts,
    Option,
    Perf,
    RequestRecord,
    Summary,
    Workload,
)
from yoyak.store.run_folder import Run, read_perf
from yoyak.units import GIB, MIB, NS_PER_S

TITLES = (
    "한빛나루증권, 3분기 순이익 1,240억원",
    "가온누리전자, 청주에 새 연구소 연다",
    "푸른고래해운, 부산항에 친환경 선박 띄운다",
    "별빛마루제과, 쌀과자로 동남아 시장 두드린다",
    "Narae Robotics opens a plant in Gunsan",
    "도담솔바이오, 임상 2상 환자 모집 마쳐",
    "새터물류, 새벽 배송 지역 넓힌다",
    "온새미로에너지, 해상풍력 단지 착공",
)
SUMMARY_TEXT = (
    "한빛나루증권이 3분기에 순이익 1,240억원을 냈다고 밝혔다. 거래가 늘어난 덕분이다. " * 4
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpeed:
    """How fast the imagined host is, and what it has."""

    instance_type: str | None = "m5.16xlarge"
    prompt_tokens_per_s: float = 310.0
    decode_tokens_per_s: float = 24.0
    load_s: float = 2.1
    overhead_s: float = 0.004
    logical_cpus: int = 64
    gpus: int = 0


def a_run(
    *,
    articles: int = 8,
    repetitions: int = 5,
    warmup: int = 1,
    output_tokens: int = 60,
    seed: int = 1,
    speed: HostSpeed | None = None,
    failures: int = 0,
    synthetic: bool = True,
    title: str | None = None,
    samples_per_s: float = 10.0,
) -> Run:
    """A finished run without its results; `title` replaces the first article's title."""
    host = speed or HostSpeed()
    chance = random.Random(seed)
    run_id = f"20261123T054400Z-{host.instance_type or 'host'}-1f3c"
    refs = _articles(articles, chance, title)
    requests: list[RequestRecord] = []
    loads: list[LoadRecord] = []
    now = NS_PER_S // 2
    for repetition in range(repetitions):
        drift = chance.lognormvariate(0, 0.02)
        load_s = host.load_s * chance.lognormvariate(0, 0.05)
        loads.append(
            LoadRecord(
                repetition=repetition,
                started_ns=now,
                done_ns=now + int(load_s * NS_PER_S),
                load_s=load_s,
                state="page_cache",
                cached_ratio=1.0,
            )
        )
        now += int(load_s * NS_PER_S) + NS_PER_S // 20
        order = [refs[i % len(refs)] for i in range(warmup)] + list(refs)
        for position, ref in enumerate(order):
            record = _request(
                f"{run_id}-{len(requests):06d}",
                ref,
                repetition=repetition,
                is_warmup=position < warmup,
                begin_ns=now,
                output_tokens=output_tokens,
                host=host,
                slowness=drift * chance.lognormvariate(0, 0.04),
                chance=chance,
            )
            requests.append(record)
            now = record.done_ns + 2_000_000
    for index in range(failures):
        at = warmup + index
        requests[at] = _failed(requests[at])
    manifest = _manifest(run_id, refs, host, output_tokens, repetitions, synthetic=synthetic)
    return Run(
        path=Path("runs") / manifest.run_id,
        manifest=manifest,
        requests=tuple(requests),
        loads=tuple(loads),
        samples=_samples(requests, loads, host, chance, samples_per_s),
        summaries=tuple(
            Summary(
                article_id=record.article_id,
                title=next(ref.title for ref in refs if ref.id == record.article_id),
                url=f"http://127.0.0.1:8000/news/{record.article_id}",
                summary=record.output,
                prompt_chars=record.prompt_chars,
                output_chars=record.output_chars,
                finish_reason=record.finish_reason,
                repetition=record.repetition,
            )
            for record in requests
            if not record.is_warmup and record.error is None
        ),
        perf=None,
    )


def _articles(count: int, chance: random.Random, title: str | None) -> tuple[ArticleRef, ...]:
    refs = tuple(
        ArticleRef(
            id=f"n{index:04d}",
            title=TITLES[index % len(TITLES)] + (f" ({index})" if index >= len(TITLES) else ""),
            url=f"http://127.0.0.1:8000/news/n{index:04d}",
            chars=chance.randint(500, 1500),
            prompt_tokens=None,
        )
        for index in range(count)
    )
    return refs if title is None else (replace(refs[0], title=title), *refs[1:])


def _request(
    request_id: str,
    ref: ArticleRef,
    *,
    repetition: int,
    is_warmup: bool,
    begin_ns: int,
    output_tokens: int,
    host: HostSpeed,
    slowness: float,
    chance: random.Random,
) -> RequestRecord:
    prompt_tokens = round(ref.chars * 1.07) + 58
    prompt_eval_s = prompt_tokens / host.prompt_tokens_per_s * slowness
    steps = [
        slowness / host.decode_tokens_per_s * chance.lognormvariate(0, 0.03)
        for _ in range(output_tokens - 1)
    ]
    at_s = host.overhead_s / 2 + prompt_eval_s
    chunk_s = [at_s]
    for step in steps:
        at_s += step
        chunk_s.append(at_s)
    output = (SUMMARY_TEXT * (output_tokens // 60 + 1))[: round(output_tokens * 0.9)]
    return RequestRecord(
        request_id=request_id,
        article_id=ref.id,
        repetition=repetition,
        is_warmup=is_warmup,
        scheduled_ns=begin_ns,
        sent_ns=begin_ns,
        chunk_ns=tuple(begin_ns + int(s * NS_PER_S) for s in chunk_s),
        done_ns=begin_ns + int((at_s + host.overhead_s / 2) * NS_PER_S),
        article_chars=ref.chars,
        prompt_chars=ref.chars + 92,
        output_chars=len(output),
        prompt_tokens=prompt_tokens,
        cached_tokens=0,
        output_tokens=output_tokens,
        engine_load_s=None,
        prompt_eval_s=prompt_eval_s,
        decode_s=sum(steps),
        engine_total_s=None,
        finish_reason="length",
        http_status=200,
        error=None,
        output=output,
    )


def _failed(record: RequestRecord) -> RequestRecord:
    return replace(
        record,
        chunk_ns=(),
        output_chars=0,
        prompt_tokens=None,
        cached_tokens=None,
        output_tokens=None,
        prompt_eval_s=None,
        decode_s=None,
        finish_reason=None,
        http_status=500,
        error="http_5xx",
        error_message="the engine answered 500",
        output="",
    )


def _manifest(
    run_id: str,
    refs: tuple[ArticleRef, ...],
    host: HostSpeed,
    output_tokens: int,
    repetitions: int,
    *,
    synthetic: bool,
) -> Manifest:
    return Manifest(
        schema_version=1,
        run_id=run_id,
        started_at="2026-11-23T05:44:00.000Z",
        origin_monotonic_ns=1,
        command=("yoyak", "run", "--dataset", "dataset", "--output-tokens", str(output_tokens)),
        options={
            "articles": Option(value=len(refs), origin="default"),
            "output_tokens": Option(value=output_tokens, origin="flag"),
            "repetitions": Option(value=repetitions, origin="flag"),
            "engine": Option(value="llamacpp", origin="environment"),
            "url": Option(value=None, origin="default"),
            "threads": Option(value=host.logical_cpus // 2, origin="default"),
        },
        workload=Workload(
            dataset_sha256="3f" * 32,
            article_ids=tuple(ref.id for ref in refs),
            template_sha256="ab" * 32,
            output_tokens=output_tokens,
            output_length_forced=True,
            context_tokens=4096,
            batch_tokens=512,
            seed=1,
            temperature=0.0,
            concurrency=1,
            rate_per_s=None,
            arrivals="closed",
            repetitions=repetitions,
            threads_rule="auto",
        ),
        host={
            "hostname": "ip-10-0-3-17",
            "kernel": "6.8.0-1021-aws",
            "os_release": "Ubuntu 24.04.1 LTS",
            "architecture": "x86_64",
            "cpu_model": "Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz",
            "sockets": 2,
            "physical_cores": host.logical_cpus // 2,
            "logical_cpus": host.logical_cpus,
            "isa": ["avx2", "fma", "avx512f", "avx512_vnni"],
            "governor": None,
            "memory_total_bytes": 256 * GIB,
            "is_virtual": True,
            "instance_type": host.instance_type,
            "availability_zone": "us-east-1a" if host.instance_type else None,
            "cgroup_memory_limit_bytes": None,
        },
        engine=EngineFacts(
            name="llamacpp",
            via="summarizer",
            url="http://127.0.0.1:8080",
            version="b6543",
            build="xllamacpp 2026.10.11549",
            isa="AVX2 = 1 | AVX512 = 1",
            backend="cuda" if host.gpus else "cpu",
            threads=host.logical_cpus // 2,
            context_tokens=4096,
            batch_tokens=512,
            parallel=1,
            cache_prompt=False,
            forces_output_length=True,
            can_reload=True,
            model=ModelFacts(
                name="mistral-7b",
                weights_sha256="c0ffee" * 10 + "beef",
                quantization="Q4_0",
                parameters=7_248_023_552,
                size_bytes=4_108_916_384,
                synthetic=synthetic,
            ),
        ),
        versions={"yoyak": "0.1.0", "python": "3.12.3", "xllamacpp": "2026.10.11549"},
        clock={"name": "clock_gettime(CLOCK_MONOTONIC)", "resolution_ns": 1},
        articles=refs,
    )


def _samples(
    requests: list[RequestRecord],
    loads: list[LoadRecord],
    host: HostSpeed,
    chance: random.Random,
    per_s: float,
) -> tuple[HostSample, ...]:
    if per_s == 0:
        return ()
    end_ns = max(record.done_ns for record in requests)
    step_ns = int(NS_PER_S / per_s)
    engine_cpu_s = user_s = steal_s = client_cpu_s = pressure_s = energy_j = 0.0
    samples: list[HostSample] = []
    for at_ns in range(0, end_ns, step_ns):
        loading = any(load.started_ns <= at_ns < load.done_ns for load in loads)
        busy = any(record.sent_ns <= at_ns < record.done_ns for record in requests)
        dt = step_ns / NS_PER_S
        cores = host.logical_cpus / 2 * chance.uniform(0.93, 0.99) if busy else 0.4
        engine_cpu_s += cores * dt
        client_cpu_s += 0.02 * dt
        user_s += (cores + 0.3 * chance.random()) * dt
        steal_s += 0.05 * chance.random() * dt
        pressure_s += dt * (0.02 if busy else 0.0)
        energy_j += dt * (180 if busy else 40)
        share = 0.3 if loading else 1.0
        samples.append(
            HostSample(
                at_ns=at_ns,
                cpu=CpuTimes(
                    user_s=1000 + user_s,
                    nice_s=0.0,
                    system_s=100 + 0.02 * user_s,
                    idle_s=1e5,
                    iowait_s=0.0,
                    irq_s=0.0,
                    softirq_s=1.0,
                    steal_s=steal_s,
                    guest_s=0.0,
                    guest_nice_s=0.0,
                ),
                cpu_pressure_s=pressure_s,
                memory_available_bytes=200 * GIB,
                swap_used_bytes=0,
                cgroup_throttled_s=None,
                cgroup_throttled_periods=None,
                cgroup_periods=None,
                engine=EngineSample(
                    pid=4242,
                    starttime_ticks=99,
                    processes=1,
                    threads=40,
                    cpu_s=engine_cpu_s,
                    rss_bytes=int(4.6 * GIB * share),
                    rss_peak_bytes=int(4.7 * GIB),
                    anon_bytes=int(0.7 * GIB * share),
                    file_bytes=int(3.9 * GIB * share),
                    pss_bytes=None,
                ),
                client=ClientSample(processes=1, cpu_s=client_cpu_s, rss_bytes=60 * MIB),
                sampler_cpu_s=0.001 * len(samples),
                gpus=tuple(
                    GpuSample(
                        index=index,
                        uuid=f"GPU-{index}",
                        parent_uuid=None,
                        name="NVIDIA A10G",
                        utilization_ratio=0.92 if busy else 0.0,
                        memory_used_bytes=int(5.1 * GIB),
                        memory_total_bytes=24 * GIB,
                        power_w=180.0 if busy else 40.0,
                        energy_j=energy_j,
                        temperature_c=61.0,
                        sm_clock_hz=1_710_000_000,
                        throttle_reasons=(),
                        engine_memory_bytes=int(4.9 * GIB),
                    )
                    for index in range(host.gpus)
                ),
            )
        )
    return tuple(samples)


def finished(run: Run, *, usd_per_hour: float | None = 3.072) -> Run:
    """The run with the results that the analysis makes of its records."""
    return replace(run, perf=results_of(run, usd_per_hour=usd_per_hour))


def results_of(run: Run, *, usd_per_hour: float | None = 3.072) -> Perf:
    """The results that the analysis makes of a run's records."""
    return build_perf(
        run.manifest,
        run.requests,
        run.loads,
        run.samples,
        finished_at=None,
        usd_per_hour=usd_per_hour,
    )


HOSTS = (
    (HostSpeed(instance_type="r5.4xlarge", prompt_tokens_per_s=95, decode_tokens_per_s=7.2), 1.008),
    (HostSpeed(instance_type="r5.8xlarge", prompt_tokens_per_s=180, decode_tokens_per_s=13), 2.016),
    (
        HostSpeed(instance_type="m5.16xlarge", prompt_tokens_per_s=310, decode_tokens_per_s=24),
        3.072,
    ),
    (
        HostSpeed(
            instance_type="g5.16xlarge", prompt_tokens_per_s=1900, decode_tokens_per_s=58, gpus=1
        ),
        4.096,
    ),
)


def results_of_hosts() -> list[Perf]:
    """One run of the same work on each of HOSTS, with their prices."""
    found = []
    for index, (speed, usd_per_hour) in enumerate(HOSTS):
        run = a_run(seed=index + 1, speed=speed, articles=6, repetitions=4, samples_per_s=2.0)
        found.append(results_of(run, usd_per_hour=usd_per_hour))
    return found


def a_comparison(language: Language = "en") -> Comparison:
    """The comparison of HOSTS."""
    return compare(results_of_hosts(), language=language)


def historical_results() -> list[Perf]:
    """The five results of the old study, in which most is unknown."""
    examples = Path(__file__).parents[2] / "examples" / "ec2"
    return [read_perf(folder / "perf.json") for folder in sorted(examples.iterdir())]
