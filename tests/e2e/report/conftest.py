"""A real headless Chromium, and pages in the files that it opens."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from tests.data_factories.benchmark_run import (
    HostSpeed,
    a_comparison,
    a_run,
    finished,
    historical_results,
    results_of_hosts,
)
from tests.data_factories.html_page import HOSTILE

from yoyak.analysis.compare import compare
from yoyak.report.html import comparison_html, run_html

DEADLINE_S = 30.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests may run as root, as in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Return once the condition holds; fail after the deadline."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"waited {DEADLINE_S} s in vain for {what}"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """The browser; its absence is a failure where TESTS_REQUIRE_BROWSER is set, as in CI."""
    browser, driver = which("chromium"), which("chromedriver")
    if browser is None or driver is None:
        reason = "no chromium with chromedriver; apt-get install chromium chromium-driver"
        if os.environ.get("TESTS_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    options = Options()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page, by name."""
    run = finished(a_run(failures=2, speed=HostSpeed(gpus=1)))
    texts = {
        "run": run_html(run),
        "run in Korean": run_html(run, language="ko"),
        "comparison": comparison_html(
            a_comparison(),
            results_of_hosts(),
            {
                label: {"end_to_end_s": (1.0 * at, 1.5 * at, 2.5 * at)}
                for at, label in enumerate(("r5.4xlarge", "g5.16xlarge"), start=1)
            },
        ),
        "comparison in Korean": comparison_html(a_comparison("ko")),
        "old study": comparison_html(compare(historical_results()), historical_results()),
        "hostile": run_html(finished(a_run(title=HOSTILE, articles=3, repetitions=2))),
    }
    folder = tmp_path_factory.mktemp("pages")
    paths = {}
    for name, text in texts.items():
        paths[name] = folder / f"{name.replace(' ', '-')}.html"
        paths[name].write_text(text, encoding="utf-8")
    return paths


class Reader:
    """Opens pages and waits until their charts are drawn."""

    def __init__(self, chrome: Chrome, pages: dict[str, Path]) -> None:
        self.chrome = chrome
        self._pages = pages

    def open(self, name: str, *, width: int = 1280, dark: bool = False) -> Chrome:
        """Open a page in a window of that width."""
        self.look(width=width, dark=dark)
        for kind in ("browser", "performance"):
            self.log(kind)  # forgets what the last page left
        self.chrome.get(self._pages[name].as_uri())
        wait_for(
            lambda: self.script("return document.documentElement.dataset.charts") == "drawn",
            "the charts",
        )
        return self.chrome

    def look(self, *, width: int = 1280, dark: bool = False, media: str = "") -> None:
        """Set what the reader's device is like."""
        self.chrome.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.chrome.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": media, "features": [scheme]}
        )

    def script(self, script: str, *arguments: object) -> object:
        """Run a script in the page."""
        found: object = self.chrome.execute_script(script, *arguments)
        return found

    def log(self, kind: str) -> list[dict[str, str]]:
        """Return what the browser logged since the page was opened."""
        entries: list[dict[str, str]] = self.chrome.get_log(kind)  # type: ignore[no-untyped-call]  # selenium's
        return entries


@pytest.fixture
def reader(chrome: Chrome, pages: dict[str, Path]) -> Reader:
    """A reader with a browser."""
    return Reader(chrome, pages)
