"""The benchmark: builds the parts, joins them, and leaves a run folder."""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from otlp_spans.settings import OtlpSettings
from yoyak.bench.blocks import Blocks, always
from yoyak.bench.calibration_cache import copy_known
from yoyak.bench.eta import REPORT_S, guess_start_s
from yoyak.bench.identity import build_manifest, iso_utc, run_id
from yoyak.bench.plan_words import plan_words
from yoyak.bench.preflight import check_engine, choose_articles, count_work
from yoyak.bench.progress import Progress, Step
from yoyak.bench.step_times import StepTimes
from yoyak.config import ResolvedConfig, RunConfig
from yoyak.dataset import read_dataset
from yoyak.engines import open_engine
from yoyak.engines.base import Engine
from yoyak.errors import UsageError
from yoyak.host.cloud import CloudIdentity
from yoyak.host.facts import HostFacts, host_facts
from yoyak.host.find import find_pid_of_namespace
from yoyak.host.open_files import allow_connections
from yoyak.host.sampler_handle import SamplerProcess, SamplerReport
from yoyak.host.topology import auto_threads
from yoyak.records import EngineFacts, Finding, Manifest, Perf, RequestRecord
from yoyak.store.run_folder import SAMPLES, RunWriter, read_records

if TYPE_CHECKING:
    from yoyak.bench.resume import ResumePoint

# Statistics and reports take longer to import than a run may take to its first request, so they
# are imported where they are first needed: a sweep between its steps, results after the last one.

SAMPLES_PER_S = 10

OnRequest = Callable[[RequestRecord], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """A run that ended: where it lies, its results, and how it went."""

    path: Path
    perf: Perf
    failed: int  # measured requests, over all repetitions
    is_interrupted: bool
    gave_up: bool = False  # the engine failed so often in a row that the run was stopped


async def run_benchmark(
    resolved: ResolvedConfig,
    *,
    progress: Progress,
    stop: asyncio.Event,
    command: Sequence[str],
    traces: OtlpSettings | None = None,
    resume: "ResumePoint | None" = None,
    api_key: str | None = None,
) -> RunOutcome:
    """Run one benchmark and return what it found.

    Args:
        resolved: the configuration; of a resumed run the one that it began with.
        progress: told of steps and of the plan.
        stop: once set, no further request leaves, those in flight end, and the run is finished
            with what there is. Cancelling the task gives up those in flight as well.
        command: the command line, for the manifest.
        traces: where the spans go once the run is finished; None for nowhere.
        resume: where a run was cut off, to go on with it in its own folder.
        api_key: for an engine that wants one; it is written nowhere.

    Raises:
        UsageError: the dataset or an option cannot be used.
        HostError: the engine cannot be reached or does not do what is asked of it, or this host
            does not allow so many connections.
    """
    config = resolved.config
    allow_connections(config.concurrency)
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
        parallel=config.parallel,
        timeout_s=config.timeout,
        cache_dir=config.cache.expanduser(),
        build=config.build,
        api_key=api_key,
    )
    try:
        with times.step(progress, _engine_title(config), guess_s=guess_start_s(_size(config))):
            facts = await _describe(engine, config)
        check_engine(facts, config, threads=threads)
        work = await count_work(engine, articles, config)
        started_at = datetime.now(UTC)
        manifest = build_manifest(
            run_id=run_id(started_at=started_at, host_name=_host_name(host)),
            started_at=started_at,
            origin_ns=time.monotonic_ns(),
            command=command,
            resolved=resolved,
            threads=threads,
            work=work,
            dataset_sha256=dataset.manifest.dataset_sha256,
            host=dataclasses.asdict(host),
            engine=facts,
        )
        if resume is not None:
            manifest = _resumed(resume, manifest, started_at, host)
        path = resume.run.path if resume else config.out.expanduser() / manifest.run_id
        origin_ns = manifest.origin_monotonic_ns
        if manifest.resumes:
            origin_ns = manifest.resumes[-1].origin_monotonic_ns
        first = 0 if resume is None else resume.repetition
        with RunWriter(path, resumes=resume is not None) as writer:
            writer.write_manifest(manifest)
            for line in plan_words(
                config,
                facts,
                work,
                threads=threads,
                path=path,
                repetitions_left=config.repetitions - first,
            ):
                progress.note(line)
            blocks = Blocks(
                engine=engine,
                config=config,
                articles=articles,
                run_id=manifest.run_id,
                origin_ns=origin_ns,
                stop=stop,
                on_request=writer.append_request,
                on_load=writer.append_load,
                is_sampled=always if traces is None else traces.is_root_sampled,
                on_block=writer.append_block,
                first_index=manifest.resumes[-1].first_index if manifest.resumes else 0,
            )
            with SamplerProcess(
                out=path / SAMPLES,
                origin_ns=origin_ns,
                hz=SAMPLES_PER_S,
                engine_pid=_local_pid(facts, host),
            ) as sampler:
                work_of = _Blocks(blocks, engine, facts, host, sampler)
                if config.slo is None:
                    await _repeat(work_of, first, progress)
                else:
                    await _sweep(work_of, resume, progress)
                sampled = await asyncio.to_thread(sampler.stop)
        done_ns = time.monotonic_ns() - origin_ns
        with times.step(progress, "results and report", guess_s=REPORT_S):
            from yoyak.bench.finish import finish_run

            copy_known(config.cache.expanduser(), path)
            perf = finish_run(path, also=_sampler_findings(sampled))
        if traces is not None:
            await _send_traces(traces, path, host, done_ns, progress)
        return RunOutcome(
            path=path,
            perf=perf,
            failed=perf.totals.failed or 0,
            is_interrupted=stop.is_set() and not blocks.gave_up,
            gave_up=blocks.gave_up,
        )
    finally:
        await engine.close()


