"""The crawler's spans in a store, and a crawl whose store is in trouble."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.integration.traces.conftest import environment
from tests.integration.traces.receivers import http_receiver

if TYPE_CHECKING:
    from tests.integration.newscrawl.conftest import Reply, Server

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def address(
    site: "Server",
    reply: "type[Reply]",
    page: Callable[..., str],
    story: Callable[[int], tuple[str, ...]],
) -> str:
    """A feed of one article, one page that is gone and one that moved; returns its address."""
    site.routes["/news/1001"] = reply(page("너울군 소식", *story(1)))
    site.routes["/news/1002"] = reply("gone", 404)
    site.routes["/news/1003"] = reply("", 301, {"Location": f"{site.url}news/1004"})
    site.routes["/news/1004"] = reply(page("산내면 소식", *story(2)))
    items = "".join(f"<item><link>{site.url}news/{n}</link></item>" for n in (1001, 1002, 1003))
    site.routes["/rss.xml"] = reply(
        f"<rss version='2.0'><channel>{items}</channel></rss>",
        headers={"Content-Type": "application/rss+xml"},
    )
    return f"{site.url}rss.xml"


def dropped(folder: Path) -> float | None:
    for line in (folder / "dataset" / ".crawl" / "newscrawl.prom").read_text().splitlines():
        if line.startswith("newscrawl_spans_dropped_total "):
            return float(line.rpartition(" ")[2])
    return None


def test_each_page_is_a_trace_whatever_became_of_it(
    address: str, crawl: Crawl, tmp_path: Path
) -> None:
    with http_receiver() as receiver:
        done = crawl("site", address, env=environment(receiver))
    assert done.returncode == 0, done.stderr
    gets = {str(s.attributes["url.full"])[-4:]: s for s in receiver.spans if s.name == "GET"}
    assert set(gets) == {"1001", "1002", "1004"}
    outcomes = {url: span.attributes["newscrawl.outcome"] for url, span in gets.items()}
    assert outcomes == {"1001": "kept", "1002": "http_error", "1004": "kept"}
    assert {url: span.is_error for url, span in gets.items()} == {
        "1001": False,
        "1002": True,
        "1004": False,
    }
    assert gets["1004"].attributes["http.request.resend_count"] == 1
    extracts = [span for span in receiver.spans if span.name == "extract"]
    assert {span.parent_span_id for span in extracts} == {
        gets["1001"].span_id,
        gets["1004"].span_id,
    }
    (whole,) = (span for span in receiver.spans if span.name == "crawl")
    assert {link for span in gets.values() for link in span.links} == {
        (whole.trace_id, whole.span_id)
    }
    assert dropped(tmp_path) == 0


def test_a_store_in_trouble_costs_the_crawl_nothing_but_its_spans(
    address: str, crawl: Crawl, tmp_path: Path
) -> None:
    with http_receiver("refuses") as receiver:
        done = crawl("site", address, env=environment(receiver))
    assert (done.returncode, done.stderr) == (0, "")
    assert dropped(tmp_path) == 6
    log = (tmp_path / "dataset" / ".crawl" / "crawl.log").read_text()
    assert log.count("spans are lost on their way to") == 1
