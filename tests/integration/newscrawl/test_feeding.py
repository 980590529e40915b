"""`--feed`: each article goes to the summarizer as it arrives, and none is lost on the way."""

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from yoyak.dataset import read_dataset

if TYPE_CHECKING:
    from tests.integration.newscrawl.conftest import Reply, Request, Server

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]

ARTICLES = 6
JSON = {"Content-Type": "application/json"}
SUMMARY = {"summary": "요약", "finish_reason": "stop", "engine": {}}


@pytest.fixture
def address(
    site: "Server",
    reply: "type[Reply]",
    page: Callable[..., str],
    story: Callable[[int], tuple[str, ...]],
) -> str:
    """A feed of six articles; returns its address."""
    paths = [f"/news/{1000 + number}" for number in range(ARTICLES)]
    for number, path in enumerate(paths):
        site.routes[path] = reply(page(f"너울군 소식 {number}", *story(number)))
    items = "".join(f"<item><link>{site.url}{path[1:]}</link></item>" for path in paths)
    site.routes["/rss.xml"] = reply(
        f"<rss version='2.0'><channel>{items}</channel></rss>",
        headers={"Content-Type": "application/rss+xml"},
    )
    return f"{site.url}rss.xml"


@pytest.fixture
def summarizer(other_site: "Server", reply: "type[Reply]") -> "Server":
    """A service that summarizes everything at once."""
    other_site.routes["/healthz"] = reply("ok")
    other_site.routes["/v1/summaries"] = reply(json.dumps(SUMMARY), headers=JSON)
    return other_site


def posted(summarizer: "Server") -> "list[Request]":
    return [request for request in summarizer.requests if request.path == "/v1/summaries"]


def settled(tmp_path: Path) -> list[dict[str, object]]:
    log = tmp_path / "dataset" / ".crawl" / "feed.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()]


def problem(detail: str) -> str:
    return json.dumps({"type": "about:blank", "title": "problem", "detail": detail})


