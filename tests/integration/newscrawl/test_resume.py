"""Whatever ends a crawl, finished articles are kept and the same command goes on."""

import json
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from yoyak.dataset import read_dataset

if TYPE_CHECKING:
    from tests.integration.newscrawl.conftest import Reply, Server

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]

ARTICLES = 12
WAIT_S = 30


@pytest.fixture
def address(
    site: "Server",
    reply: "type[Reply]",
    page: Callable[..., str],
    story: Callable[[int], tuple[str, ...]],
) -> str:
    """A sitemap of twelve articles; returns its address."""
    paths = [f"/news/{1000 + number}" for number in range(ARTICLES)]
    for number, path in enumerate(paths):
        site.routes[path] = reply(page(f"너울군 소식 {number}", *story(number)))
    locations = "".join(f"<url><loc>{site.url}{path[1:]}</loc></url>" for path in paths)
    site.routes["/sitemap.xml"] = reply(
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locations}</urlset>',
        headers={"Content-Type": "application/xml"},
    )
    return f"{site.url}sitemap.xml"


@pytest.fixture
def stopped(
    address: str, command: Callable[..., list[str]], tmp_path: Path
) -> Callable[[int], "tuple[int, str]"]:
    """Start a slow crawl, send it a signal after three articles, return exit code and stderr."""

    def run(number: int) -> "tuple[int, str]":
        process = subprocess.Popen(
            command("site", address, "--delay", "0.3"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + WAIT_S
        while len(journaled(tmp_path)) < 3 and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        _, errors = process.communicate(timeout=WAIT_S)
        return process.returncode, errors

    return run


def journaled(tmp_path: Path) -> list[dict[str, object]]:
    """Return the whole lines of the journal."""
    journal = tmp_path / "dataset" / ".crawl" / "journal.jsonl"
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_bytes().split(b"\n")[:-1]]


def fetched_articles(site: "Server") -> list[str]:
    return [request.path for request in site.requests if request.path.startswith("/news/")]


def test_kill_9_loses_no_finished_article_and_the_same_command_goes_on(
    stopped: Callable[[int], "tuple[int, str]"],
    site: "Server",
    address: str,
    crawl: Crawl,
    tmp_path: Path,
) -> None:
    code, _ = stopped(signal.SIGKILL)
    assert code == -signal.SIGKILL
    finished = {str(entry["url"]) for entry in journaled(tmp_path)}
    assert len(finished) >= 3
    assert not (tmp_path / "dataset" / "manifest.json").exists()
    done = crawl("site", address)
    assert done.returncode == 0, done.stderr
    assert {a.url for a in read_dataset(tmp_path / "dataset").articles} >= finished
    assert len(read_dataset(tmp_path / "dataset").articles) == ARTICLES
    paths = fetched_articles(site)
    twice = [path for path in set(paths) if paths.count(path) > 1]
    assert len(twice) <= 1  # the page that was under way
    assert not {f"{site.url}{path[1:]}" for path in twice} & finished


def test_ctrl_c_ends_in_order_writes_the_dataset_and_the_same_command_goes_on(
    stopped: Callable[[int], "tuple[int, str]"],
    site: "Server",
    address: str,
    crawl: Crawl,
    tmp_path: Path,
) -> None:
    code, errors = stopped(signal.SIGINT)
    assert code == 130
    (line,) = errors.splitlines()
    assert "the same command goes on" in line
    so_far = read_dataset(tmp_path / "dataset").articles
    assert 3 <= len(so_far) < ARTICLES
    done = crawl("site", address)
    assert done.returncode == 0, done.stderr
    assert len(read_dataset(tmp_path / "dataset").articles) == ARTICLES
    paths = fetched_articles(site)
    assert len(paths) == len(set(paths)) == ARTICLES


def test_an_interrupted_crawl_and_an_undisturbed_one_give_the_same_dataset(
    stopped: Callable[[int], "tuple[int, str]"], address: str, crawl: Crawl, tmp_path: Path
) -> None:
    stopped(signal.SIGKILL)
    crawl("site", address)
    crawl("site", address, out=tmp_path / "whole")
    broken, whole = (tmp_path / name / "articles.jsonl" for name in ("dataset", "whole"))
    assert broken.read_bytes() == whole.read_bytes()


def test_a_line_that_a_crash_cut_is_dropped_and_its_page_fetched_again(
    address: str, crawl: Crawl, tmp_path: Path
) -> None:
    crawl("site", address)
    journal = tmp_path / "dataset" / ".crawl" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])
    done = crawl("site", address, "--format", "json")
    assert done.returncode == 0, done.stderr
    closing = json.loads(done.stdout)
    assert (closing["new_articles"], closing["dataset_articles"]) == (1, ARTICLES)


def test_a_disk_that_fills_ends_the_crawl_with_one_line_and_keeps_what_was_written(
    address: str, command: Callable[..., list[str]], crawl: Crawl, tmp_path: Path
) -> None:
    limit = 12_000  # bytes of a file; the journal of all articles is larger

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        command("site", address),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
        preexec_fn=small_disk,
    )
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "cannot be written" in line
    assert 0 < len(journaled(tmp_path)) < ARTICLES
    again = crawl("site", address)
    assert again.returncode == 0, again.stderr
    assert len(read_dataset(tmp_path / "dataset").articles) == ARTICLES


