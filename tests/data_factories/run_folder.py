"""A run folder on disk, written through the product's own writer."""

from pathlib import Path

from yoyak.bench.finish import results, summaries
from yoyak.store.codec import to_json
from yoyak.store.run_folder import PERF, SAMPLES, SUMMARY, Run, RunWriter


def write_run(run: Run, path: Path, *, is_finished: bool = True) -> Path:
    """Write a run's records, and unless it was killed its results, but no report of 1 MB."""
    with RunWriter(path) as writer:
        writer.write_manifest(run.manifest)
        for load in run.loads:
            writer.append_load(load)
        for request in run.requests:
            writer.append_request(request)
    lines = "".join(to_json(sample) + "\n" for sample in run.samples)
    (path / SAMPLES).write_text(lines, encoding="utf-8")
    if is_finished:
        (path / PERF).write_text(to_json(results(run), indent=2), encoding="utf-8")
        written = ",\n".join(to_json(summary) for summary in summaries(run))
        (path / SUMMARY).write_text(f"[{written}]", encoding="utf-8")
    return path
