"""The benchmark: builds the parts, joins them, and leaves a run folder."""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from otlp_spans.settings import OtlpSettings
from yoyak.analysis.findings import finding
from yoyak.analysis.planning import repetitions_needed
from yoyak.bench.blocks import Blocks, always
from yoyak.bench.calibration_cache import copy_known
from yoyak.bench.eta import REPORT_S, duration_words, guess_run_s, guess_start_s
from yoyak.bench.finish import finish_run
from yoyak.bench.identity import build_manifest, run_id
from yoyak.bench.preflight import Work, check_engine, choose_articles, count_work
from yoyak.bench.progress import Progress, Step
from yoyak.bench.step_times import StepTimes
from yoyak.config import ResolvedConfig, RunConfig
from yoyak.dataset import read_dataset
from yoyak.engines import open_engine
from yoyak.engines.base import Engine
from yoyak.errors import UsageError
from yoyak.host.cloud import CloudIdentity
from yoyak.host.facts import HostFacts, host_facts
from yoyak.host.sampler_handle import SamplerProcess, SamplerReport
from yoyak.host.time_slice import turn_ns
from yoyak.host.topology import auto_threads
from yoyak.load.steady import LEAST
from yoyak.records import EngineFacts, Finding, Perf, RequestRecord
from yoyak.store.run_folder import SAMPLES, RunWriter, read_records

SAMPLES_PER_S = 10
PLANNED_HOSTS = (2, 3, 5, 10)  # told for, so that a study is planned before its first run

