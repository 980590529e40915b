"""What reports cost: time and size of pages and files, against the limits of the design.

    .venv/bin/python benchmarks/report.py

The first page of a process also loads the chart library; it is told apart.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
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

from yoyak.analysis.compare import compare  # noqa: E402
from yoyak.analysis.rates import of_values  # noqa: E402
from yoyak.records import Perf  # noqa: E402
from yoyak.report.html import comparison_html, run_html  # noqa: E402
from yoyak.report.images import write_comparison_images, write_run_images  # noqa: E402
from yoyak.report.page import vega_bundle  # noqa: E402

MOST_PAGE_BYTES = 2_000_000  # of a run of 1,000 requests; a comparison of 200 keeps it too
HOSTS = 200


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Return how long the work took, in seconds, and what it gave."""
    began = time.perf_counter()
    made = work()
    return time.perf_counter() - began, made


def another_host(perf: Perf, number: int) -> Perf:
    """Return the run as a host of its own type and speed would have had it."""
    speed = 1 + number / HOSTS
    scaled = {}
    for name in perf.rates.__dataclass_fields__:
        rate = getattr(perf.rates, name)
        values = [value * speed for value in rate.repetition_values]
        scaled[name] = of_values(values, rate.source or "client")
    return replace(
        perf,
        run_id=f"run-{number}",
        host={"instance_type": f"f{number % 40}.{number // 40}xlarge", "hostname": f"h{number}"},
        rates=replace(perf.rates, **scaled),
        cost=replace(
            perf.cost,
            usd_per_hour=1.0 + number,
            usd_per_1000_articles=None,
            usd_per_million_output_tokens=None,
        ),
    )


def main() -> int:
    """Print the table; 1 if a limit is missed."""
    bundle_s, _ = timed(vega_bundle)
    small = finished(a_run())
    large = finished(a_run(articles=200, repetitions=5, output_tokens=200))
    comparison, perfs = a_comparison("ko"), results_of_hosts()
    many = [another_host(perfs[0], number) for number in range(HOSTS)]
    rows: list[dict[str, object]] = [{"what": "chart library", "s": round(bundle_s, 2)}]
    pages: dict[str, Callable[[], str]] = {
        "page of 40 requests": lambda: run_html(small),
        "page of 1,000 requests, Korean": lambda: run_html(large, language="ko"),
        "page of 4 hosts": lambda: comparison_html(comparison, perfs),
        f"page of {len(many)} hosts": lambda: comparison_html(compare(many), many),
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
