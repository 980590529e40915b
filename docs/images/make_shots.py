"""Take the README's pictures: the first screen of the newest run's report. Run by `make shots`."""

import sys
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).parents[2]
WIDTH, HEIGHT = 1100, 1500
DRAWN_WITHIN_S = 20.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    f"--window-size={WIDTH},{HEIGHT}",
)


def main() -> None:
    """Write report.png beside this file."""
    reports = sorted(ROOT.glob("runs/*/report.html"))
    if not reports:
        sys.exit("error: runs/ holds no report; make one: make demo")
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in FLAGS:
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        browser.get(reports[-1].as_uri())
        WebDriverWait(browser, DRAWN_WITHIN_S).until(
            lambda page: page.execute_script(
                "return document.querySelectorAll('svg, canvas').length"
            )
        )
        browser.save_screenshot(str(Path(__file__).with_name("report.png")))
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
