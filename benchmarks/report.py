"""What reports cost: time and size of pages and files, against the limits of the design.

    .venv/bin/python benchmarks/report.py

The first page of a process also loads the chart library; it is told apart.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # the seeded runs are the tests' own
    sys.path.insert(0, str(ROOT))

from tests.data_factories.benchmark_run import (  # noqa: E402 -- after the path
    a_comparison,
    a_run,
    finished,
    results_of_hosts,
)

from yoyak.report.html import comparison_html, run_html  # noqa: E402
from yoyak.report.images import write_comparison_images, write_run_images  # noqa: E402
from yoyak.report.page import vega_bundle  # noqa: E402
from yoyak.units import MIB  # noqa: E402

MOST_PAGE_BYTES = 2 * MIB  # of a run of 1,000 requests


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Return how long the work took, in seconds, and what it gave."""
    began = time.perf_counter()
    made = work()
    return time.perf_counter() - began, made


def main() -> int:
    """Print the table; 1 if a limit is missed."""
    bundle_s, _ = timed(vega_bundle)
    small = finished(a_run())
    large = finished(a_run(articles=200, repetitions=5, output_tokens=200))
    comparison, perfs = a_comparison("ko"), results_of_hosts()
    rows: list[dict[str, object]] = [{"what": "chart library", "s": round(bundle_s, 2)}]
    pages: dict[str, Callable[[], str]] = {
        "page of 40 requests": lambda: run_html(small),
        "page of 1,000 requests, Korean": lambda: run_html(large, language="ko"),
        "page of 4 hosts": lambda: comparison_html(comparison, perfs),
    }
    is_within = True
    for what, make in pages.items():
        page_s, page = timed(make)
        size = len(str(page).encode())
        is_within &= size < MOST_PAGE_BYTES
        rows.append({"what": what, "s": round(page_s, 2), "bytes": size})
    with tempfile.TemporaryDirectory() as folder:
        for what, write in (
            ("PNG files of a run", lambda: write_run_images(large, Path(folder) / "run")),
            (
                "PNG files of 4 hosts",
                lambda: write_comparison_images(comparison, Path(folder) / "hosts"),
            ),
        ):
            files_s, _ = timed(write)
            count = len(list(Path(folder).rglob("*.png")))
            rows.append({"what": what, "s": round(files_s, 2), "files so far": count})
    for row in rows:
        print(json.dumps(row))
    return 0 if is_within else 1


if __name__ == "__main__":
    sys.exit(main())
