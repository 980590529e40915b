"""The end of a run: summaries, results and report, made from the folder's records alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from yoyak.analysis.findings import cut_lines, gravest_first
from yoyak.analysis.findings.calibration import calibration_findings
from yoyak.analysis.perf import build_perf
from yoyak.bench.calibration_cache import read_calibration
from yoyak.bench.identity import iso_utc
from yoyak.records import Finding, Manifest, Perf, RequestRecord, Summary
from yoyak.report.html import run_html
from yoyak.store.codec import to_json
from yoyak.store.run_folder import (
    CALIBRATION,
    PERF,
    REPORT,
    SUMMARY,
    Run,
    read_records,
    read_run,
    replace_file,
)
from yoyak.units import US_PER_S, seconds


def finish_run(path: Path, *, also: Sequence[Finding] = ()) -> Perf:
    """Write summary.json, perf.json and report.html into a run folder, and return the results.

    The same records give the same files, so a run that was killed can be finished later, and a
    newer yoyak can publish an old run again.
    """
    run = read_records(path)
    perf = results(run, also=also)
    lines = ",\n".join("  " + to_json(summary) for summary in summaries(run))
    replace_file(path / SUMMARY, f"[\n{lines}\n]\n")
    replace_file(path / PERF, to_json(perf, indent=2) + "\n")
    replace_file(path / REPORT, run_html(read_run(path)))
    return perf


def results(run: Run, *, also: Sequence[Finding] = ()) -> Perf:
    """Return the results of a run's records, at the price that its options name."""
    option = run.manifest.options.get("price")
    price = None if option is None else option.value
    calibration = read_calibration(run.path / CALIBRATION)
    perf = build_perf(
        run.manifest,
        run.requests,
        run.loads,
        run.samples,
        finished_at=finished_at(run.manifest, run.requests),
        usd_per_hour=float(price) if isinstance(price, int | float) else None,
        also=(*cut_lines(run.cut_lines), *also),
        calibration=calibration,
        blocks=run.blocks,
        superseded=len(run.superseded),
    )
    doubts = calibration_findings(calibration, perf.workload, perf.totals)
    return replace(perf, findings=gravest_first([*perf.findings, *doubts]))


def finished_at(manifest: Manifest, requests: tuple[RequestRecord, ...]) -> str | None:
    """Return the wall-clock time of the last request's end: the anchor plus its stamp."""
    if not requests:
        return None
    last_s = seconds(max(record.done_ns for record in requests))
    began = datetime.fromisoformat(manifest.started_at)
    return iso_utc(began + timedelta(microseconds=round(last_s * US_PER_S)))


def summaries(run: Run) -> tuple[Summary, ...]:
    """Return what the model wrote in the measured requests that succeeded."""
    known = {article.id: article for article in run.manifest.articles}
    return tuple(
        Summary(
            article_id=record.article_id,
            title=known[record.article_id].title,
            url=known[record.article_id].url,
            summary=record.output,
            prompt_chars=record.prompt_chars,
            output_chars=record.output_chars,
            finish_reason=record.finish_reason,
            repetition=record.repetition,
        )
        for record in run.requests
        if not record.is_warmup and record.error is None
    )
