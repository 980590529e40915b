"""`python -m yoyak.telemetry.dashboards FOLDER`: write every dashboard's JSON."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from yoyak.telemetry.dashboards.compare import compare
from yoyak.telemetry.dashboards.crawl import crawl
from yoyak.telemetry.dashboards.host import one_host
from yoyak.telemetry.dashboards.requests import requests

DASHBOARDS: Mapping[str, Callable[[], str]] = {
    "compare.json": compare,
    "host.json": one_host,
    "requests.json": requests,
    "crawl.json": crawl,
}


def main() -> None:
    """Write the dashboards to the folder that the one argument names."""
    folder = Path(sys.argv[1])
    for name, build in DASHBOARDS.items():
        (folder / name).write_text(build(), encoding="utf-8")


if __name__ == "__main__":
    main()
