"""A crawl in place of the bundled dataset, which a keyword in .env brings about."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.stack.compose import Stack, eventually
from tests.e2e.stack.conftest import EMBEDDED, a_stack, often_scraped

pytestmark = pytest.mark.timeout(900)

KEYWORD = "온새미증권"  # the firm that the newsroom writes about
BENCHMARK_S = 120
SCRAPE_S = 40


@pytest.fixture(scope="module")
def stack(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:  # noqa: ARG001 - a fixture may not be marked with another
    """A stack that crawls our newsroom before it benchmarks."""
    folder = tmp_path_factory.mktemp("crawl")
    stack = a_stack(
        folder,
        files=(*EMBEDDED, "tests/e2e/stack/newsroom.yaml", often_scraped(folder)),
        YOYAK_KEYWORD=KEYWORD,
        YOYAK_CRAWL_URL=f"http://newsroom:8090/search?query={KEYWORD}",
        YOYAK_CRAWL_OPTIONS="--allow-host newsroom --delay 0 --max-articles 6",
    )
    try:
        stack.compose(
            *("up", "--detach", "--wait", "--no-build"),
            *("summarizer", "runner", "prometheus", "node-exporter"),
        )
        yield stack
    finally:
        stack.down()


def test_the_benchmark_reads_what_was_crawled(stack: Stack) -> None:
    (run,) = eventually(stack.finished_runs, deadline_s=BENCHMARK_S, what="a finished run")
    articles = json.loads((run / "manifest.json").read_text())["articles"]
    assert len(articles) == 2
    assert all(article["url"].startswith("http://newsroom:8090/") for article in articles)


def test_the_same_keyword_is_not_crawled_again(stack: Stack) -> None:
    said = stack.compose("run", "--rm", "--no-deps", "articles").stderr
    assert "dataset: 6 articles" in said
    assert "pages" not in said


def test_the_crawls_counts_reach_prometheus(stack: Stack) -> None:
    found = eventually(
        lambda: (
            stack.query('newscrawl_articles_total{outcome="ok"}')
            or stack.query("newscrawl_articles_total")
        ),
        deadline_s=SCRAPE_S,
        what="the crawler's counts",
    )
    assert sum(float(series["value"][1]) for series in found) >= 6


def test_a_keyword_with_neither_keys_nor_a_site_ends_with_one_line(stack: Stack) -> None:
    done = stack.compose(
        "run", "--rm", "--no-deps", "articles", also={"YOYAK_CRAWL_URL": ""}, succeeds=False
    )
    assert done.returncode == 2
    assert "error: no keys for Naver's search API: set NAVER_API_HUB_KEY_ID and" in done.stderr
    assert "in the stack: YOYAK_CRAWL_URL" in done.stderr


def test_a_site_without_a_keyword_ends_with_one_line(stack: Stack) -> None:
    done = stack.compose("run", "--rm", "settings", also={"YOYAK_KEYWORD": ""}, succeeds=False)
    assert done.returncode == 2
    assert (
        "error: YOYAK_CRAWL_URL is set, and nothing is crawled without YOYAK_KEYWORD" in done.stderr
    )


def test_without_a_keyword_no_service_needs_the_crawler(tmp_path: Path) -> None:
    told = a_stack(tmp_path).compose("config", "--format", "json").stdout
    services = json.loads(told)["services"]
    assert [name for name, service in services.items() if "crawler" in json.dumps(service)] == []
    assert services["runner"]["environment"]["YOYAK_RUN_DATASET"] == "/dataset"
    assert services["articles"]["image"] == services["runner"]["image"]
