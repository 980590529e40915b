"""The whole way of an article: newsroom, crawl, summarizer, engine; every part the real one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from newsroom.server import serve
from yoyak.dataset import read_dataset

READY_S = 60
FIRM = "온새미증권"


@contextmanager
def service(module: str, *arguments: str) -> Iterator[dict[str, Any]]:
    """Run a service of ours until the context ends; yield the line that it prints when ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments, "--die-with-parent"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(READY_S)
        if process.stdout is not None:
            process.stdout.close()


def quick_engine(folder: Path) -> Path:
    """Write the script of an engine that answers in a fifth of a second."""
    script = folder / "engine.json"
    script.write_text(json.dumps({"timeline": {"gap_s": 0.001}}))
    return script


def test_a_crawl_feeds_the_real_summarizer_whose_engine_is_the_replay(tmp_path: Path) -> None:
    with ExitStack() as stack:
        site = stack.enter_context(serve())
        engine = stack.enter_context(
            service("ollama_replay", "--port", "0", "--script", str(quick_engine(tmp_path)))
        )
        summarizer = stack.enter_context(
            service(
                "summarizer",
                *("--port", "0", "--engine", "ollama", "--engine-url", engine["url"]),
                *("--model", "replay", "--cache", str(tmp_path / "cache")),
            )
        )
        done = subprocess.run(
            [
                *(sys.executable, "-m", "newscrawl", "site", f"{site.url}search?query={FIRM}"),
                *("--query", FIRM, "--max-articles", "3", "--out", str(tmp_path / "dataset")),
                *("--allow-host", "127.0.0.1", "--delay", "0", "--progress", "none"),
                *("--feed", summarizer["url"], "--format", "json"),
            ],
            capture_output=True,
            text=True,
            timeout=READY_S,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    closing = json.loads(done.stdout)
    assert closing["fed"]["delivered"] == closing["dataset_articles"] == 3
    lines = (tmp_path / "dataset" / ".crawl" / "feed.jsonl").read_text().splitlines()
    answers = {entry["id"]: entry["answer"] for entry in map(json.loads, lines)}
    for article in read_dataset(tmp_path / "dataset").articles:
        assert answers[article.id]["summary"]
        assert answers[article.id]["engine"]["prompt_tokens"] > 0