OnRequest = Callable[[RequestRecord], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """A run that ended: where it lies, its results, and how it went."""

    path: Path
    perf: Perf
    failed: int  # measured requests
    is_interrupted: bool


async def run_benchmark(
    resolved: ResolvedConfig,
    *,
    progress: Progress,
    stop: asyncio.Event,
    command: Sequence[str],
    traces: OtlpSettings | None = None,
) -> RunOutcome:
    """Run one benchmark and return what it found.

    Args:
        stop: once set, no further request leaves, those in flight end, and the run is finished
            with what there is. Cancelling the task gives up those in flight as well.
        command: the command line, for the manifest.
        traces: where the spans go once the run is finished; None for nowhere.

    Raises:
        UsageError: the dataset or an option cannot be used.
        HostError: the engine cannot be reached or does not do what is asked of it.
    """
    config = resolved.config
    times = StepTimes(config.cache)
    dataset = read_dataset(config.dataset)
    articles = choose_articles(dataset, config)
    threads = auto_threads() if config.threads is None else config.threads
    told = CloudIdentity(
        instance_type=config.instance_type,
        instance_id=config.instance_id,
        availability_zone=config.availability_zone,
    )
    host = await asyncio.to_thread(host_facts, told=told)
    engine = open_engine(
        config.engine,
        url=config.url,
        model=config.model,
        threads=threads,
        context=config.context,
        batch=config.batch,
        parallel=config.concurrency,
        timeout_s=config.timeout,
        cache_dir=config.cache.expanduser(),
        build=config.build,
    )
    try:
        with times.step(progress, _engine_title(config), guess_s=guess_start_s(_size(config))):
            facts = await engine.describe()
        check_engine(facts, config, threads=threads)
        work = await count_work(engine, articles, config)
        started_at = datetime.now(UTC)
        identity = run_id(started_at=started_at, host_name=_host_name(host))
        origin_ns = time.monotonic_ns()
        with RunWriter(config.out.expanduser() / identity) as writer:
            writer.write_manifest(
                build_manifest(
                    run_id=identity,
                    started_at=started_at,
                    origin_ns=origin_ns,
                    command=command,
                    resolved=resolved,
                    threads=threads,
                    work=work,
                    dataset_sha256=dataset.manifest.dataset_sha256,
                    host=dataclasses.asdict(host),
                    engine=facts,
                    turn_ns=turn_ns(),
                )
            )
            copy_known(config.cache.expanduser(), writer.path)
            _tell_plan(progress, config, facts, work, threads=threads, path=writer.path)
            blocks = Blocks(
                engine=engine,
                config=config,
                articles=articles,
                run_id=identity,
                origin_ns=origin_ns,
                stop=stop,
                on_request=writer.append_request,
                on_load=writer.append_load,
                is_sampled=always if traces is None else traces.is_root_sampled,
            )
            with SamplerProcess(
                out=writer.path / SAMPLES,
                origin_ns=origin_ns,
                hz=SAMPLES_PER_S,
                engine_pid=_local_pid(facts, host),
            ) as sampler:
                await _repeat(blocks, engine, facts, host, sampler, progress)
                sampled = await asyncio.to_thread(sampler.stop)
        done_ns = time.monotonic_ns() - origin_ns
        with times.step(progress, "results and report", guess_s=REPORT_S):
            perf = finish_run(writer.path, also=_sampler_findings(sampled))
        if traces is not None:
            await _send_traces(traces, writer.path, host, done_ns, progress)
        return RunOutcome(
            path=writer.path, perf=perf, failed=blocks.failed, is_interrupted=stop.is_set()
        )
    finally:
        await engine.close()


async def _repeat(
    blocks: Blocks,
    engine: Engine,
    facts: EngineFacts,
    host: HostFacts,
    sampler: SamplerProcess,
    progress: Progress,
) -> None:
    config = blocks.config
    total = config.repetitions * len(blocks.articles) if config.duration is None else None
    with progress.step("benchmark", total) as step:
        blocks.on_request = _counting(blocks.on_request, step)
        for repetition in range(config.repetitions):
            if blocks.stop.is_set():
                return
            if facts.can_reload:
                await blocks.reload(repetition)
                facts = await engine.describe()
                pid = _local_pid(facts, host)
                if pid is not None:
                    sampler.point_at_engine(pid=pid)
            await blocks.warm_up(repetition)
            await blocks.measured(repetition)
            sampler.request_pss()


async def _send_traces(
    traces: OtlpSettings, path: Path, host: HostFacts, done_ns: int, progress: Progress
) -> None:
    from yoyak.bench.traces import send_run  # lazy: most runs send none

    run = read_records(path)
    try:
        with progress.step("traces"):
            how = await asyncio.to_thread(
                send_run, traces, run.manifest, run.requests, run.loads, host=host, done_ns=done_ns
            )
    except UsageError as error:  # the run itself is well
        progress.note(f"no spans were sent: {error}")
        return
    if how.dropped:
        progress.note(
            f"{how.dropped} of {how.dropped + how.sent} spans were not taken by "
            f"{traces.endpoint} ({how.failure}); the run is whole without them"
        )


def _engine_title(config: RunConfig) -> str:
    """Return the title of the engine's start, which names what it depends on."""
    model = "" if config.model is None else f", {Path(config.model).name}"
    return f"engine and model ({config.engine}{model})"


def _size(config: RunConfig) -> int:
    """Return the bytes that the start has to read, as far as they are a file of this host."""
    path = None if config.model is None or config.url is not None else Path(config.model)
    return path.stat().st_size if path is not None and path.is_file() else 0


def _sampler_findings(report: SamplerReport) -> tuple[Finding, ...]:
    if report.failure is None:
        return ()
    return (finding("sampler-died", "warning", reason=report.failure),)


def _counting(write: OnRequest, step: Step) -> OnRequest:
    def on_request(record: RequestRecord) -> None:
        write(record)
        if not record.is_warmup:
            step.advance()

    return on_request


def _host_name(host: HostFacts) -> str:
    return host.instance_type or host.hostname or "host"


def _local_pid(facts: EngineFacts, host: HostFacts) -> int | None:
    """Return the engine's pid if it names a process that this host's /proc shows us."""
    if facts.pid is None or facts.boot_id is None or facts.boot_id != host.boot_id:
        return None
    return facts.pid if facts.pid_namespace == host.pid_namespace else None


def _tell_plan(
    progress: Progress,
    config: RunConfig,
    facts: EngineFacts,
    work: Work,
    *,
    threads: int,
    path: Path,
) -> None:
    model = facts.model
    size = f"{config.repetitions} repetitions of {len(work.articles)} articles"
    if config.duration is not None:
        eta = duration_words(config.duration * config.repetitions) + " and the model loads"
    elif facts.backend == "cpu" and model.parameters and model.size_bytes:
        guess = guess_run_s(
            prompt_tokens=work.prompt_tokens,
            output_tokens=config.output_tokens,
            parameters=model.parameters,
            size_bytes=model.size_bytes,
            threads=facts.threads or threads,
            repetitions=config.repetitions,
            warmup=LEAST if config.warmup is None else config.warmup,
        )
        eta = f"about {duration_words(guess)}, guessed from the model's size"
    else:
        eta = "time unknown until the first requests are done"
    progress.note(f"{size} into {path}: {eta}")
    needs = ", ".join(f"{hosts} hosts {repetitions_needed(hosts)}" for hosts in PLANNED_HOSTS)
    progress.note(f"repetitions that find a difference of 5 % at 2 % noise: {needs}")
