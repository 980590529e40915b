"""What a comparison says, as data: gate, estimates, contrasts, tables, sentences; no formatting."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from yoyak.records import Finding
from yoyak.records.perf import Interval

Language = Literal["en", "ko"]
Better = Literal["higher", "lower"]
GateStatus = Literal["same", "differs", "unknown"]
Outcome = Literal["faster", "slower", "no_difference", "unknown"]
Level = Literal["run", "type"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing that is compared: a run on one host, or all hosts of one type together."""

    label: str  # unique among the subjects of its level
    level: Level
    run_ids: tuple[str, ...]
    hosts: int  # machines behind it; a run has 1
    instance_type: str | None
    family: str | None  # "r5" of "r5.16xlarge"
    size: str | None  # "16xlarge"
    vcpu: int | None
    memory_bytes: int | None
    processor: str | None
    accelerator: str | None
    network: str | None
    usd_per_hour: float | None
    price_source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One metric of one subject."""

    label: str
    value: float | None
    interval: Interval | None  # 95 %; None below two repetitions (a type: two hosts)
    n: int  # repetitions; at level "type" hosts
    values: tuple[float, ...] = ()  # the repetition (or host) values behind it
    source: Literal["engine", "client"] | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """A subject against the baseline. `ratio` over 1 is always better than the baseline."""

    label: str
    baseline: str
    ratio: float | None  # "times faster": the subject's rate over the baseline's; times inverted
    interval: Interval | None  # 95 %, this one comparison
    p_value: float | None  # Welch, two-sided
    p_holm: float | None  # corrected over the subjects of this metric
    outcome: Outcome  # by p_holm; unknown where the gate or the data forbid a verdict
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One quantity over all subjects of one level."""

    key: str  # "decode_tokens_per_s"
    title: str
    unit: str
    better: Better
    level: Level
    estimates: tuple[Estimate, ...]  # in the order of the subjects
    contrasts: tuple[Contrast, ...]  # without the baseline; empty if there is none
    ranking: tuple[tuple[str, ...], ...]  # best first; labels in one group cannot be told apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table."""

    key: str
    title: str
    unit: str | None = None
    better: Better | None = None  # None: neither, e.g. a specification


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell; an unknown value is None, and is printed as an empty cell or a dash."""

    value: float | int | str | None
    interval: Interval | None = None
    unit: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table; `cells` has one cell per column."""

    label: str
    cells: tuple[Cell, ...]
    is_baseline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table to print. `key` is stable: "runs", "family:r5", "size:16xlarge", "cost", ..."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateItem:
    """One condition of comparability over all runs."""

    code: str  # what `--allow CODE` names
    title: str
    status: GateStatus
    values: Mapping[str, str | None]  # label -> what that run has, shortened for reading
    why: str  # why a difference matters
    mend: str  # the way out, or the option that allows it
    allowed: bool = False  # differs, but --allow said so


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoint:
    """One subject in the plane of cost and speed."""

    label: str
    articles_per_hour: float
    usd_per_1000_articles: float
    on_front: bool  # no other subject is both faster and cheaper


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResult:
    """The cheapest host that meets a latency target."""

    metric: str  # "end_to_end_s.p95"
    limit: float
    meeting: tuple[str, ...]  # labels, cheapest first; those without a price last
    failing: tuple[str, ...]
    unknown: tuple[str, ...]  # the metric is null there
    cheapest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that `yoyak compare` prints."""

    schema_version: int
    language: Language
    baseline: str | None  # label at level "run"
    baseline_reason: str | None  # why this one, in words
    subjects: tuple[Subject, ...]  # runs, then types with two or more hosts
    gate: tuple[GateItem, ...]
    verdict_possible: bool  # every gate item is same or allowed
    metrics: tuple[Metric, ...]
    tables: tuple[Table, ...]
    answer: tuple[str, ...]  # who is first in what matters, in sentences; empty if none can be
    verdicts: tuple[str, ...]  # plain sentences; empty if no verdict is possible
    cannot_say: tuple[str, ...]  # what these data cannot say, in sentences
    findings: tuple[Finding, ...]  # of the comparison; those of single runs stay in their Perf
    front: tuple[FrontPoint, ...]  # empty unless two subjects have speed and price
    target: TargetResult | None = None