def test_every_article_is_posted_once_in_a_trace_of_its_own(
    address: str, summarizer: "Server", crawl: Crawl, tmp_path: Path
) -> None:
    done = crawl("site", address, "--feed", summarizer.url, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    sent = [json.loads(request.body)["article"] for request in posted(summarizer)]
    dataset = read_dataset(tmp_path / "dataset").articles
    assert sorted(a["id"] for a in sent) == sorted(a.id for a in dataset)
    assert {a["text"] for a in sent} == {a.text for a in dataset}
    parents = [request.headers["traceparent"] for request in posted(summarizer)]
    assert all(re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", parent) for parent in parents)
    assert len(set(parents)) == ARTICLES
    assert json.loads(done.stdout)["fed"] == {"delivered": 6, "refused": 0, "undelivered": 0}


def test_a_second_crawl_sends_nothing_again(
    address: str, summarizer: "Server", crawl: Crawl
) -> None:
    crawl("site", address, "--feed", summarizer.url)
    crawl("site", address, "--feed", summarizer.url)
    assert len(posted(summarizer)) == ARTICLES


def test_articles_of_a_crawl_without_feeding_are_delivered_by_the_next_with_it(
    address: str, summarizer: "Server", crawl: Crawl
) -> None:
    crawl("site", address)
    done = crawl("site", address, "--feed", summarizer.url)
    assert done.returncode == 0, done.stderr
    assert len(posted(summarizer)) == ARTICLES


def test_a_busy_service_is_waited_for(
    address: str, summarizer: "Server", reply: "type[Reply]", crawl: Crawl
) -> None:
    def busy_twice(_request: "Request") -> "Reply":
        if len(posted(summarizer)) <= 2:
            return reply(problem("full"), 429, {**JSON, "Retry-After": "1"})
        return reply(json.dumps(SUMMARY), headers=JSON)

    summarizer.routes["/v1/summaries"] = busy_twice
    done = crawl("site", address, "--feed", summarizer.url, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fed"]["delivered"] == ARTICLES


def test_no_more_than_the_agreed_number_are_under_way(
    address: str, summarizer: "Server", reply: "type[Reply]", crawl: Crawl
) -> None:
    lock = threading.Lock()
    under_way: list[int] = [0, 0]  # now, and at most

    def slow(_request: "Request") -> "Reply":
        with lock:
            under_way[0] += 1
            under_way[1] = max(under_way)
        time.sleep(0.2)  # a service at work, not a wait for a condition
        with lock:
            under_way[0] -= 1
        return reply(json.dumps(SUMMARY), headers=JSON)

    summarizer.routes["/v1/summaries"] = slow
    done = crawl("site", address, "--feed", summarizer.url, "--feed-concurrency", "2")
    assert done.returncode == 0, done.stderr
    assert under_way[1] == 2


def test_what_the_service_refuses_is_a_dead_letter(
    address: str, summarizer: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    def one_too_long(request: "Request") -> "Reply":
        if json.loads(request.body)["article"]["title"].endswith("소식 3"):
            return reply(problem("the prompt does not fit"), 413, JSON)
        return reply(json.dumps(SUMMARY), headers=JSON)

    summarizer.routes["/v1/summaries"] = one_too_long
    done = crawl("site", address, "--feed", summarizer.url)
    assert done.returncode == 1
    (error,) = done.stderr.splitlines()
    assert "dead-letter.jsonl" in error
    dead = tmp_path / "dataset" / ".crawl" / "dead-letter.jsonl"
    (letter,) = [json.loads(line) for line in dead.read_text().splitlines()]
    assert letter["article"]["title"] == "너울군 소식 3"
    assert letter["problem"] == "the prompt does not fit"
    assert len(read_dataset(tmp_path / "dataset").articles) == ARTICLES


def test_a_service_that_keeps_failing_on_an_article_gets_three_tries(
    address: str, summarizer: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    def fails_on_one(request: "Request") -> "Reply":
        if json.loads(request.body)["article"]["title"].endswith("소식 2"):
            return reply(problem("the engine failed"), 502, JSON)
        return reply(json.dumps(SUMMARY), headers=JSON)

    summarizer.routes["/v1/summaries"] = fails_on_one
    done = crawl("site", address, "--feed", summarizer.url)
    assert done.returncode == 1
    assert len(posted(summarizer)) == ARTICLES - 1 + 3
    (refused,) = [entry for entry in settled(tmp_path) if entry["outcome"] == "refused"]
    assert refused["attempts"] == 3


def test_a_service_that_stays_away_is_given_up_and_the_next_crawl_delivers(
    address: str, summarizer: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    summarizer.routes["/v1/summaries"] = reply(problem("not ready"), 503, JSON)
    done = crawl("site", address, "--feed", summarizer.url, "--feed-patience", "0")
    assert done.returncode == 3
    assert "the same command delivers them" in done.stderr
    assert len(read_dataset(tmp_path / "dataset").articles) == ARTICLES
    summarizer.routes["/v1/summaries"] = reply(json.dumps(SUMMARY), headers=JSON)
    again = crawl("site", address, "--feed", summarizer.url)
    assert again.returncode == 0, again.stderr
    assert len(settled(tmp_path)) == ARTICLES


def test_a_summarizer_that_is_not_there_is_told_before_anything_is_fetched(
    site: "Server", address: str, crawl: Crawl
) -> None:
    done = crawl("site", address, "--feed", "http://127.0.0.1:9")
    assert done.returncode == 3
    (error,) = done.stderr.splitlines()
    assert "yoyak serve" in error
    assert not site.requests


def test_ctrl_c_while_the_last_articles_are_handed_over_keeps_the_rest_for_later(
    address: str,
    summarizer: "Server",
    reply: "type[Reply]",
    command: Callable[..., list[str]],
    crawl: Crawl,
    tmp_path: Path,
) -> None:
    summarizer.routes["/v1/summaries"] = reply(stall=True)
    process = subprocess.Popen(
        command("site", address, "--feed", summarizer.url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while len(posted(summarizer)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    summarizer.routes["/v1/summaries"] = reply(json.dumps(SUMMARY), headers=JSON)
    again = crawl("site", address, "--feed", summarizer.url)
    assert again.returncode == 0, again.stderr
    assert len(settled(tmp_path)) == ARTICLES
