"""Pages that go wrong: each has a named reason, and the crawl goes on with the others."""

import gzip
import json
import subprocess
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from yoyak.dataset import read_dataset

if TYPE_CHECKING:
    from tests.integration.newscrawl.conftest import Reply, Request, Server

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]
Page = Callable[..., str]
Story = Callable[[int], tuple[str, ...]]

GOOD = ("/news/1001", "/news/1002", "/news/1003")
BAD = "/news/9999"
NOISE = bytes(range(128, 256)) * 40
PAYWALL = {"@type": "NewsArticle", "headline": "회원 전용 기사", "isAccessibleForFree": False}
HUNDRED_MB = 100_000_000
METADATA = "http://169.254.169.254/latest/meta-data/iam/"

# Pages that go wrong each in its way, and the name of what is wrong with them.
REASONS = {
    "/news/2001": "empty_body",  # a response of no bytes
    "/news/2002": "no_text",  # a title and nothing below it
    "/news/2003": "undecodable",
    "/news/2004": "too_large",  # of the limit
    "/news/2005": "too_large",  # 100 MB in 100 KB of gzip
    "/news/2006": "redirects",  # in a circle
    "/news/2007": "redirects",  # ever onward
    "/news/2008": "not_html",  # application/pdf
    "/news/2009": "not_html",  # image/jpeg
    "/news/2010": "not_html",  # application/json
    "/news/2011": "paywall",
    "/news/2012": "http_error",  # 403
    "/news/2013": "http_error",  # 410
    "/news/2014": "http_error",  # 500, each time
    "/news/2015": "timeout",  # no answer at all
    "/news/2016": "connection",  # reset
    "/news/2017": "offsite",  # redirected to another site
    "/news/2018": "robots",
    "/news/2019": "duplicate",  # another address of /news/1001
    "/news/2020": "too_short",
    "/news/2021": "photo",
    "/news/2022": "connection",  # claims to be gzip and is not
    "/news/2023": "timeout",  # begins, and stalls in the middle
    "/news/2024": "too_large",  # never ends, and names no length
    "/news/2025": "connection",  # shorter than it says
}


def linked(paths: Iterable[str]) -> str:
    """Return a list page."""
    links = "".join(f'<li><a href="{p}">오늘의 소식 제목 {p[-4:]}</a></li>' for p in paths)
    return f"<html><body><main><ul>{links}</ul></main></body></html>"


@pytest.fixture
def listing(site: "Server", reply: "type[Reply]", page: Page, story: Story) -> str:
    """A list page with three good articles and the bad one among them; returns its address."""
    site.routes["/"] = reply(linked((GOOD[0], BAD, *GOOD[1:])))
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


