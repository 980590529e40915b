"""From a page of the newsroom to the engine's call in one trace, read back from a real store."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.integration.summarizer.running import serving
from tests.trace_store.running import StoredSpan, TraceStore

from newsroom.server import serve as serve_newsroom
from ollama_replay import Model, Replay, Script, Timeline, running
from yoyak.bench.demo import KEYWORD
from yoyak.dataset import read_dataset

pytestmark = pytest.mark.timeout(300)  # the store takes its time on a busy machine

MODEL = "replay:1b"
QUICK = Timeline(
    first_chunk_s=0.01, warm_load_s=0.002, overhead_s=0.001, gap_s=0.001, unasked_tokens=8
)
ARTICLES = 3
DONE_S = 90.0
CHAIN = ("GET", "extract", "POST /v1/summaries", "POST /v1/summaries", f"chat {MODEL}")


@dataclass(frozen=True, slots=True)
class Joined:
    """A crawl that fed a summarizer, and a run through it, all with one store."""

    store: TraceStore
    dataset: Path
    run: Path
    said: str  # on stderr, by both commands and by the service
    engine: Replay

    def crawled(self) -> list[list[StoredSpan]]:
        """Return the trace of each article."""
        log = self.dataset / ".crawl" / "feed.jsonl"
        ids = [json.loads(line)["trace_id"] for line in log.read_text().splitlines()]
        return [self.store.wait_for_trace(trace_id, *CHAIN) for trace_id in ids]

    def requests(self) -> list[dict[str, object]]:
        lines = (self.run / "requests.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def joined(store: TraceStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    folder = tmp_path_factory.mktemp("traces")
    models = (Model(name=MODEL, load_s=0.02, unload_s=0.02),)
    with (
        running(Script(timeline=QUICK, models=models, parallel=8)) as engine,
        serve_newsroom() as site,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in store.environment().items():
            patch.setenv(name, value)
        summarizer = ("--engine", "ollama", "--engine-url", engine.url, "--model", MODEL)
        with serving(*summarizer, YOYAK_INSTANCE_TYPE="r5.4xlarge") as service:
            said = _done(
                *("newscrawl", "site", f"{site.url}search?query={quote(KEYWORD)}"),
                *("--query", KEYWORD, "--max-articles", ARTICLES, "--out", folder / "dataset"),
                *("--allow-host", "127.0.0.1", "--delay", 0, "--progress", "none"),
                *("--feed", service.url),
            )
            said += _done(
                *("yoyak.cli", "run", "--dataset", folder / "dataset", "--out", folder / "runs"),
                *("--engine", "summarizer", "--url", service.url, "--articles", ARTICLES),
                *("--repetitions", 1, "--warmup", 1, "--output-tokens", 8, "--format", "json"),
                *("--article-chars", 5000),
            )
        said += "".join(service.errors)
        (run,) = (folder / "runs").iterdir()
        yield Joined(store, folder / "dataset", run, said, engine)


def chain(spans: list[StoredSpan]) -> list[StoredSpan]:
    """Return the root, its child, the child of that, and so on."""
    by_parent = {span.parent_span_id: span for span in spans}
    found = [by_parent[None]]
    while found[-1].span_id in by_parent:
        found.append(by_parent[found[-1].span_id])
    return found


def _done(module: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DONE_S,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_each_article_is_one_trace_from_its_page_to_the_engines_call(joined: Joined) -> None:
    assert len(read_dataset(joined.dataset).articles) == ARTICLES
    traces = joined.crawled()
    assert len({spans[0].trace_id for spans in traces}) == ARTICLES
    for spans in traces:
        assert tuple(span.name for span in chain(spans)) == CHAIN


def test_times_are_one_clocks_though_three_processes_took_them(joined: Joined) -> None:
    for spans in joined.crawled():
        get, extract, client, server, chat = chain(spans)
        assert get.start_ns <= get.end_ns <= extract.start_ns <= extract.end_ns
        assert extract.end_ns <= client.start_ns <= server.start_ns <= chat.start_ns
        assert chat.end_ns <= server.end_ns <= client.end_ns


def test_the_engines_call_has_the_genai_attributes_and_its_chunks(joined: Joined) -> None:
    chat = next(s for s in joined.crawled()[0] if s.name == CHAIN[4])
    assert chat.attributes["gen_ai.operation.name"] == "chat"
    assert chat.attributes["gen_ai.provider.name"] == "ollama"
    assert chat.attributes["gen_ai.request.model"] == MODEL
    assert chat.attributes["gen_ai.usage.output_tokens"] == 200
    assert chat.attributes["gen_ai.usage.input_tokens"] > 100
    assert chat.attributes["server.address"] == "127.0.0.1"
    first, last = chat.events["first chunk"], chat.events["last chunk"]
    assert chat.start_ns < first < last <= chat.end_ns


def test_every_page_links_to_the_crawl(joined: Joined) -> None:
    links = {link for spans in joined.crawled() for s in spans for link in s.links}
    ((trace_id, span_id),) = links
    (crawl,) = joined.store.wait_for_trace(trace_id, "crawl")
    assert crawl.span_id == span_id


def test_a_run_has_the_ids_of_its_records_and_the_engine_was_told_the_last_of_them(
    joined: Joined,
) -> None:
    records = joined.requests()
    assert len(records) == 1 + ARTICLES
    told = {record["traceparent"] for record in joined.engine.truth() if "traceparent" in record}
    runs = set()
    for record in records:
        spans = joined.store.wait_for_trace(str(record["trace_id"]), *CHAIN[2:])
        root = next(span for span in spans if span.parent_span_id is None)
        assert root.span_id == record["span_id"]
        assert root.attributes["yoyak.request_id"] == record["request_id"]
        chat = next(span for span in spans if span.name == CHAIN[4])
        assert f"00-{chat.trace_id}-{chat.span_id}-01" in told
        runs.update(root.links)
    ((trace_id, span_id),) = runs
    spans = joined.store.wait_for_trace(trace_id, "run", f"load {MODEL}")
    run = next(span for span in spans if span.name == "run")
    assert (run.span_id, run.attributes["yoyak.run_id"]) == (span_id, joined.run.name)


def test_no_name_holds_an_address_or_a_keyword_and_nothing_was_complained_of(
    joined: Joined,
) -> None:
    for trace_id in joined.store.trace_ids():
        for span in joined.store.trace(trace_id):
            assert KEYWORD not in span.name
            assert "http" not in span.name
    assert "spans" not in joined.said
