"""Whether the records of a run folder can be true, and belong to one and the same run."""

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from yoyak.records import BlockRecord, HostSample, LoadRecord, Manifest, RequestRecord
from yoyak.records.sample import CpuTimes, GpuSample
from yoyak.records.soundness import (
    LEAST_S,
    MOST_COUNT,
    MOST_NS,
    MOST_S,
    check_articles,
    check_count,
    check_host,
    check_moment,
    check_name,
    check_span,
    check_workload,
    unsound,
)
from yoyak.units import seconds

CLOCK_TOLERANCE = 0.02  # where the service's own clock timed the load
SLACK_S = 0.05
_SPANS = ("engine_load_s", "prompt_eval_s", "decode_s", "engine_total_s")
_COUNTS = (
    "repetition",
    "article_chars",
    "prompt_chars",
    "output_chars",
    "prompt_tokens",
    "cached_tokens",
    "output_tokens",
)
_CPU_MODES = tuple(CpuTimes.__dataclass_fields__)
_GPU_NUMBERS = (
    "utilization_ratio",
    "memory_used_bytes",
    "memory_total_bytes",
    "power_w",
    "energy_j",
    "temperature_c",
    "sm_clock_hz",
    "engine_memory_bytes",
)


def check_manifest(manifest: Manifest, where: str) -> None:
    """Raise UsageError where no run can have begun so; says in what. NaN was refused before."""
    check_name(where, "run_id", manifest.run_id)
    check_name(where, "engine.name", manifest.engine.name)
    check_name(where, "engine.model.name", manifest.engine.model.name)
    check_moment(where, "started_at", manifest.started_at)
    check_host(where, manifest.host)
    check_workload(where, manifest.workload)
    check_articles(where, manifest.workload, manifest.articles)
    _check_resumes(where, manifest)
    for name in ("duration", "price"):
        option = manifest.options.get(name)
        value = None if option is None else option.value
        if value is None:
            continue
        if isinstance(value, str | bool) or not LEAST_S <= value <= MOST_S:
            raise unsound(where, f"options.{name} is {value!r}, no number above 0")


def _check_resumes(where: str, manifest: Manifest) -> None:
    """Raise UsageError where a run was gone on with before it began, or in another order."""
    stamps = [0, *(resume.at_ns for resume in manifest.resumes), MOST_NS]
    if any(later < earlier for earlier, later in pairwise(stamps)):
        raise unsound(where, "resumes is not in order of time")
    for resume in manifest.resumes:
        check_moment(where, "resumes.at", resume.at)
        check_count(where, "resumes.repetition", resume.repetition)
        check_count(where, "resumes.first_index", resume.first_index)


def check_requests(requests: Sequence[RequestRecord], manifest: Manifest, where: str) -> None:
    """Raise UsageError where a record breaks what the client makes sure of, or is another run's.

    Stamps ascend from sending over chunks to the end, request ids begin with the run's and occur
    once, articles and repetitions are those of the plan, and the output is as long as it says.
    """
    chars = {article.id: article.chars for article in manifest.articles}
    chars = {name: chars[name] for name in manifest.workload.article_ids}
    planned = manifest.workload.repetitions
    seen: set[str] = set()
    for number, record in enumerate(requests, start=1):
        line = f"{where} record {number}"
        if not record.request_id.startswith(f"{manifest.run_id}-"):
            raise unsound(line, f"it is of another run than {manifest.run_id}")
        if record.request_id in seen:
            raise unsound(line, f"request {record.request_id} occurs twice")
        seen.add(record.request_id)
        if record.article_id not in chars:
            raise unsound(line, "its article is none of the run's")
        if record.article_chars != chars[record.article_id]:
            raise unsound(line, "its article is not as long as the manifest says")
        if planned is not None and record.repetition >= planned:
            raise unsound(line, f"repetition {record.repetition} of {planned}, counted from 0")
        _check_request(record, line)


def check_loads(
    loads: Sequence[LoadRecord], requests: Sequence[RequestRecord], manifest: Manifest, where: str
) -> None:
    """Raise UsageError where a load is none, or did not come before its repetition's requests."""
    planned = manifest.workload.repetitions
    first_ns: dict[int, int] = {}
    for record in requests:
        first_ns[record.repetition] = min(
            record.sent_ns, first_ns.get(record.repetition, record.sent_ns)
        )
    seen: set[int] = set()
    for number, load in enumerate(loads, start=1):
        line = f"{where} record {number}"
        if not 0 <= load.repetition < (MOST_COUNT if planned is None else planned):
            raise unsound(line, f"repetition {load.repetition} of {planned}, counted from 0")
        if load.repetition in seen:
            raise unsound(line, f"repetition {load.repetition} was loaded twice")
        seen.add(load.repetition)
        if not 0 <= load.started_ns <= load.done_ns <= MOST_NS:
            raise unsound(line, "its stamps do not ascend")
        if load.done_ns > first_ns.get(load.repetition, MOST_NS):
            raise unsound(line, "it ends after the first request of its repetition")
        check_span(line, "load_s", load.load_s)
        if load.load_s > (1 + CLOCK_TOLERANCE) * seconds(load.done_ns - load.started_ns) + SLACK_S:
            raise unsound(line, f"load_s is {load.load_s}, longer than its stamps are apart")
        if load.cached_ratio is not None and not 0 <= load.cached_ratio <= 1:
            raise unsound(line, f"cached_ratio is {load.cached_ratio}")


