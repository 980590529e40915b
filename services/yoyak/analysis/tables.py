"""The tables of a comparison: all runs, by family, by size, times faster, cost, specifications."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from yoyak.analysis import lengths
from yoyak.analysis.comparison import Better, Cell, Column, Metric, Row, Subject, Table
from yoyak.analysis.cost import cost
from yoyak.analysis.instances import instance
from yoyak.analysis.lists import shortened
from yoyak.analysis.messages import Say
from yoyak.analysis.metrics import HEADLINES
from yoyak.analysis.prices import Price
from yoyak.records import Cost, Distribution, Perf, Rate

EMPTY = Cell(value=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One possible column: what it shows of a run."""

    key: str
    unit: str | None
    better: Better | None
    read: Callable[[Perf, Subject], Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What tables are made from."""

    runs: Mapping[str, Perf]
    subjects: Mapping[str, Subject]  # by the same labels
    baseline: str
    say: Say


def build_tables(study: Study, metrics: Sequence[Metric]) -> tuple[Table, ...]:
    """Return every table that has something to say."""
    say = study.say
    labels = list(study.runs)
    tables = [
        _table(study, "runs", say("table_runs"), labels, (*SPECIFICATION[:2], *RESULTS)),
        *_grouped(study, "family", "size", "table_family"),
        *_grouped(study, "size", "family", "table_size"),
        _times_table(study, metrics, "run"),
        _type_table(study, metrics),
        _ranking_table(study, metrics),
        _lengths_table(study),
        _table(study, "cost", say("table_cost"), labels, COST, note=say("note_cost")),
        _specifications(study),
    ]
    return tuple(table for table in tables if table is not None)


def run_cost(perf: Perf, subject: Subject) -> Cost:
    """Return what a run's work costs at the subject's price, which may be newer than perf.json."""
    if subject.usd_per_hour is None:
        return perf.cost
    counts = perf.totals.output_tokens, perf.totals.requests, perf.totals.failed
    return cost(
        Price(usd_per_hour=subject.usd_per_hour, source=subject.price_source or ""),
        requests_per_s=perf.rates.requests_per_s.value,
        output_tokens_per_request=_per_request(*counts, repetitions=perf.rates.requests_per_s.n),
    )


def _per_request(
    tokens: float | None, requests: int | None, failed: int | None, *, repetitions: int
) -> float | None:
    """Tokens of one pass over the requests of one pass."""
    if tokens is None or not requests or not repetitions:
        return None
    succeeded = requests - (failed or 0)
    return tokens * repetitions / succeeded if succeeded else None


def _table(
    study: Study,
    key: str,
    title: str,
    labels: Sequence[str],
    fields: Sequence[Field],
    note: str | None = None,
) -> Table | None:
    """Return the table of these runs without columns that nobody fills; None if none is left."""
    cells = {
        field: [field.read(study.runs[label], study.subjects[label]) for label in labels]
        for field in fields
    }
    kept = [field for field in fields if any(cell.value is not None for cell in cells[field])]
    if not kept:
        return None
    columns = tuple(
        Column(key=f.key, title=_title(f.key, study.say), unit=f.unit, better=f.better)
        for f in kept
    )
    rows = tuple(
        Row(
            label=label,
            cells=tuple(cells[field][i] for field in kept),
            is_baseline=label == study.baseline,
        )
        for i, label in enumerate(labels)
    )
    return Table(key=key, title=title, columns=columns, rows=rows, note=note)


def _specifications(study: Study) -> Table | None:
    published = [instance(subject.instance_type) for subject in study.subjects.values()]
    sources = dict.fromkeys(source for found in published if found for source in found.sources)
    say = study.say
    return _table(
        study,
        "specifications",
        say("table_specifications"),
        list(study.runs),
        SPECIFICATION,
        note=say("note_specifications", sources="; ".join(sources)) if sources else None,
    )


def _title(key: str, say: Say) -> str:
    return say(key) if key in RATE_KEYS else say(f"col_{key}")


def _grouped(study: Study, by: str, other: str, title: str) -> list[Table]:
    """Return a table for each family (or size) of which several sizes (or families) were run."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for label, subject in study.subjects.items():
        if getattr(subject, by):
            groups[getattr(subject, by)].append(label)
    tables = []
    for name, labels in groups.items():
        if len({getattr(study.subjects[label], other) for label in labels}) < 2:
            continue
        if by == "family":
            labels = sorted(labels, key=lambda label: study.subjects[label].vcpu or 0)  # noqa: PLW2901
        table = _table(
            study,
            f"{by}:{name}",
            study.say(title, name=name),
            labels,
            (*SPECIFICATION[:2], *OLD_STUDY, *RATES),
        )
        if table is not None:
            has_old = any(c.key == "output_chars_per_total_s" for c in table.columns)
            tables.append(replace(table, note=study.say("note_old_rates") if has_old else None))
    return tables


def _times_table(study: Study, metrics: Sequence[Metric], level: str) -> Table | None:
    shown = [m for m in metrics if m.level == level and any(c.ratio for c in m.contrasts)]
    if not shown:
        return None
    cells = {
        metric.key: {
            c.label: Cell(value=c.ratio, interval=c.interval, unit="x", note=c.outcome)
            for c in metric.contrasts
        }
        for metric in shown
    }
    return Table(
        key="times",
        title=study.say("table_times", baseline=study.baseline),
        columns=tuple(Column(key=m.key, title=m.title, unit="x", better="higher") for m in shown),
        rows=tuple(
            Row(label=label, cells=tuple(cells[m.key].get(label, EMPTY) for m in shown))
            for label in study.runs
            if label != study.baseline
        ),
        note=study.say("note_times"),
    )


def _type_table(study: Study, metrics: Sequence[Metric]) -> Table | None:
    shown = [metric for metric in metrics if metric.level == "type"]
    if not shown:
        return None
    cells = {
        metric.key: {
            e.label: Cell(value=e.value, interval=e.interval, unit=metric.unit, note=f"n = {e.n}")
            for e in metric.estimates
        }
        for metric in shown
    }
    return Table(
        key="types",
        title=study.say("table_types"),
        columns=tuple(
            Column(key=m.key, title=m.title, unit=m.unit, better=m.better) for m in shown
        ),
        rows=tuple(
            Row(label=e.label, cells=tuple(cells[m.key].get(e.label, EMPTY) for m in shown))
            for e in shown[0].estimates
        ),
    )


def _ranking_table(study: Study, metrics: Sequence[Metric]) -> Table | None:
    """Who is ahead of whom, for the metrics that verdicts are about."""
    say = study.say
    ranked = [m for m in metrics if m.key in HEADLINES and sum(map(len, m.ranking)) > 1]
    if not ranked:
        return None
    return Table(
        key="ranking",
        title=say("table_ranking"),
        columns=(Column(key="order", title=say("col_order")),),
        rows=tuple(
            Row(
                label=m.title if m.level == "run" else say("ranking_of_types", metric=m.title),
                cells=(Cell(value=_order(m.ranking)),),
            )
            for m in ranked
        ),
        note=say("note_ranking"),
    )


def _order(ranking: Sequence[Sequence[str]]) -> str:
    return " > ".join(shortened([" ≈ ".join(shortened(group)) for group in ranking]))


def _lengths_table(study: Study) -> Table | None:
    known = lengths.output_lengths(study.runs)
    if not lengths.differ(known):
        return None
    bounds = lengths.bounds_at_equal_length(study.runs, known)
    if not bounds:
        return None
    say, least = study.say, lengths.shortest(known)
    return Table(
        key="lengths",
        title=say("table_lengths"),
        columns=(
            Column(key="output_length", title=say("col_output_length")),
            Column(
                key="total_with_load_s",
                title=say("col_total_with_load_s"),
                unit="s",
                better="lower",
            ),
            Column(
                key="at_equal_length",
                title=say("col_at_equal_length", count=least),
                unit="s",
                better="lower",
            ),
        ),
        rows=tuple(
            Row(
                label=label,
                cells=(
                    Cell(value=known[label].low, interval=_if_wide(known[label])),
                    Cell(value=high, unit="s"),
                    Cell(value=None if low < high else high, interval=(low, high), unit="s"),
                ),
                is_baseline=label == study.baseline,
            )
            for label, (low, high) in bounds.items()
        ),
        note=say("note_lengths"),
    )


def _if_wide(length: lengths.Length) -> tuple[float, float] | None:
    return None if length.low == length.high else (length.low, length.high)


def _rate(key: str, unit: str) -> Field:
    def read(perf: Perf, _: Subject) -> Cell:
        rate: Rate = getattr(perf.rates, key)
        return Cell(value=rate.value, interval=rate.ci95, unit=unit, note=rate.source)

    return Field(key=key, unit=unit, better="higher", read=read)


def _total(key: str, unit: str | None, better: Better) -> Field:
    return Field(
        key=key,
        unit=unit,
        better=better,
        read=lambda perf, _: Cell(
            value=getattr(perf.totals, key),
            interval=getattr(perf.totals, f"{key}_ci95", None),
            unit=unit,
        ),
    )


def _latency(key: str) -> Field:
    def read(perf: Perf, _: Subject) -> Cell:
        found: Distribution = getattr(perf.latency, key)
        return Cell(value=found.mean, interval=found.ci95, unit="s")

    return Field(key=key, unit="s", better="lower", read=read)


def _of_subject(key: str, unit: str | None, better: Better | None = None) -> Field:
    return Field(
        key=key,
        unit=unit,
        better=better,
        read=lambda _, subject: Cell(value=getattr(subject, key), unit=unit),
    )


def _of_cost(key: str) -> Field:
    return Field(
        key=key,
        unit="USD",
        better="lower",
        read=lambda perf, subject: Cell(value=getattr(run_cost(perf, subject), key), unit="USD"),
    )


SPECIFICATION = (
    _of_subject("vcpu", None),
    _of_subject("memory_bytes", "bytes"),
    _of_subject("processor", None),
    _of_subject("accelerator", None),
    _of_subject("network", None),
)
OLD_STUDY = (
    _total("total_with_load_s", "s", "lower"),
    _total("prompt_chars_per_total_s", "characters/s", "higher"),
    _total("output_chars_per_total_s", "characters/s", "higher"),
    _total("client_rss_end_bytes", "bytes", "lower"),
)
RATES = (
    _rate("decode_tokens_per_s", "tokens/s"),
    _rate("prompt_tokens_per_s", "tokens/s"),
    _rate("requests_per_s", "1/s"),
)
RATE_KEYS = tuple(field.key for field in RATES)
RESULTS = (
    Field(
        key="highest_met_per_s",
        unit="1/s",
        better="higher",
        read=lambda perf, _: Cell(
            value=None if perf.sweep is None else perf.sweep.highest_met_per_s, unit="1/s"
        ),
    ),
    *RATES,
    _latency("time_to_first_token_s"),
    _latency("end_to_end_s"),
    _total("total_s", "s", "lower"),
    *OLD_STUDY,
    Field(
        key="engine_rss_peak_bytes",
        unit="bytes",
        better="lower",
        read=lambda perf, _: Cell(value=perf.resources.engine_rss_peak_bytes, unit="bytes"),
    ),
    _total("failed", None, "lower"),
    _of_cost("usd_per_1000_articles"),
)
COST = (
    _of_subject("usd_per_hour", "USD/h", "lower"),
    _of_cost("usd_per_1000_articles"),
    _of_cost("usd_per_million_output_tokens"),
    _of_subject("price_source", None),
)
