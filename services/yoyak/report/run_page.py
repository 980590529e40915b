"""The report of one run as one self-contained page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from yoyak.analysis.comparison import Cell, Column, Row, Table
from yoyak.analysis.durations import time_to_first_token_s
from yoyak.analysis.findings import cut_lines
from yoyak.analysis.perf import is_open_loop
from yoyak.records import Finding, Perf, RequestRecord, Summary
from yoyak.report.answer import cards, facts, heading, lede
from yoyak.report.cells import TableText, table_text
from yoyak.report.findings import sort_findings
from yoyak.report.messages import Messages
from yoyak.report.numbers import show
from yoyak.report.page import render
from yoyak.report.run_figures import run_figures
from yoyak.report.run_tables import loads_table, run_tables
from yoyak.report.series import repetition_spans, run_span_s
from yoyak.store.run_folder import Run
from yoyak.units import seconds

MOST_REQUESTS = 400  # rows of the table; requests.jsonl has them all
MOST_SUMMARY_CHARS = 60_000  # about 180 kB of Korean; summary.json has them all
MOST_WINDOWS = 40  # repetitions to choose from


@dataclass(frozen=True, slots=True)
class _Window:
    label: str
    from_s: float
    to_s: float


def run_html(run: Run, *, language: str = "en") -> str:
    """Return the report of one run as an HTML page that needs nothing else.

    A run without results (killed, or still going on) is shown as far as its records go.

    Raises:
        UsageError: no such language.
    """
    t = Messages(language)
    manifest, perf = run.manifest, run.perf
    title = heading(t, manifest)
    tables = [] if perf is None else [table_text(table) for table in run_tables(t, perf)]
    if run.loads:
        tables = [table for table in tables if table.key != "model_load"]
        tables.insert(min(3, len(tables)), table_text(loads_table(t, run.loads)))
    return render(
        "run.html.j2",
        t,
        title=f"{title} · yoyak",
        groups=run_figures(t, run),
        context={
            "heading": title,
            "run_id": manifest.run_id,
            "started_at": manifest.started_at,
            "started_at_words": moment(manifest.started_at),
            "lede": None if perf is None else lede(t, perf),
            "facts": facts(t, manifest),
            "synthetic": manifest.engine.model.synthetic is True,
            "cards": [] if perf is None else cards(t, perf),
            "finding_list": sort_findings(t, [*_of_the_folder(t, run), *_findings(perf)]),
            "tables": tables,
            "windows": _windows(t, run),
            "environment": _environment(t, run),
            "options": table_text(_options(t, run)),
            "requests": _requests(t, run),
            "summaries": _summaries(t, run.summaries),
        },
    )


def moment(iso: str) -> str:
    """Return a time stamp to the minute, with its zone: "2026-11-23 05:44 UTC"."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{when:%Y-%m-%d %H:%M} {when.tzname() or ''}".rstrip()


def _findings(perf: Perf | None) -> tuple[Finding, ...]:
    return () if perf is None else perf.findings


def _of_the_folder(t: Messages, run: Run) -> list[Finding]:
    """Return the doubts that the folder itself raises."""
    found = []
    if run.perf is None:
        found.append(
            Finding(
                code="unfinished-run",
                severity="invalid",
                message=t("unfinished_run"),
                mend=t("unfinished_run_mend"),
                wording="unfinished-run",
            )
        )
    if not any(finding.code == "cut-line" for finding in _findings(run.perf)):
        found.extend(cut_lines(run.cut_lines))  # the file was cut after the results were made
    return found


def _windows(t: Messages, run: Run) -> list[_Window]:
    spans = repetition_spans(t, run.requests, run.loads)
    if len(spans) < 2:
        return []
    whole = _Window(t("whole_run"), 0, run_span_s(run.requests, run.loads, run.samples))
    return [whole, *(_Window(s.label, s.from_s, s.to_s) for s in spans[:MOST_WINDOWS])]


def _environment(t: Messages, run: Run) -> list[TableText]:
    manifest = run.manifest
    engine = asdict(manifest.engine)
    model = engine.pop("model")
    workload = asdict(manifest.workload)
    workload["article_ids"] = len(manifest.workload.article_ids)
    run_facts = {
        "run_id": manifest.run_id,
        "started_at": manifest.started_at,
        "command": " ".join(manifest.command),
        "clock": manifest.clock.get("name"),
        "clock_resolution_ns": manifest.clock.get("resolution_ns"),
        **{f"version: {name}": version for name, version in manifest.versions.items()},
    }
    return [
        table_text(_facts_table(t, key, found))
        for key, found in (
            ("host", manifest.host),
            ("engine", engine),
            ("model", model),
            ("workload", workload),
            ("run", run_facts),
        )
    ]


