"""Pages that go wrong: each has a named reason, and the crawl goes on with the others."""

import gzip
import json
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from yoyak.dataset import read_dataset

if TYPE_CHECKING:
    from tests.integration.newscrawl.conftest import Reply, Request, Server

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]
Page = Callable[..., str]
Story = Callable[[int], tuple[str, ...]]

GOOD = ("/news/1001", "/news/1002", "/news/1003")
BAD = "/news/9999"


@pytest.fixture
def listing(site: "Server", reply: "type[Reply]", page: Page, story: Story) -> str:
    """A list page with three good articles and the bad one among them; returns its address."""
    links = "".join(
        f'<li><a href="{path}">오늘의 소식 제목 {path[-4:]}</a></li>'
        for path in (GOOD[0], BAD, *GOOD[1:])
    )
    site.routes["/"] = reply(f"<html><body><main><ul>{links}</ul></main></body></html>")
    for number, path in enumerate(GOOD):
        site.routes[path] = reply(page(f"너울군 소식 {number}", *story(number)))
    return site.url


@pytest.fixture
def reasons(listing: str, crawl: Crawl, tmp_path: Path) -> Callable[..., dict[str, int]]:
    """Crawl, check that the good articles are there, and return what was skipped and why."""

    def run(*options: str) -> dict[str, int]:
        done = crawl(
            "site", listing, "--format", "json", "--set", "NEWSCRAWL_BACKOFF_S=0.05", *options
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert len(read_dataset(tmp_path / "dataset").articles) == len(GOOD)
        skipped: dict[str, int] = json.loads(done.stdout)["skipped"]
        return skipped

    return run


Reasons = Callable[..., dict[str, int]]


def test_a_page_of_no_bytes(site: "Server", reply: "type[Reply]", reasons: Reasons) -> None:
    site.routes[BAD] = reply(b"")
    assert reasons() == {"empty_body": 1}


def test_a_page_whose_body_is_empty(
    site: "Server", reply: "type[Reply]", page: Page, reasons: Reasons
) -> None:
    site.routes[BAD] = reply(page("제목만 있는 기사"))
    assert set(reasons()) <= {"no_text", "too_short"}


def test_broken_html_is_read_as_far_as_it_goes(
    site: "Server", reply: "type[Reply]", page: Page, story: Story, crawl: Crawl, listing: str
) -> None:
    broken = (
        page("깨진 기사", *story(9)).replace("</p>", "</b><![[IMAGE1]]><td>").split("</article>")
    )
    site.routes[BAD] = reply(broken[0] + "<div <p <")
    done = crawl("site", listing, "--format", "json")
    assert json.loads(done.stdout)["dataset_articles"] == len(GOOD) + 1


def test_bytes_that_are_no_text_in_any_character_set(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    noise = bytes(range(128, 256)) * 40
    site.routes[BAD] = reply(
        b"<html><head><meta charset='utf-8'></head><body><p>"
        + noise
        + b"\x81\xff</p></body></html>"
    )
    assert reasons() == {"undecodable": 1}


def test_a_page_larger_than_the_limit(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    site.routes[BAD] = reply("<html>" + "x" * 200_000)
    assert reasons("--max-page-bytes", "100000") == {"too_large": 1}


def test_a_small_response_that_unpacks_to_a_hundred_megabytes(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    site.routes[BAD] = reply(
        gzip.compress(b"x" * 100_000_000), headers={"Content-Encoding": "gzip"}
    )
    assert reasons() == {"too_large": 1}


def test_what_claims_to_be_gzip_and_is_not(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    cut = zlib.compress(b"<html>" + b"x" * 5000)[:40]
    site.routes[BAD] = reply(cut, headers={"Content-Encoding": "gzip"})
    assert sum(reasons().values()) == 1


def test_a_circle_of_redirects(site: "Server", reply: "type[Reply]", reasons: Reasons) -> None:
    site.routes[BAD] = reply(status=302, headers={"Location": "/news/8888"})
    site.routes["/news/8888"] = reply(status=302, headers={"Location": BAD})
    assert reasons() == {"redirects": 1}


def test_a_chain_of_redirects_that_does_not_end(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    def onward(request: "Request") -> "Reply":
        number = int(request.query.get("n", "0")) + 1
        return reply(status=302, headers={"Location": f"{BAD}?n={number}"})

    site.routes[BAD] = onward
    assert reasons() == {"redirects": 1}
    assert site.asked(BAD) <= 7


@pytest.mark.parametrize("kind", ["application/pdf", "image/jpeg", "application/json"])
def test_what_is_no_html_page(
    site: "Server", reply: "type[Reply]", reasons: Reasons, kind: str
) -> None:
    site.routes[BAD] = reply(b"%PDF-1.7 not a page", headers={"Content-Type": kind})
    assert reasons() == {"not_html": 1}


def test_a_paywall(site: "Server", reply: "type[Reply]", page: Page, reasons: Reasons) -> None:
    about = {"@type": "NewsArticle", "headline": "회원 전용 기사", "isAccessibleForFree": False}
    teaser = "너울군이 새 도서관을 짓는다. 개관은 내년이다. " * 6
    head = f'<script type="application/ld+json">{json.dumps(about)}</script>'
    site.routes[BAD] = reply(page("회원 전용 기사", teaser, head=head))
    assert reasons() == {"paywall": 1}


@pytest.mark.parametrize("status", [403, 404, 410, 500])
def test_an_error_status(
    site: "Server", reply: "type[Reply]", reasons: Reasons, status: int
) -> None:
    site.routes[BAD] = reply("sorry", status=status)
    assert reasons() == {"http_error": 1}


def test_a_server_that_is_busy_is_asked_again(
    site: "Server", reply: "type[Reply]", page: Page, story: Story, crawl: Crawl, listing: str
) -> None:
    def busy_twice(_request: "Request") -> "Reply":
        is_busy = site.asked(BAD) <= 2
        return reply("later", status=503) if is_busy else reply(page("늦은 기사", *story(8)))

    site.routes[BAD] = busy_twice
    done = crawl("site", listing, "--format", "json", "--set", "NEWSCRAWL_BACKOFF_S=0.05")
    assert json.loads(done.stdout)["dataset_articles"] == len(GOOD) + 1
    assert site.asked(BAD) == 3


def test_a_server_that_stalls(site: "Server", reply: "type[Reply]", reasons: Reasons) -> None:
    site.routes[BAD] = reply(stall=True)
    assert reasons("--timeout", "0.5") == {"timeout": 1}


def test_a_server_that_resets_the_connection(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    site.routes[BAD] = reply(reset=True)
    assert reasons() == {"connection": 1}


def test_a_redirect_to_a_private_address_is_refused(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    metadata = "http://169.254.169.254/latest/meta-data/iam/"
    site.routes[BAD] = reply(status=302, headers={"Location": metadata})
    assert reasons("--allow-domain", "*") == {"private_address": 1}


def test_a_redirect_to_another_site_is_counted_and_not_followed(
    site: "Server", other_site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    elsewhere = other_site.url.replace("127.0.0.1", "localhost")
    site.routes[BAD] = reply(status=302, headers={"Location": f"{elsewhere}news/1"})
    assert reasons() == {"offsite": 1}
    assert not other_site.requests


def test_what_robots_txt_forbids_inside_a_list(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    rules = f"User-agent: *\nDisallow: {BAD}\n"
    site.routes["/robots.txt"] = reply(rules, headers={"Content-Type": "text/plain"})
    site.routes[BAD] = reply("<html>must not be fetched</html>")
    assert reasons() == {"robots": 1}
    assert site.asked(BAD) == 0


def test_an_operator_with_permission_may_pass_robots_txt(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    rules = "User-agent: *\nDisallow: /news/\n"
    site.routes["/robots.txt"] = reply(rules, headers={"Content-Type": "text/plain"})
    site.routes[BAD] = reply("gone", status=410)
    assert reasons("--permitted-host", "127.0.0.1") == {"http_error": 1}


def test_the_same_article_under_a_second_address(
    site: "Server", reply: "type[Reply]", page: Page, story: Story, reasons: Reasons
) -> None:
    head = f'<link rel="canonical" href="{site.url}news/1001">'
    site.routes[GOOD[0]] = reply(page("너울군 소식 0", *story(0), head=head))
    site.routes[BAD] = reply(page("너울군 소식 0", *story(0), head=head))
    assert reasons() == {"duplicate": 1}


def test_a_site_whose_layout_is_not_understood_ends_with_a_named_finding(
    site: "Server", reply: "type[Reply]", listing: str, crawl: Crawl, page: Page
) -> None:
    for path in (*GOOD, BAD):
        site.routes[path] = reply(page("제목만 보이는 기사"))
    done = crawl("site", listing, "--format", "json")
    assert done.returncode == 1
    assert done.stderr.startswith("error: layout_changed: 4 of 4 pages")
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["code"] == "layout_changed"
