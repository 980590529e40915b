"""A crawl in place of the bundled dataset."""

import json
from collections.abc import Iterator

import pytest
from tests.e2e.stack.compose import Stack, eventually
from tests.e2e.stack.conftest import EMBEDDED, a_stack

pytestmark = pytest.mark.timeout(900)

KEYWORD = "온새미증권"  # the firm that the newsroom writes about
BENCHMARK_S = 120
SCRAPE_S = 40


@pytest.fixture(scope="module")
def stack(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:  # noqa: ARG001 - a fixture may not be marked with another
    """A stack that crawls our newsroom before it benchmarks."""
    stack = a_stack(
        tmp_path_factory.mktemp("crawl"),
        files=(*EMBEDDED, "docker/compose.crawl.yaml", "tests/e2e/stack/newsroom.yaml"),
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
    said = stack.compose("run", "--rm", "--no-deps", "crawler").stderr
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


def test_a_crawl_of_nothing_ends_with_one_line(stack: Stack) -> None:
    done = stack.compose(
        "run", "--rm", "--no-deps", "crawler",
        also={"YOYAK_KEYWORD": "", "YOYAK_CRAWL_URL": ""}, succeeds=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "set YOYAK_KEYWORD" in done.stderr
