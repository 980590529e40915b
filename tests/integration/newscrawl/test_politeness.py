"""What a site sees of the crawler when nothing else is asked for, and what it may ask for."""

import csv
import json
import socket
import subprocess
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from yoyak.dataset import read_dataset

if TYPE_CHECKING:
    from tests.integration.newscrawl.conftest import Reply, Server

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]
Page = Callable[..., str]
Story = Callable[[int], tuple[str, ...]]

SLACK_S = 0.05  # of two clocks and a scheduler


@pytest.fixture
def listing(site: "Server", reply: "type[Reply]", page: Page, story: Story) -> str:
    """A list page with three articles; returns its address."""
    paths = [f"/news/{1000 + number}" for number in range(3)]
    links = "".join(f"<li><a href='{path}'>너울군의 새 소식 {path[-4:]}</a></li>" for path in paths)
    site.routes["/"] = reply(f"<html><body><main><ul>{links}</ul></main></body></html>")
    for number, path in enumerate(paths):
        site.routes[path] = reply(page(f"너울군 소식 {number}", *story(number)))
    return site.url


def gaps_s(site: "Server") -> list[float]:
    times = [request.at_s for request in site.requests if request.path.startswith("/news/")]
    return [later - earlier for earlier, later in pairwise(times)]


def test_a_second_lies_between_two_requests_and_robots_txt_is_asked_for_first(
    site: "Server", listing: str, crawl: Crawl
) -> None:
    done = crawl("site", listing, "--allow-host", "127.0.0.1", local=False)
    assert done.returncode == 0, done.stderr
    assert site.requests[0].path == "/robots.txt"
    assert site.asked("/robots.txt") == 1
    # Scrapy varies the delay by half of it, so that requests do not beat like a machine.
    assert min(gaps_s(site)) >= 0.5 - SLACK_S


def test_a_crawl_delay_of_robots_txt_is_kept(
    site: "Server", reply: "type[Reply]", listing: str, crawl: Crawl
) -> None:
    rules = "User-agent: *\nCrawl-delay: 1.2\nAllow: /\n"
    site.routes["/robots.txt"] = reply(rules, headers={"Content-Type": "text/plain"})
    done = crawl("site", listing, "--set", "DOWNLOAD_DELAY_JITTER=0")
    assert done.returncode == 0, done.stderr
    assert min(gaps_s(site)) >= 1.2 - SLACK_S


def test_rules_for_our_own_name_are_ours(
    site: "Server", reply: "type[Reply]", listing: str, crawl: Crawl
) -> None:
    rules = "User-agent: newscrawl\nDisallow: /news/1001\n\nUser-agent: *\nDisallow: /\n"
    site.routes["/robots.txt"] = reply(rules, headers={"Content-Type": "text/plain"})
    done = crawl("site", listing, "--format", "json")
    assert json.loads(done.stdout)["skipped"] == {"robots": 1}


def test_the_user_agent_names_the_crawler_and_an_address(
    site: "Server", listing: str, crawl: Crawl
) -> None:
    crawl("site", listing, "--contact", "https://lab.example/crawl")
    agents = {request.headers["user-agent"] for request in site.requests}
    (agent,) = agents
    assert agent.startswith("newscrawl/")
    assert "https://lab.example/crawl" in agent


def test_a_name_that_leads_to_loopback_is_refused_unless_it_is_named(
    site: "Server", listing: str, crawl: Crawl
) -> None:
    named = listing.replace("127.0.0.1", "localhost")
    refused = crawl("site", named, "--delay", "0", local=False)
    assert refused.returncode == 2
    assert "private_address" in refused.stderr
    assert not site.requests
    allowed = crawl("site", named, "--delay", "0", "--allow-host", "localhost", local=False)
    assert allowed.returncode == 0, allowed.stderr


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.1"])
def test_other_ways_to_write_loopback_are_refused_too(
    site: "Server", listing: str, crawl: Crawl, host: str
) -> None:
    port = urlsplit(listing).port
    done = crawl("site", f"http://{host}:{port}/", "--delay", "0", local=False)
    assert done.returncode in (2, 3)
    assert not site.requests


def test_new_articles_are_exported_in_the_form_of_the_suffix(
    listing: str, crawl: Crawl, tmp_path: Path
) -> None:
    done = crawl("site", listing, "--export", str(tmp_path / "new.csv"))
    assert done.returncode == 0, done.stderr
    with (tmp_path / "new.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"] for row in rows} == {
        a.id for a in read_dataset(tmp_path / "dataset").articles
    }


NAVER_FORMS = (
    "http://n.news.naver.com:{port}/mnews/article/901/0000012345?sid=101",
    "http://n.news.naver.com:{port}/article/901/0000012345?cds=news_media_pc&type=editn",
    "http://n.news.naver.com:{port}/mnews/article/comment/901/0000012345",
    "http://news.naver.com:{port}/main/read.naver?mode=LSD&mid=sec&oid=901&aid=0000012345",
    "http://m.news.naver.com:{port}/read.nhn?oid=901&aid=0000012345&sid1=101",
    "http://n.news.naver.com:{port}/article/901/0000012345?rc=N&ntype=RANKING#top",
)