def test_each_kind_of_bad_page_is_skipped_under_its_name_and_the_others_are_kept(
    site: "Server",
    other_site: "Server",
    reply: "type[Reply]",
    page: Page,
    story: Story,
    listing: str,
    crawl: Crawl,
    tmp_path: Path,
) -> None:
    def onward(request: "Request") -> "Reply":
        number = int(request.query.get("n", "0")) + 1
        return reply(status=302, headers={"Location": f"/news/2007?n={number}"})

    routes = site.routes
    routes["/"] = reply(linked((*GOOD, *REASONS)))
    routes["/news/2001"] = reply(b"")
    routes["/news/2002"] = reply("<html lang='ko'><body><h1>제목만 있는 기사</h1></body></html>")
    routes["/news/2003"] = reply(b"<html><body><p>" + NOISE + b"\x81\xff</p></body></html>")
    routes["/news/2004"] = reply("<html>" + "x" * 400_000)
    packed = gzip.compress(b"x" * HUNDRED_MB, compresslevel=9)
    routes["/news/2005"] = reply(packed, headers={"Content-Encoding": "gzip"})
    routes["/news/2006"] = reply(status=302, headers={"Location": "/news/2006?again"})
    routes["/news/2007"] = onward
    for path, kind in (("2008", "application/pdf"), ("2009", "image/jpeg"),
                       ("2010", "application/json")):  # fmt: skip
        routes[f"/news/{path}"] = reply(b"%PDF-1.7 no page", headers={"Content-Type": kind})
    about = f'<script type="application/ld+json">{json.dumps(PAYWALL)}</script>'
    teaser = "너울군이 새 도서관을 짓는다. 개관은 내년이다. " * 6
    routes["/news/2011"] = reply(page("회원 전용 기사", teaser, head=about))
    for path, status in (("2012", 403), ("2013", 410), ("2014", 500)):
        routes[f"/news/{path}"] = reply("sorry", status=status)
    routes["/news/2015"] = reply(stall=True)
    routes["/news/2016"] = reply(reset=True)
    elsewhere = other_site.url.replace("127.0.0.1", "localhost")
    routes["/news/2017"] = reply(status=302, headers={"Location": f"{elsewhere}news/1"})
    rules = "User-agent: *\nDisallow: /news/2018\n"
    routes["/robots.txt"] = reply(rules, headers={"Content-Type": "text/plain"})
    routes["/news/2018"] = reply("<html>must not be fetched</html>")
    canonical = f'<link rel="canonical" href="{site.url}news/1001">'
    routes["/news/1001"] = reply(page("너울군 소식 0", *story(0), head=canonical))
    routes["/news/2019"] = reply(page("너울군 소식 0", *story(0), head=canonical))
    routes["/news/2020"] = reply(
        page("속보: 너울군, 도서관 짓는다", "너울군이 도서관을 짓는다고 밝혔다.")
    )
    routes["/news/2021"] = reply(page("[포토] 여의도에 첫눈", "여의도에 눈이 내리고 있다."))
    cut = zlib.compress(b"<html>" + b"x" * 5000)[:40]
    routes["/news/2022"] = reply(cut, headers={"Content-Encoding": "gzip"})

    whole = page("너울군 소식", *story(25))
    routes["/news/2023"] = reply(whole, stall_after=300)
    routes["/news/2024"] = reply("<p>끝이 없는 쪽이다.</p>" * 100, endless=True)
    routes["/news/2025"] = reply(whole, headers={"Content-Length": "99999", "Connection": "close"})

    done = crawl(
        *("site", listing, "--timeout", "1", "--max-page-bytes", "300000"),
        *("--set", "NEWSCRAWL_BACKOFF_S=0.05"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(read_dataset(tmp_path / "dataset").articles) == len(GOOD)
    journal = (tmp_path / "dataset" / ".crawl" / "journal.jsonl").read_text().splitlines()
    found = {
        urlsplit(entry["url"]).path: entry["reason"]
        for entry in map(json.loads, journal)
        if entry["kind"] == "skipped"
    }
    found["/news/2017"] = found.pop("/news/1", found.get("/news/2017"))  # told where it ended
    assert found == REASONS
    assert site.asked("/news/2018") == 0
    assert site.asked("/news/2007") <= 7
    assert site.asked("/news/2014") == 3  # the first try and two more
    assert not other_site.requests


def test_broken_html_is_read_as_far_as_it_goes(
    site: "Server", reply: "type[Reply]", page: Page, story: Story, crawl: Crawl, listing: str
) -> None:
    broken = (
        page("깨진 기사", *story(9)).replace("</p>", "</b><![[IMAGE1]]><td>").split("</article>")
    )
    site.routes[BAD] = reply(broken[0] + "<div <p <")
    done = crawl("site", listing, "--format", "json")
    assert json.loads(done.stdout)["dataset_articles"] == len(GOOD) + 1


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


def test_a_redirect_to_a_private_address_is_refused(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    site.routes[BAD] = reply(status=302, headers={"Location": METADATA})
    assert reasons("--allow-domain", "*") == {"private_address": 1}


def test_an_operator_with_permission_may_pass_robots_txt(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    rules = "User-agent: *\nDisallow: /news/\n"
    site.routes["/robots.txt"] = reply(rules, headers={"Content-Type": "text/plain"})
    site.routes[BAD] = reply("gone", status=410)
    assert reasons("--permitted-host", "127.0.0.1") == {"http_error": 1}


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


def test_what_a_feed_lists_may_be_relative_and_what_is_no_address_is_counted(
    site: "Server", reply: "type[Reply]", listing: str, crawl: Crawl
) -> None:
    links = (*GOOD, "http://[broken", "mailto:desk@news.example", "http://a.example:port/1")
    items = "".join(f"<item><link>{link}</link></item>" for link in links)
    feed = f"<rss version='2.0'><channel>{items}</channel></rss>"
    site.routes["/rss.xml"] = reply(feed, headers={"Content-Type": "application/rss+xml"})
    done = crawl("site", f"{listing}rss.xml", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    closing = json.loads(done.stdout)
    assert (closing["new_articles"], closing["skipped"]) == (3, {"bad_address": 3})


def test_a_redirect_to_no_address_is_a_named_reason(
    site: "Server", reply: "type[Reply]", reasons: Reasons
) -> None:
    site.routes[BAD] = reply(status=302, headers={"Location": "http://[broken/"})
    assert sum(reasons().values()) == 1


def test_a_charset_that_is_none_of_pages_ends_nothing(
    site: "Server", reply: "type[Reply]", page: Page, story: Story, listing: str, crawl: Crawl
) -> None:
    odd = {"Content-Type": "text/html; charset=base64"}
    site.routes[BAD] = reply(page("이상한 선언", *story(7)), headers=odd)
    for route in (site.routes["/"], site.routes[GOOD[0]]):
        assert not callable(route)
        route.headers = {"Content-Type": "text/html; charset=unicode_escape"}
    done = crawl("site", listing, "--format", "json")
    assert json.loads(done.stdout)["dataset_articles"] == len(GOOD) + 1


def test_a_list_that_breaks_off_on_its_way_is_told(
    site: "Server", reply: "type[Reply]", listing: str, crawl: Crawl
) -> None:
    first = site.routes["/"]
    assert not callable(first)
    first.body = str(first.body).replace("</main>", "<a rel='next' href='/?page=2'>2</a></main>")
    pages = {"": first, "2": reply("sorry", status=500)}
    site.routes["/"] = lambda request: pages[request.query.get("page", "")]
    site.routes[BAD] = reply("gone", status=410)
    done = crawl("site", listing, "--format", "json")
    assert done.returncode == 0, done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["code"] == "lists_not_read"
    assert "page=2: http_error" in finding["message"]


def test_one_start_address_of_two_that_cannot_be_read_is_no_success(
    site: "Server", reply: "type[Reply]", listing: str, crawl: Crawl, tmp_path: Path
) -> None:
    site.routes[BAD] = reply("gone", status=410)
    done = crawl("site", listing, f"{listing}missing")
    assert done.returncode == 1
    (error,) = done.stderr.splitlines()
    assert "missing cannot be crawled: http_error" in error
    assert len(read_dataset(tmp_path / "dataset").articles) == len(GOOD)


def test_a_page_that_an_error_of_our_own_loses_is_in_the_account(
    site: "Server",
    reply: "type[Reply]",
    page: Page,
    story: Story,
    listing: str,
    crawl: Crawl,
    tmp_path: Path,
) -> None:
    site.routes[BAD] = reply(page("고장 난 기사", *story(9)))
    (tmp_path / "faulty.py").write_text(
        "from newscrawl.guard import GuardedResolver as Resolver\n"
        "from newscrawl.pipelines import relevance\n"
        "def process_item(self, item):\n"
        "    if item.title.startswith('고장'):\n"
        "        raise KeyError('a mistake in a pipeline')\n"
        "    return item\n"
        "relevance.RelevancePipeline.process_item = process_item\n"
    )
    faulty = ("--set", "TWISTED_DNS_RESOLVER=faulty.Resolver")
    done = crawl("site", listing, *faulty, "--format", "json", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert "lost by an error of newscrawl's own" in done.stderr
    closing = json.loads(done.stdout)
    assert (closing["new_articles"], closing["skipped"]) == (len(GOOD), {"internal": 1})
    log = (tmp_path / "dataset" / ".crawl" / "crawl.log").read_text()
    assert "a mistake in a pipeline" in log
    again = crawl("site", listing, "--format", "json")
    assert json.loads(again.stdout)["new_articles"] == 1


def test_an_export_that_cannot_be_written_is_told_before_anything_is_fetched(
    site: "Server", listing: str, crawl: Crawl, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = crawl("site", listing, "--export", str(tmp_path / "file" / "new.csv"))
    assert done.returncode == 3
    (error,) = done.stderr.splitlines()
    assert "--export FILE" in error
    assert not site.requests


def test_series_that_cannot_be_left_are_told(
    site: "Server", reply: "type[Reply]", listing: str, crawl: Crawl, tmp_path: Path
) -> None:
    site.routes[BAD] = reply("gone", status=410)
    (tmp_path / "file").write_text("")
    textfile = str(tmp_path / "file" / "newscrawl.prom")
    done = crawl("site", listing, "--metrics-textfile", textfile)
    assert done.returncode == 3
    assert "--metrics-textfile FILE" in done.stderr
    assert len(read_dataset(tmp_path / "dataset").articles) == len(GOOD)


def test_a_site_that_changed_its_layout_is_named_among_others(
    site: "Server",
    other_site: "Server",
    reply: "type[Reply]",
    page: Page,
    story: Story,
    crawl: Crawl,
) -> None:
    paths = [f"/news/{number}" for number in range(3000, 3012)]
    other_site.routes["/"] = reply(linked(paths[:6]))
    site.routes["/"] = reply(linked(paths))
    for number, path in enumerate(paths):
        other_site.routes[path] = reply(page("제목만 보이는 기사"))
        site.routes[path] = reply(page(f"너울군 소식 {number}", *story(number)))
    changed = other_site.url.replace("127.0.0.1", "localhost")
    done = crawl("site", site.url, changed, "--allow-host", "localhost")
    assert done.returncode == 1
    assert done.stderr.startswith("error: layout_changed: 6 of 6 pages of localhost")


def test_a_paywall_is_no_change_of_layout(
    site: "Server", reply: "type[Reply]", page: Page, listing: str, crawl: Crawl
) -> None:
    about = f'<script type="application/ld+json">{json.dumps(PAYWALL)}</script>'
    for path in (*GOOD, BAD):
        site.routes[path] = reply(page("회원 전용 기사", "너울군이 짓는다.", head=about))
    done = crawl("site", listing, "--format", "json")
    assert done.returncode == 1
    assert "no article found: 4 paywall" in done.stderr
    assert json.loads(done.stdout)["findings"] == []
