"""What a replay does: models, timelines and faults, as frozen records whose defaults are a server.

Durations are in seconds, as a person writes them; `ns` turns them into the clock's integers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from hashlib import sha256
from math import isfinite

from yoyak.errors import UsageError
from yoyak.units import GIB, NS_PER_S

LATEST_TAG = "latest"
# Read in v0.33.0-rc2 the field was not there; it was merged a week later.
FIRST_VERSION_WITH_CACHED_COUNT = (0, 33, 1)
# Counted only the new tokens; mended in 0.30.1.
VERSION_WITHOUT_CACHED_IN_COUNT = (0, 30, 0)

FAULT_FIELDS: dict[str, frozenset[str]] = {
    "status": frozenset({"status", "message"}),
    "stall": frozenset({"after_chunks", "for_s"}),
    "cut": frozenset({"after_chunks", "framing"}),
    "error_line": frozenset({"after_chunks", "message"}),
    "no_done": frozenset({"after_chunks"}),
    "slow_headers": frozenset({"for_s"}),
    "garbage": frozenset({"after_chunks", "place"}),
    "reset": frozenset({"after_chunks"}),
    "split": frozenset({"after_chunks", "for_s"}),
    "restart": frozenset({"after_chunks", "for_s", "scope"}),
}
FAULT_TARGETS = frozenset(
    {"answer", "load", "unload", "pull", "root", "version", "tags", "ps", "show"}
)
# An answer that is one JSON body has no lines to break.
WHOLE_BODY_FAULTS = frozenset({"status", "stall", "slow_headers", "garbage", "reset", "restart"})


def ns(duration_s: float) -> int:
    """Return a duration in whole nanoseconds."""
    return round(duration_s * NS_PER_S)


def full_name(name: str) -> str:
    """Return a model's name with its tag: `mistral` is `mistral:latest`."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:{LATEST_TAG}"


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: `0.33.1-rc0` is (0, 33, 1)."""
    numbers = version.partition("-")[0].partition("+")[0].split(".")
    if not all(number.isdecimal() for number in numbers):
        raise UsageError(f"version {version!r} is no version; write it like 0.33.3")
    return tuple(int(number) for number in numbers)


def refuse_negative(record: "Timeline | Model | Fault | Pull", where: str) -> None:
    """Raise UsageError for a number below 0, or one that is not finite, in any field."""
    for one in fields(record):
        value = getattr(record, one.name)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, (int, float)) and not (isfinite(number) and number >= 0):
                raise UsageError(f"{where}: {one.name} {number} is below 0 or not finite; mend it")


def refuse_other(where: str, value: str, allowed: Iterable[str]) -> None:
    """Raise UsageError for a word that is not one of `allowed`."""
    if value not in (known := sorted(allowed)):
        raise UsageError(f"{where} {value!r} is unknown; take one of {', '.join(known)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """When the pieces of an answer leave.

    An idle server with the model loaded writes the first chunk `first_chunk_s` after the request
    came, of which `warm_load_s` is handing over the runner (what Ollama reports as load_duration),
    `overhead_s` template and tokenizing (reported nowhere), and the rest prompt eval. Uncached
    prompt tokens add `prompt_eval_token_s` each; a load and a wait for a slot come on top.
    """

    first_chunk_s: float = 0.075
    first_chunk_jitter_s: float = 0.0  # evenly within plus or minus this
    gap_s: float = 0.020  # between chunks
    gaps_s: tuple[float, ...] = ()  # instead of gap_s: these, over and over
    jitter_s: float = 0.0  # of each gap, evenly within plus or minus this
    tokens_per_chunk: tuple[int, ...] = (1,)  # over and over; the last chunk takes what is left
    answer_tokens: int | None = None  # the model stops here by itself; None: when told to
    unasked_tokens: int = 128  # the length where neither the request nor the model sets one
    align_s: float = 0.0  # first chunks wait for the next multiple of this: streams in lockstep
    done_after_s: float = 0.0  # from the last chunk to the line with done
    context_s: float = 0.0  # re-tokenizing for `context`, after total_duration was taken
    warm_load_s: float = 0.012
    overhead_s: float = 0.003
    prompt_eval_token_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse times that cannot be."""
        refuse_negative(self, "timeline")
        if self.warm_load_s + self.overhead_s + self.first_chunk_jitter_s > self.first_chunk_s:
            raise UsageError(
                "timeline: warm_load_s + overhead_s + first_chunk_jitter_s is more than"
                f" first_chunk_s ({self.first_chunk_s:g}), of which they are parts; lower one"
            )
        if self.jitter_s > min(self.gaps):
            raise UsageError(
                f"timeline: jitter_s {self.jitter_s:g} is more than the shortest gap"
                f" ({min(self.gaps):g}), which would become negative; lower it"
            )
        if not self.tokens_per_chunk or min(self.tokens_per_chunk) < 1:
            raise UsageError("timeline: tokens_per_chunk needs one number or more, each at least 1")
        for name in ("answer_tokens", "unasked_tokens"):
            count = getattr(self, name)
            if count is not None and count < 1:
                raise UsageError(f"timeline: {name} {count} is no length; give at least 1")

    @property
    def gaps(self) -> tuple[float, ...]:
        """Return the gaps that repeat, in seconds."""
        return self.gaps_s or (self.gap_s,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model on the server: what /api/tags, /api/show and /api/ps say of it, and its own times."""

    name: str = "replay:latest"
    is_installed: bool = True  # False: only /api/pull brings it
    load_s: float = 0.5
    unload_s: float = 0.05  # it stays in /api/ps for so long
    file_bytes: int = 4_108_917_184
    memory_bytes: int = 5 * GIB  # `size` in /api/ps
    gpu_share: float = 0.0  # of it, in video memory
    context_length: int = 32_768  # that the model was trained with
    cached_tokens: int = 0  # of each prompt, at most all but one
    tokens_per_char: float = 1.0
    family: str = "llama"
    parameter_count: int = 7_241_732_096
    parameter_size: str = "7.2B"
    quantization_level: str = "Q4_0"
    digest: str = ""  # of the manifest; empty: made from the name
    timeline: Timeline | None = None  # None: the script's

    def __post_init__(self) -> None:
        """Refuse what no model can be, and fill in tag and digest."""
        where = f"model {self.name!r}"
        if not self.name or self.name != self.name.strip():
            raise UsageError(f"{where}: that is no name; write it like mistral:7b")
        object.__setattr__(self, "name", full_name(self.name))
        refuse_negative(self, where)
        if self.gpu_share > 1:
            raise UsageError(f"{where}: gpu_share {self.gpu_share:g} is no share; give 0 to 1")
        if self.context_length < 1 or self.tokens_per_char <= 0:
            raise UsageError(f"{where}: context_length and tokens_per_char must be above 0")
        if not self.digest:
            object.__setattr__(self, "digest", sha256(self.name.encode()).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong, and for which requests.

    Selectors are joined by "and"; without any, every request of the target has the fault. The first
    fault that selects a request is the one it gets. Requests of each target are counted apart, from
    0 in order of arrival.

    Attributes:
        kind: one of FAULT_FIELDS, which says what each takes.
        on: which requests are counted: "answer" is a generate or chat with a prompt.
        requests: indices.
        every: each n-th, that is indices n-1, 2n-1, ...
        model: by model name.
        after_chunks: so many whole chunks come first; None is the kind's own default: for no_done
            all of them, for split every chunk is split, else 0, and 1 for garbage in a line.
        for_s: how long a stall lasts, headers trickle, a split character waits for its second half,
            a restarted server stays away.
        status, message: of an error answer; message also of an error line.
        framing: cut: "broken" closes the connection inside an HTTP chunk, "clean" ends the HTTP
            body properly after half a line.
        place: garbage: "line" in the stream, which then goes on, or "head" instead of any HTTP.
        scope: restart: the "server" (connections break, the port is closed for `for_s`, nothing is
            loaded afterwards) or the "model" (its streams end in an error line, it is unloaded).
    """

    kind: str
    on: str = "answer"
    requests: tuple[int, ...] | None = None
    every: int | None = None
    model: str | None = None
    after_chunks: int | None = None
    for_s: float | None = None
    status: int | None = None
    message: str | None = None
    framing: str | None = None
    place: str | None = None
    scope: str | None = None

    def __post_init__(self) -> None:
        """Refuse a fault that could never happen or says two things."""
        where = f"fault {self.kind!r}"
        refuse_other("fault: kind", self.kind, FAULT_FIELDS)
        refuse_other(f"{where}: on", self.on, FAULT_TARGETS)
        refuse_negative(self, where)
        if self.on != "answer" and self.kind not in WHOLE_BODY_FAULTS:
            raise UsageError(
                f'{where}: needs a stream, and on = "{self.on}" has none; leave `on` away or take'
                f" one of {', '.join(sorted(WHOLE_BODY_FAULTS))}"
            )
        selectors = {"kind", "on", "requests", "every", "model"}
        for one in fields(self):
            foreign = one.name not in selectors | FAULT_FIELDS[self.kind]
            if foreign and getattr(self, one.name) is not None:
                raise UsageError(
                    f"{where}: takes no {one.name}; it takes"
                    f" {', '.join(sorted(FAULT_FIELDS[self.kind]))}"
                )
        if self.every is not None and self.every < 1:
            raise UsageError(f"{where}: every {self.every} selects nothing; give at least 1")
        self._check_kind(where)

    def _check_kind(self, where: str) -> None:
        if self.kind == "status" and (self.status is None or not 400 <= self.status <= 599):
            raise UsageError(f"{where}: needs a status from 400 to 599, such as status = 503")
        if self.kind in ("stall", "slow_headers") and not self.for_s:
            raise UsageError(f"{where}: needs for_s above 0, such as for_s = 2.0")
        for name, allowed in (
            ("framing", ("broken", "clean")),
            ("place", ("line", "head")),
            ("scope", ("server", "model")),
        ):
            if getattr(self, name) is not None:
                refuse_other(f"{where}: {name}", getattr(self, name), allowed)

    def selects(self, index: int, model: str | None) -> bool:
        """Return whether the request of this index and model has the fault."""
        return (
            (self.requests is None or index in self.requests)
            and (self.every is None or index % self.every == self.every - 1)
            and (self.model is None or (model is not None and full_name(self.model) == model))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """How /api/pull goes: `steps` progress lines over `duration_s`."""

    duration_s: float = 0.2
    steps: int = 5

    def __post_init__(self) -> None:
        """Refuse a pull without a line."""
        refuse_negative(self, "pull")
        if self.steps < 1:
            raise UsageError(f"pull: steps {self.steps} shows nothing; give at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole server; without arguments a plausible one with the model `replay:latest`."""

    seed: int = 1
    version: str = "0.33.3"
    parallel: int = 1  # OLLAMA_NUM_PARALLEL, Ollama's own default
    max_queue: int = 512  # OLLAMA_MAX_QUEUE: bounds only requests that wait for a load
    max_loaded: int = 3  # OLLAMA_MAX_LOADED_MODELS
    keep_alive_s: float = 300.0  # OLLAMA_KEEP_ALIVE; negative is for ever
    context: int = 4096  # num_ctx where the request sets none
    remembered_prompts: int = 0  # so many recent prompts serve as prompt cache; 0: no cache
    reports_cached_tokens: bool | None = None  # None: as `version` does
    timeline: Timeline = field(default_factory=Timeline)
    models: tuple[Model, ...] = (Model(),)
    faults: tuple[Fault, ...] = ()
    pull: Pull = field(default_factory=Pull)

    def __post_init__(self) -> None:
        """Refuse a server that could not answer."""
        version_numbers(self.version)
        for name in ("parallel", "max_queue", "max_loaded", "context"):
            if getattr(self, name) < 1:
                raise UsageError(f"script: {name} {getattr(self, name)} is too few; give 1 or more")
        if self.remembered_prompts < 0:
            raise UsageError("script: remembered_prompts is negative; give 0 or more")
        names = [model.name for model in self.models]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise UsageError(f"script: model {min(twice)!r} is there twice; rename one")
        for fault in self.faults:
            if fault.model is not None and full_name(fault.model) not in names:
                raise UsageError(
                    f"fault {fault.kind!r}: model {fault.model!r} is not in the script, which has"
                    f" {', '.join(names)}; add it or mend the name"
                )

    @property
    def says_cached_tokens(self) -> bool:
        """Return whether the last line has `prompt_eval_cached_count`."""
        if self.reports_cached_tokens is not None:
            return self.reports_cached_tokens
        return version_numbers(self.version) >= FIRST_VERSION_WITH_CACHED_COUNT

    @property
    def counts_cached_tokens(self) -> bool:
        """Return whether `prompt_eval_count` includes cached tokens."""
        return version_numbers(self.version) != VERSION_WITHOUT_CACHED_IN_COUNT

    def timeline_of(self, model: Model) -> Timeline:
        """Return a model's own timeline, or the script's."""
        return self.timeline if model.timeline is None else model.timeline

    def fault_for(self, on: str, index: int, model: str | None) -> Fault | None:
        """Return the first fault that selects a request, or None."""
        for fault in self.faults:
            if fault.on == on and fault.selects(index, model):
                return fault
        return None