@pytest.fixture
def naver_list(site: "Server", reply: "type[Reply]", tmp_path: Path) -> Path:
    """Six addresses of one Naver article, on a site that shuts everyone out by robots.txt."""
    stored = Path(__file__).parents[2] / "data" / "newscrawl" / "naver_2026.html"
    for path in ("/mnews/article/901/0000012345", "/article/901/0000012345"):
        site.routes[path] = reply(stored.read_text(encoding="utf-8"))
    rules = "User-agent: *\nDisallow: /\n"
    site.routes["/robots.txt"] = reply(rules, headers={"Content-Type": "text/plain"})
    port = urlsplit(site.url).port
    file = tmp_path / "urls.txt"
    file.write_text("\n".join(form.format(port=port) for form in NAVER_FORMS))
    return file


def test_naver_is_left_alone_by_default(
    site: "Server",
    naver_list: Path,
    names_lead_here: tuple[tuple[str, ...], dict[str, str]],
    crawl: Crawl,
) -> None:
    options, env = names_lead_here
    done = crawl("site", "--urls", str(naver_list), *options, "--format", "json", env=env)
    assert done.returncode == 1
    assert json.loads(done.stdout)["skipped"] == {"robots": 1}
    assert {request.path for request in site.requests} == {"/robots.txt"}


def test_with_permission_six_address_forms_are_one_article_by_the_site_rule(
    site: "Server",
    naver_list: Path,
    names_lead_here: tuple[tuple[str, ...], dict[str, str]],
    crawl: Crawl,
    tmp_path: Path,
) -> None:
    options, env = names_lead_here
    permission = ("--permitted-host", "n.news.naver.com")
    done = crawl("site", "--urls", str(naver_list), *options, *permission, env=env)
    assert done.returncode == 0, done.stderr
    (article,) = read_dataset(tmp_path / "dataset").articles
    assert article.id == "naver-901-0000012345"
    assert (article.extra or {})["extraction"] == "naver"
    assert article.published_at == "2026-11-12T10:30:00+09:00"
    assert len([r for r in site.requests if "0000012345" in r.path]) == 1


def test_series_are_served_while_the_crawl_runs(
    listing: str, command: Callable[..., list[str]]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        command("site", listing, "--delay", "1", "--metrics", address),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        text = ""
        while 'newscrawl_articles_total{outcome="kept"} 1.0' not in text:
            assert time.monotonic() < deadline, text
            try:
                with urlopen(f"http://{address}/metrics", timeout=5) as response:
                    text = response.read().decode()
            except OSError:  # not yet, or between two articles
                time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    assert 'newscrawl_pages_total{outcome="http_error"} 0.0' in text


def test_series_are_left_as_a_textfile_when_it_ends(
    listing: str, crawl: Crawl, tmp_path: Path
) -> None:
    textfile = tmp_path / "textfiles" / "newscrawl.prom"
    done = crawl("site", listing, "--metrics-textfile", str(textfile))
    assert done.returncode == 0, done.stderr
    text = textfile.read_text()
    assert 'newscrawl_articles_total{outcome="kept"} 3.0' in text
    assert "newscrawl_extract_seconds_count 3.0" in text


@pytest.fixture
def shut(site: "Server", reply: "type[Reply]", listing: str) -> str:
    """The same site behind a robots.txt that shuts everyone out; returns its list page."""
    rules = "User-agent: *\nDisallow: /\n"
    site.routes["/robots.txt"] = reply(rules, headers={"Content-Type": "text/plain"})
    return listing


def test_permission_opens_the_lists_of_a_site_as_well(
    shut: str, crawl: Crawl, tmp_path: Path
) -> None:
    assert crawl("site", shut).returncode == 2
    done = crawl("site", shut, "--permitted-host", "127.0.0.1")
    assert done.returncode == 0, done.stderr
    assert len(read_dataset(tmp_path / "dataset").articles) == 3


def test_permission_for_one_site_is_none_for_the_site_that_it_redirects_to(
    site: "Server",
    other_site: "Server",
    reply: "type[Reply]",
    shut: str,
    names_lead_here: tuple[tuple[str, ...], dict[str, str]],
    crawl: Crawl,
    page: Page,
    story: Story,
) -> None:
    options, env = names_lead_here
    ports = urlsplit(shut).port, urlsplit(other_site.url).port
    rules = "User-agent: *\nDisallow: /\n"
    other_site.routes["/robots.txt"] = reply(rules, headers={"Content-Type": "text/plain"})
    other_site.routes["/news/1002"] = reply(page("남의 기사", *story(2)))
    location = f"http://other.example:{ports[1]}/news/1002"
    site.routes["/news/1002"] = reply(status=302, headers={"Location": location})
    permission = ("--permitted-host", "permitted.example", "--allow-domain", "*")
    start = f"http://permitted.example:{ports[0]}/"
    done = crawl("site", start, *options, *permission, "--format", "json", env=env)
    assert json.loads(done.stdout)["skipped"] == {"robots": 1}
    assert {request.path for request in other_site.requests} == {"/robots.txt"}


def test_a_server_that_fails_to_give_its_rules_allows_nothing(
    site: "Server", reply: "type[Reply]", listing: str, crawl: Crawl
) -> None:
    site.routes["/robots.txt"] = reply("sorry", status=503)
    done = crawl("site", listing)
    assert done.returncode == 2
    assert "robots" in done.stderr
    assert {request.path for request in site.requests} == {"/robots.txt"}


@pytest.mark.parametrize("option", ["--permitted-host", "--allow-domain"])
def test_a_host_that_is_none_is_refused_and_not_passed_over(
    listing: str, crawl: Crawl, option: str
) -> None:
    done = crawl("site", listing, option, "https://n.news.naver.com/")
    assert done.returncode == 2
    assert "no host" in done.stderr
