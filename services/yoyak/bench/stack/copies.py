"""Copies of finished runs at YOYAK_RUNS_URL, so that the runs of many hosts meet in one place."""

from collections.abc import Mapping
from pathlib import Path

from fsspec import get_filesystem_class

from yoyak.errors import HostError, UsageError
from yoyak.store.remote import EXTRAS, opened
from yoyak.store.run_folder import PERF, REPORT

URL = "YOYAK_RUNS_URL"


def copies_url(environ: Mapping[str, str]) -> str | None:
    """Return where finished runs are copied to, None for nowhere: known before hours of benchmarks.

    Raises:
        UsageError: it is no address of s3 or sftp.
        HostError: the image was built without what it needs.
    """
    url = environ.get(URL, "")
    if not url:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in EXTRAS or not rest.strip("/"):
        raise UsageError(f'{URL} is "{url}"; it takes s3://bucket/runs or sftp://user@host/runs')
    try:
        get_filesystem_class(scheme)
    except ImportError as error:
        raise HostError(
            f"{URL} is {scheme}://..., which this image cannot write: set YOYAK_IMAGE_STORES=1 and "
            "build it again: docker compose build runner"
        ) from error
    return url


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
