"""The whole pipeline on one machine: newsroom, crawl, synthetic model, summarizer, benchmark."""

from dataclasses import dataclass
from pathlib import Path

from yoyak.bench.children import service
from yoyak.bench.progress import Progress

NEWSROOM_READY_S = 20.0
SUMMARIZER_READY_S = 120.0  # includes loading the model
KEYWORD = "온새미증권"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What a demo does; the defaults end well within a minute on two cores."""

    preset: str = "small"
    articles: int = 4
    article_chars: int = 1200
    repetitions: int = 5
    output_tokens: int = 64
    cache: Path
    out: Path


def crawl_newsroom(dataset: Path, progress: Progress) -> None:
    """Serve the bundled newsroom on a loopback port and crawl it with the real spider."""
    with (
        service("newsroom", ("--port", "0", "--die-with-parent"), ready_s=NEWSROOM_READY_S) as site,
        progress.step("crawl of the bundled newsroom") as step,
    ):
        arguments = (
            "site",
            f"{site['url']}search?query={KEYWORD}",
            *("--query", KEYWORD, "--out", str(dataset)),
            # Explicit, for these are not the crawler's defaults: a loopback site, no delay.
            *("--allow-host", "127.0.0.1", "--delay", "0", "--progress", "json"),
        )
        _crawl(arguments, step.update)
