"""Everything that was fixed before the first request of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Origin = Literal["flag", "environment", "file", "default"]
# Why an engine's process is not known: it is not on this host, our /proc does not show it, or
# more than one could be it.
PidUnknown = Literal["elsewhere", "hidden", "several"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option's value and where it came from."""

    value: str | int | float | bool | None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """Which weights ran. What could not be found out is None."""

    name: str
    manifest_digest: str | None = None  # hex; Ollama's digest of the manifest
    weights_sha256: str | None = None  # hex; of the weights file
    quantization: str | None = None  # as the file names it, e.g. "Q4_0"
    parameters: int | None = None
    size_bytes: int | None = None
    synthetic: bool | None = None  # random weights: the text is noise, the speed is the shape's


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What an engine says of itself: `describe()` of adapters, `/v1/engine` of the service."""

    name: str  # llamacpp, ollama, openai
    via: str | None = None  # "summarizer" if our service stood between
    url: str | None = None
    version: str | None = None  # upstream's own, e.g. llama.cpp's build number
    build: str | None = None  # of the package or binary, e.g. "xllamacpp 2026.10.11549"
    isa: str | None = None  # the engine's own line on instruction sets
    backend: str | None = None  # cpu, cuda, ...
    threads: int | None = None
    context_tokens: int | None = None  # of one slot
    batch_tokens: int | None = None
    ubatch_tokens: int | None = None
    parallel: int | None = None  # slots
    cache_prompt: bool | None = None
    forces_output_length: bool | None = None  # ignores end-of-text where asked
    can_reload: bool = False  # unload() and load() work
    loads_with_mmap: bool | None = None
    asks_huge_pages: bool | None = None  # as it was started; what it got is in the samples
    binds_threads: bool | None = None  # each thread that computes, to a CPU of its own
    pid: int | None = None  # root of the engine's process tree, in the pid namespace below
    pid_namespace: int | None = None  # inode of /proc/self/ns/pid
    boot_id: str | None = None  # with it, whether `pid` is ours to read
    pid_unknown: PidUnknown | None = None  # why there is no pid, where that was looked for
    template_sha256: str | None = None  # of the prompt template, where the engine builds the prompt
    model: ModelFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The work: two runs are comparable only if this is the same."""

    dataset_sha256: str | None
    article_ids: tuple[str, ...]
    template_sha256: str | None
    output_tokens: int | None  # asked for
    output_length_forced: bool | None
    context_tokens: int | None
    batch_tokens: int | None
    seed: int | None
    temperature: float | None
    concurrency: int | None
    rate_per_s: float | None
    arrivals: Literal["closed", "constant", "poisson"] | None
    repetitions: int | None
    threads_rule: str | None  # "auto", or the number asked for
    slo: str | None = None  # targets of a rate sweep, e.g. "ttft_p95=2s"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRef:
    """An article of the run, so that a folder can be read without its dataset."""

    id: str
    title: str
    url: str | None
    chars: int
    prompt_tokens: int | None  # as the engine counted them before the run


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """When a run that was cut off was gone on with, and what ties its stamps to those before.

    Blocks from `repetition` on were begun anew: what is recorded of them before `at_ns` stays in
    the journals and enters no result.
    """

    at: str  # ISO 8601 UTC
    at_ns: int  # the same moment on the run's clock
    repetition: int  # the first block that was not finished
    first_index: int  # requests from here have indexes that no earlier one can have had
    origin_monotonic_ns: int  # CLOCK_MONOTONIC of the run's 0, from here on
    clock: Literal["monotonic", "wall"]  # wall: the host was booted anew in between
    boot_id: str | None
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """manifest.json."""

    schema_version: int
    run_id: str
    started_at: str  # ISO 8601 UTC; the wall-clock anchor of monotonic 0
    origin_monotonic_ns: int  # CLOCK_MONOTONIC at the anchor
    command: tuple[str, ...]
    options: Mapping[str, Option]
    workload: Workload
    host: Mapping[str, Any]  # host.HostFacts
    engine: EngineFacts
    versions: Mapping[str, str]  # of yoyak, Python and the packages on the timed path
    clock: Mapping[str, Any]  # name, resolution_ns
    articles: tuple[ArticleRef, ...] = ()
    resumes: tuple[Resume, ...] = ()  # ascending; empty for a run that went through