def test_two_crawls_do_not_write_to_one_folder(
    command: Callable[..., list[str]],
    address: str,
    crawl: Crawl,
    tmp_path: Path,
) -> None:
    first = subprocess.Popen(
        command("site", address, "--delay", "0.5"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + WAIT_S
        while not journaled(tmp_path):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        second = crawl("site", address)
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 2
    assert "another crawl is writing" in second.stderr


def test_new_articles_of_a_site_join_the_dataset_at_the_next_crawl(
    site: "Server",
    reply: "type[Reply]",
    page: Callable[..., str],
    story: Callable[[int], tuple[str, ...]],
    address: str,
    crawl: Crawl,
    tmp_path: Path,
) -> None:
    crawl("site", address)
    listing = site.routes["/sitemap.xml"]
    assert not callable(listing)
    added = f"<url><loc>{site.url}news/2000</loc></url></urlset>"
    listing.body = str(listing.body).replace("</urlset>", added)
    site.routes["/news/2000"] = reply(page("새 소식", *story(77)))
    site.requests.clear()
    done = crawl("site", address, "--format", "json")
    closing = json.loads(done.stdout)
    assert (closing["new_articles"], closing["known_articles"]) == (1, ARTICLES)
    assert fetched_articles(site) == ["/news/2000"]
    assert len(read_dataset(tmp_path / "dataset").articles) == ARTICLES + 1


def test_responses_from_the_cache_give_a_byte_identical_dataset(
    address: str, crawl: Crawl, site: "Server", tmp_path: Path
) -> None:
    cache = ("--http-cache-dir", str(tmp_path / "responses"))
    first = crawl("site", address, "--http-cache", "replay", *cache, out=tmp_path / "one")
    site.requests.clear()
    second = crawl("site", address, "--http-cache", "offline", *cache, out=tmp_path / "two")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert not site.requests
    for name in ("articles.jsonl", "manifest.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_site_that_is_down_at_the_next_crawl_is_no_success(
    site: "Server", reply: "type[Reply]", address: str, crawl: Crawl, tmp_path: Path
) -> None:
    crawl("site", address)
    site.routes["/sitemap.xml"] = reply("sorry", status=502)
    done = crawl("site", address)
    assert done.returncode == 1
    assert "http_error" in done.stderr
    assert len(read_dataset(tmp_path / "dataset").articles) == ARTICLES


def test_a_list_that_leads_to_nothing_any_more_is_no_success(
    site: "Server", reply: "type[Reply]", address: str, crawl: Crawl, tmp_path: Path
) -> None:
    crawl("site", address)
    site.routes["/sitemap.xml"] = reply("<html><body>새 단장</body></html>")
    done = crawl("site", address)
    assert done.returncode == 1
    assert "no article found" in done.stderr
    assert len(read_dataset(tmp_path / "dataset").articles) == ARTICLES


def test_flash_news_that_grew_is_an_article_at_the_next_crawl(
    site: "Server",
    reply: "type[Reply]",
    page: Callable[..., str],
    address: str,
    crawl: Crawl,
) -> None:
    whole = site.routes["/news/1003"]
    site.routes["/news/1003"] = reply(page("속보: 너울군, 도서관 짓는다", "너울군이 밝혔다."))
    first = crawl("site", address, "--format", "json")
    assert json.loads(first.stdout)["skipped"] == {"too_short": 1}
    site.routes["/news/1003"] = whole
    again = crawl("site", address, "--format", "json")
    assert json.loads(again.stdout)["new_articles"] == 1


def test_a_page_that_led_elsewhere_and_is_no_article_is_not_asked_for_again(
    site: "Server", reply: "type[Reply]", page: Callable[..., str], address: str, crawl: Crawl
) -> None:
    site.routes["/news/1003"] = reply(status=302, headers={"Location": "/photo/1003"})
    site.routes["/photo/1003"] = reply(page("[포토] 여의도에 첫눈", "여의도에 눈이 내린다."))
    first = crawl("site", address, "--format", "json")
    assert json.loads(first.stdout)["skipped"] == {"photo": 1}
    again = crawl("site", address, "--format", "json")
    assert json.loads(again.stdout)["known_others"] == 1
    assert site.asked("/news/1003") == 1


def test_the_cache_alone_names_what_it_lacks(
    site: "Server", address: str, crawl: Crawl, tmp_path: Path
) -> None:
    cache = ("--http-cache-dir", str(tmp_path / "responses"))
    sitemap = site.routes["/sitemap.xml"]
    assert not callable(sitemap)
    crawl("site", address, "--http-cache", "replay", *cache, "--max-articles", "3")
    site.requests.clear()
    done = crawl(
        *("site", address, "--http-cache", "offline", *cache, "--format", "json"),
        out=tmp_path / "offline",
    )
    closing = json.loads(done.stdout)
    assert not site.requests
    assert closing["new_articles"] == 3
    assert closing["skipped"] == {"not_cached": ARTICLES - 3}


def test_a_disk_that_fills_under_the_cache_ends_the_crawl_with_one_line(
    site: "Server",
    reply: "type[Reply]",
    page: Callable[..., str],
    story: Callable[[int], tuple[str, ...]],
    address: str,
    command: Callable[..., list[str]],
    tmp_path: Path,
) -> None:
    padding = random.Random(1).randbytes(40_000).hex()  # what no packing makes smaller than half
    large = page("너울군 소식", *story(3)).replace("</body>", f"<!-- {padding} --></body>")
    site.routes["/news/1003"] = reply(large)

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    done = subprocess.run(
        command("site", address, "--http-cache", "replay", "--max-articles", "8"),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
        preexec_fn=small_disk,
    )
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "--http-cache-dir" in line
    assert journaled(tmp_path)
