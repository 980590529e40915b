"""Every dashboard, by the name of its file."""

from collections.abc import Callable, Mapping

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