def _facts_table(t: Messages, key: str, found: Mapping[str, Any]) -> Table:
    """Return facts under the names that they have in manifest.json."""
    rows = tuple(Row(label=name, cells=(_fact(t, name, value),)) for name, value in found.items())
    columns = (Column(key="value", title=t("value")),)
    return Table(key=key, title=t(f"facts_{key}"), columns=columns, rows=rows)


def _fact(t: Messages, name: str, value: object) -> Cell:
    if value is None or isinstance(value, bool):
        return Cell(value=None if value is None else t("yes" if value else "no"))
    if isinstance(value, int | float) and name.endswith("_bytes"):
        shown = show(float(value), unit="bytes")
        return Cell(value=shown.text if shown else None)
    if isinstance(value, list | tuple):
        return Cell(value=", ".join(str(part) for part in value) or t("none"))
    return Cell(value=str(value))


def _options(t: Messages, run: Run) -> Table:
    rows = tuple(
        Row(
            label=name,
            cells=(_fact(t, name, option.value), Cell(value=t(f"origin_{option.origin}"))),
        )
        for name, option in run.manifest.options.items()
    )
    return Table(
        key="options",
        title=t("options"),
        columns=(
            Column(key="value", title=t("value")),
            Column(key="origin", title=t("came_from")),
        ),
        rows=rows,
        note=t("options_note"),
    )


def _requests(t: Messages, run: Run) -> Mapping[str, Any]:
    """Return the requests to list: the first ones and every failed one, in order of sending."""
    ordered = sorted(run.requests, key=lambda record: record.sent_ns)
    kept = [r for i, r in enumerate(ordered) if i < MOST_REQUESTS or r.error is not None]
    open_loop = is_open_loop(run.manifest.workload)
    table = Table(
        key="requests",
        title=t("requests_title"),
        columns=(
            Column(key="repetition", title=t("repetition")),
            Column(key="article", title=t("article")),
            Column(key="kind", title=t("kind")),
            Column(key="sent", title=t("sent_at_s")),
            Column(key="first", title=t("latency.time_to_first_token_s"), unit="s"),
            Column(key="took", title=t("request_took"), unit="s"),
            Column(key="prompt_tokens", title=t("prompt_tokens")),
            Column(key="output_tokens", title=t("output_tokens")),
        ),
        rows=tuple(_request_row(t, record, open_loop=open_loop) for record in kept),
    )
    return {"rows": kept, "total": len(ordered), "view": table_text(table)}


def _request_row(t: Messages, record: RequestRecord, *, open_loop: bool) -> Row:
    if record.error is not None:
        kind = f"{t('kind_failed')}: {record.error}"
    else:
        kind = t("kind_warmup" if record.is_warmup else "kind_measured")
    return Row(
        label=record.request_id,
        cells=(
            Cell(value=record.repetition + 1),
            Cell(value=record.article_id),
            Cell(value=kind, note=record.error_message),
            Cell(value=seconds(record.sent_ns)),
            Cell(value=time_to_first_token_s(record, open_loop=open_loop)),
            Cell(value=seconds(record.done_ns - record.sent_ns)),
            Cell(value=record.prompt_tokens),
            Cell(value=record.output_tokens),
        ),
    )


def _summaries(t: Messages, summaries: Sequence[Summary]) -> Mapping[str, Any]:
    """Return the summaries to show: those of the first repetition, up to a bounded length."""
    first = min((summary.repetition for summary in summaries), default=0)
    shown: list[Mapping[str, Any]] = []
    chars = 0
    for summary in summaries:
        if summary.repetition != first:
            continue
        chars += len(summary.summary)
        if shown and chars > MOST_SUMMARY_CHARS:
            break
        is_web = (summary.url or "").startswith(("http://", "https://"))
        shown.append(
            {
                "title": summary.title,
                "url": summary.url,
                "link": summary.url if is_web else None,
                "meta": t(
                    "summary_meta",
                    repetition=summary.repetition + 1,
                    prompt_chars=summary.prompt_chars,
                    output_chars=summary.output_chars,
                    finish=summary.finish_reason or t("unknown"),
                ),
                "text": summary.summary,
            }
        )
    return {"shown": shown, "total": len(summaries)}