def check_blocks(blocks: Sequence[BlockRecord], manifest: Manifest, where: str) -> None:
    """Raise UsageError where a block that ended is none of the plan, or did not end once."""
    planned = manifest.workload.repetitions
    seen: set[int] = set()
    for number, block in enumerate(blocks, start=1):
        line = f"{where} record {number}"
        if not 0 <= block.repetition < (MOST_COUNT if planned is None else planned):
            raise unsound(line, f"repetition {block.repetition} of {planned}, counted from 0")
        if block.repetition in seen:
            raise unsound(line, f"repetition {block.repetition} ended twice")
        seen.add(block.repetition)
        if not 0 <= block.started_ns <= block.done_ns <= MOST_NS:
            raise unsound(line, "its stamps do not ascend")
        check_count(line, "requests", block.requests, least=1)
        if block.rate_per_s is not None and not 1 / MOST_S <= block.rate_per_s <= MOST_COUNT:
            raise unsound(line, f"rate_per_s is {block.rate_per_s}")


def check_samples(samples: Sequence[HostSample], where: str) -> None:
    """Raise UsageError where a sample was taken outside of any run, or a counter is below 0."""
    for number, sample in enumerate(samples, start=1):
        line = f"{where} record {number}"
        if not 0 <= sample.at_ns <= MOST_NS:
            raise unsound(line, f"at_ns is {sample.at_ns}")
        for name, value in _sample_numbers(sample):
            if not 0 <= value <= (1 if name.endswith("_ratio") else MOST_COUNT):
                raise unsound(line, f"{name} is {value}")


def _check_request(record: RequestRecord, line: str) -> None:
    if not 0 <= record.scheduled_ns <= record.done_ns <= MOST_NS:
        raise unsound(line, "scheduled_ns does not lie before done_ns")
    stamps = (0, record.sent_ns, *record.chunk_ns, record.done_ns)
    if any(later < earlier for earlier, later in pairwise(stamps)):
        raise unsound(line, "its stamps do not ascend from sent_ns over chunk_ns to done_ns")
    for name in _COUNTS:
        check_count(line, name, getattr(record, name))
    for name in _SPANS:
        check_span(line, name, getattr(record, name))
    if record.article_chars > record.prompt_chars:
        raise unsound(line, "its article is longer than the prompt that holds it")
    if len(unicodedata.normalize("NFC", record.output)) != record.output_chars:
        raise unsound(line, f"output is not {record.output_chars} characters long")


def _sample_numbers(sample: HostSample) -> Sequence[tuple[str, float]]:
    """Every number of a sample that is known, with its name."""
    found = [
        ("cpu_pressure_s", sample.cpu_pressure_s),
        ("memory_available_bytes", sample.memory_available_bytes),
        ("swap_used_bytes", sample.swap_used_bytes),
        ("cgroup_throttled_s", sample.cgroup_throttled_s),
        ("sampler_cpu_s", sample.sampler_cpu_s),
    ]
    if sample.cpu is not None:
        found += [(name, getattr(sample.cpu, name)) for name in _CPU_MODES]
    if sample.engine is not None:
        engine = sample.engine
        found += [
            ("engine.cpu_s", engine.cpu_s),
            ("engine.rss_bytes", engine.rss_bytes),
            ("engine.rss_peak_bytes", engine.rss_peak_bytes),
            ("engine.anon_bytes", engine.anon_bytes),
            ("engine.file_bytes", engine.file_bytes),
            ("engine.pss_bytes", engine.pss_bytes),
            ("engine.huge_page_bytes", engine.huge_page_bytes),
        ]
    if sample.client is not None:
        found += [
            ("client.cpu_s", sample.client.cpu_s),
            ("client.rss_bytes", sample.client.rss_bytes),
        ]
    for gpu in sample.gpus:
        found += _gpu_numbers(gpu)
    return [(name, value) for name, value in found if value is not None]


def _gpu_numbers(gpu: GpuSample) -> list[tuple[str, float | None]]:
    return [(f"gpus.{name}", getattr(gpu, name)) for name in _GPU_NUMBERS]
