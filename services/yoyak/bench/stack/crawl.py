"""`python -m yoyak.bench.stack.crawl FOLDER`: the dataset of YOYAK_KEYWORD, crawled once.

FOLDER/current then leads to it. A crawl that is complete stays as it is, since other articles would
be another workload; one that was cut off goes on.
"""

import hashlib
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from yoyak.dataset import read_dataset
from yoyak.errors import HostError, UsageError, YoyakError

CURRENT = "current"
ANYTHING = "*"  # as the keyword: all that a site has
TEXTFILE = Path("/textfiles/newscrawl.prom")  # read by node-exporter once the crawl has ended


def crawl_arguments(environ: Mapping[str, str], out: Path) -> list[str]:
    """Return the arguments of newscrawl: Naver's search, or a site if YOYAK_CRAWL_URL names one.

    Raises:
        UsageError: nothing to crawl, or further arguments that no shell could split.
    """
    keyword, url = environ.get("YOYAK_KEYWORD", ""), environ.get("YOYAK_CRAWL_URL", "")
    if not keyword:
        raise UsageError("nothing to crawl; set YOYAK_KEYWORD")
    if keyword == ANYTHING and not url:
        raise UsageError(
            "YOYAK_KEYWORD is *, which is all that a site has, and no site is named; "
            "set YOYAK_CRAWL_URL, or a word to search for"
        )
    try:
        further = shlex.split(environ.get("YOYAK_CRAWL_OPTIONS", ""))
    except ValueError as error:
        raise UsageError(f"YOYAK_CRAWL_OPTIONS: {error}; close the quotes") from error
    if url:
        query = [] if keyword == ANYTHING else ["--query", keyword]
        return ["site", url, *query, "--out", str(out), *further]
    budget = out.parent / "naver-calls.json"
    return ["naver", keyword, "--budget-file", str(budget), "--out", str(out), *further]


def dataset_folder(folder: Path, environ: Mapping[str, str]) -> Path:
    """Return the folder of this crawl: another keyword, site or option has another one."""
    asked = "\0".join(
        environ.get(name, "")
        for name in ("YOYAK_KEYWORD", "YOYAK_CRAWL_URL", "YOYAK_CRAWL_OPTIONS")
    )
    return folder / hashlib.sha256(asked.encode()).hexdigest()[:12]


def provide(folder: Path, environ: Mapping[str, str]) -> int:
    """Crawl unless that was done, point FOLDER/current at it, and return the exit code."""
    out = dataset_folder(folder, environ)
    arguments = crawl_arguments(environ, out)
    done = out / "complete"
    if not done.exists():
        code = subprocess.run(
            [sys.executable, "-m", "newscrawl", *arguments, "--progress", "lines",
             "--metrics-textfile", str(TEXTFILE)],
            check=False,
        ).returncode  # fmt: skip
        if code != 0:
            return code  # its own line says why
    manifest = read_dataset(out).manifest
    try:
        done.touch()
        link = folder / f".{CURRENT}.part"
        link.unlink(missing_ok=True)
        link.symlink_to(out.name)
        link.replace(folder / CURRENT)
    except OSError as error:
        raise HostError(f"{folder} cannot be written ({error.strerror})") from error
    sys.stderr.write(f"dataset: {manifest.articles} articles, {manifest.chars} characters\n")
    return 0


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Provide the dataset and return the exit code."""
    try:
        if len(arguments) != 1:
            raise UsageError("FOLDER is wanted; see docker/articles-crawled.yaml")
        return provide(Path(arguments[0]), environ)
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
