"""examples/dataset is what the real spider finds in the bundled newsroom today."""

import subprocess
import sys
from pathlib import Path

from newsroom.articles import load
from yoyak.bench.children import service
from yoyak.dataset import read_dataset

EXAMPLE = Path(__file__).parents[3] / "examples" / "dataset"


def test_a_crawl_of_the_newsroom_gives_the_example_dataset(tmp_path: Path) -> None:
    with service("newsroom", ("--port", "0", "--die-with-parent"), ready_s=30) as site:
        subprocess.run(
            [
                *(sys.executable, "-m", "newscrawl", "site", f"{site['url']}sitemap.xml"),
                *("--out", str(tmp_path / "dataset"), "--allow-host", "127.0.0.1"),
                *("--delay", "0", "--concurrency", "4", "--progress", "none"),
            ],
            check=True,
            capture_output=True,
            timeout=100,
        )
    crawled = read_dataset(tmp_path / "dataset")
    assert crawled.manifest.dataset_sha256 == read_dataset(EXAMPLE).manifest.dataset_sha256


def test_the_example_dataset_holds_the_newsrooms_true_texts() -> None:
    truth = {article.path: article.text for article in load()}
    for article in read_dataset(EXAMPLE).articles:
        assert article.url is not None
        assert article.text == truth[article.url.removeprefix("http://127.0.0.1:8080")]
