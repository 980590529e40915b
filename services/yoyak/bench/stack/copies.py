"""Copies of finished runs at YOYAK_RUNS_URL, so that the runs of many hosts meet in one place."""

from pathlib import Path

from yoyak.errors import HostError, UsageError
from yoyak.store.remote import opened
from yoyak.store.run_folder import PERF, REPORT

URL = "YOYAK_RUNS_URL"


def copy_finished_runs(runs: Path, url: str) -> tuple[str, ...]:
    """Copy each finished run that is not there yet; return their ids.

    A run's perf.json goes last: where it is, the rest is complete.

    Raises:
        HostError: the address cannot be opened or written; every run is still in `runs`.
    """
    copied = []
    try:
        with opened(url) as (files, root):
            for run in sorted(path.parent for path in runs.glob(f"*/{REPORT}")):
                there = f"{root.rstrip('/')}/{run.name}"
                if files.exists(f"{there}/{PERF}"):
                    continue
                files.makedirs(there, exist_ok=True)
                for file in sorted(run.iterdir(), key=lambda path: path.name == PERF):
                    if file.is_file():
                        files.put_file(str(file), f"{there}/{file.name}")
                copied.append(run.name)
    except (HostError, UsageError) as error:
        raise HostError(
            f"runs are not copied to {URL} ({error}); they stay in the runs folder. s3:// and "
            "sftp:// need the image built with YOYAK_IMAGE_STORES=1; once mended: "
            "docker compose restart runner"
        ) from error
    return tuple(copied)