def _resumed(resume: "ResumePoint", now: Manifest, at: datetime, host: HostFacts) -> Manifest:
    """Return the manifest of a run that is gone on with, if it is still the same run."""
    from yoyak.bench.resume import refuse_another, resume_now

    refuse_another(resume, now)
    began = resume.run.manifest
    moment = resume_now(
        resume,
        at=at,
        at_text=iso_utc(at),
        monotonic_ns=now.origin_monotonic_ns,
        boot_id=host.boot_id,
        command=now.command,
    )
    return dataclasses.replace(began, resumes=(*began.resumes, moment))


@dataclass(slots=True)
class _Blocks:
    """The blocks of a run, and what has to know when one begins."""

    blocks: Blocks
    engine: Engine
    facts: EngineFacts
    host: HostFacts
    sampler: SamplerProcess
    _is_first: bool = True

    async def prepare(self, repetition: int) -> list[float]:
        """Rest, unload, load and warm up; return the seconds of the warm-up requests."""
        if not self._is_first:
            self.sampler.request_pss()
            await self.blocks.rest()
        self._is_first = False
        if self.blocks.stop.is_set():
            return []
        if self.facts.can_reload:
            await self.blocks.reload(repetition)
            self.facts = await _describe(self.engine, self.blocks.config)
            pid = _local_pid(self.facts, self.host)
            if pid is not None:
                self.sampler.point_at_engine(pid=pid)
        return await self.blocks.warm_up(repetition)


async def _repeat(work: _Blocks, first: int, progress: Progress) -> None:
    blocks, config = work.blocks, work.blocks.config
    total = None
    if config.duration is None:
        total = (config.repetitions - first) * len(blocks.articles)
    with progress.step("benchmark", total) as step:
        blocks.on_request = _counting(blocks.on_request, step)
        for repetition in range(first, config.repetitions):
            await work.prepare(repetition)
            if blocks.stop.is_set():
                return
            await blocks.measured(repetition)
        work.sampler.request_pss()


async def _sweep(work: _Blocks, resume: "ResumePoint | None", progress: Progress) -> None:
    from yoyak.analysis.sweep import build_sweep
    from yoyak.bench.sweep import sweep_rates

    before: list[tuple[float, bool]] = []
    if resume is not None:
        run = resume.run
        found = build_sweep(run.manifest, run.blocks, run.requests)
        before = [] if found is None else [(step.rate_per_s, step.met) for step in found.steps]
    with progress.step("rate sweep") as step:
        await sweep_rates(
            work.blocks,
            work.prepare,
            before=before,
            slots=work.facts.parallel or 1,
            progress=progress,
            step=step,
        )


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


async def _describe(engine: Engine, config: RunConfig) -> EngineFacts:
    """Return the engine's facts; where it does not tell its slots, as many as the run was told."""
    facts = await engine.describe()
    if facts.parallel is None:
        return dataclasses.replace(facts, parallel=config.slots)
    return facts


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
    from yoyak.analysis.findings import finding

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
    """Return our number for the engine's process, or None if our /proc does not show it.

    A service in a container of its own counts processes in another way than we do.
    """
    if facts.pid is None or facts.boot_id is None or facts.boot_id != host.boot_id:
        return None
    if facts.pid_namespace is None or facts.pid_namespace == host.pid_namespace:
        return facts.pid if facts.pid_namespace is not None else None
    return find_pid_of_namespace(facts.pid, facts.pid_namespace)
