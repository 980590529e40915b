"""`crawl naver` against a server that answers like the official search API, in both homes."""

import gzip
import json
import subprocess
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from newsroom import articles
from newsroom.server import RunningNewsroom
from yoyak.dataset import read_dataset

if TYPE_CHECKING:
    from tests.integration.newscrawl.conftest import Reply, Request, Server

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]

FIRM = "온새미증권"
ABOUT_FIRM = [a for a in articles.load() if FIRM in a.title and len(a.text) >= 200]


class SearchApi:
    """Answers like the old home, or like the new one with other headers."""

    def __init__(
        self,
        newsroom_url: str,
        reply: "type[Reply]",
        *,
        hub: bool,
        keys: tuple[str, ...] = ("me", "secret"),
    ) -> None:
        self.keys = keys
        self.items = [
            {
                "title": a.title.replace(FIRM, f"<b>{FIRM}</b>").replace('"', "&quot;"),
                "originallink": f"{newsroom_url.rstrip('/')}{a.path}",
                "link": f"https://n.news.naver.com/mnews/article/901/{int(a.id):010}?sid=101",
                "description": f"<b>{FIRM}</b>이 ...",
                "pubDate": format_datetime(a.published_at),
            }
            for a in ABOUT_FIRM
        ]
        self.reply = reply
        self.headers = (
            ("x-ncp-apigw-api-key-id", "x-ncp-apigw-api-key")
            if hub
            else ("x-naver-client-id", "x-naver-client-secret")
        )

    def __call__(self, request: "Request") -> "Reply":
        json_type = {"Content-Type": "application/json;charset=UTF-8"}
        if tuple(request.headers.get(name) for name in self.headers) != self.keys:
            error = {"errorMessage": "NID AUTH Result Invalid (1000) : Authentication failed."}
            return self.reply(json.dumps({**error, "errorCode": "024"}), 401, json_type)
        start, display = int(request.query["start"]), int(request.query["display"])
        found = self.items[start - 1 : start - 1 + display]
        answer = {
            "lastBuildDate": "Mon, 23 Nov 2026 09:00:00 +0900",
            "total": len(self.items),
            "start": start,
            "display": len(found),
            "items": found,
        }
        return self.reply(json.dumps(answer), 200, json_type)


OLD = {"NAVER_CLIENT_ID": "me", "NAVER_CLIENT_SECRET": "secret"}
NEW = {"NAVER_API_HUB_KEY_ID": "me", "NAVER_API_HUB_KEY": "secret"}


def arguments(site: "Server", tmp_path: Path, *more: str) -> tuple[str, ...]:
    return (
        *("naver", FIRM, "--api-url", f"{site.url}v1/search/news.json"),
        *("--budget-file", str(tmp_path / "calls.json"), *more),
    )


@pytest.mark.parametrize(("hub", "keys"), [(False, OLD), (True, NEW)])
def test_results_are_read_at_the_publisher(
    newsroom: RunningNewsroom,
    site: "Server",
    reply: "type[Reply]",
    crawl: Crawl,
    tmp_path: Path,
    hub: bool,
    keys: dict[str, str],
) -> None:
    site.routes["/v1/search/news.json"] = SearchApi(newsroom.url, reply, hub=hub)
    done = crawl(*arguments(site, tmp_path), env=keys)
    assert done.returncode == 0, done.stderr
    dataset = read_dataset(tmp_path / "dataset")
    assert {a.text for a in dataset.articles} == {a.text for a in ABOUT_FIRM}
    assert dataset.manifest.query == FIRM
    assert all(a.keywords == (FIRM,) for a in dataset.articles)
    assert json.loads((tmp_path / "calls.json").read_text())  # the call was counted


def test_the_pages_of_naver_itself_are_left_alone(
    newsroom: RunningNewsroom, site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    api = SearchApi(newsroom.url, reply, hub=False)
    api.items[0]["originallink"] = ""
    # n.news.naver.com is not reachable from a test; that its robots.txt is asked for, and the
    # page is not, is what the log shows.
    site.routes["/v1/search/news.json"] = api
    done = crawl(*arguments(site, tmp_path, "--format", "json", "--timeout", "1"), env=OLD)
    closing = json.loads(done.stdout)
    assert closing["dataset_articles"] == len(ABOUT_FIRM) - 1
    assert sum(closing["skipped"].values()) == 1


def test_wrong_keys_are_told_in_one_line(
    newsroom: RunningNewsroom, site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    site.routes["/v1/search/news.json"] = SearchApi(newsroom.url, reply, hub=False)
    done = crawl(*arguments(site, tmp_path), env={**OLD, "NAVER_CLIENT_SECRET": "wrong"})
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "refused the keys" in line
    assert "024" in line
    assert "NAVER_CLIENT_SECRET" in line


def test_no_keys_are_told_with_the_way_to_get_them(crawl: Crawl) -> None:
    empty = dict.fromkeys((*OLD, *NEW), "")
    done = crawl("naver", FIRM, env=empty)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "NAVER_API_HUB_KEY_ID" in line
    assert "crawl site" in line


def test_a_used_up_quota_ends_the_command_and_keeps_what_was_found(
    newsroom: RunningNewsroom, site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    api = SearchApi(newsroom.url, reply, hub=False)

    def first_keyword_only(request: "Request") -> "Reply":
        if request.query["query"] == FIRM:
            return api(request)
        body = {"errorMessage": "Query limit exceeded : 하루 허용 호출량을 초과했습니다.",
                "errorCode": "010"}  # fmt: skip
        return reply(json.dumps(body), 429, {"Content-Type": "application/json"})

    site.routes["/v1/search/news.json"] = first_keyword_only
    done = crawl(*arguments(site, tmp_path, "--alias", "온새미투자증권"), env=OLD)
    assert done.returncode == 1
    assert "used up" in done.stderr
    assert len(read_dataset(tmp_path / "dataset").articles) == len(ABOUT_FIRM)
    assert site.asked("/v1/search/news.json") == 2  # no retry against a quota


def test_the_daily_budget_survives_a_restart(
    newsroom: RunningNewsroom, site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    site.routes["/v1/search/news.json"] = SearchApi(newsroom.url, reply, hub=False)
    first = crawl(*arguments(site, tmp_path, "--daily-calls", "1"), env=OLD)
    second = crawl(
        *arguments(site, tmp_path, "--daily-calls", "1"), env=OLD, out=tmp_path / "other"
    )
    assert first.returncode == 0, first.stderr
    assert second.returncode == 1
    assert "budget of 1" in second.stderr
    assert site.asked("/v1/search/news.json") == 1


def test_a_busy_api_is_asked_again(
    newsroom: RunningNewsroom, site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    api = SearchApi(newsroom.url, reply, hub=False)

    def busy_once(request: "Request") -> "Reply":
        if site.asked("/v1/search/news.json") == 1:
            body = {"errorMessage": "Rate limit exceeded. (속도 제한을 초과했습니다.)",
                    "errorCode": "012"}  # fmt: skip
            return reply(json.dumps(body), 429, {"Content-Type": "application/json"})
        return api(request)

    site.routes["/v1/search/news.json"] = busy_once
    done = crawl(*arguments(site, tmp_path), env=OLD)
    assert done.returncode == 0, done.stderr


def test_a_keyword_without_results_is_a_failure(
    newsroom: RunningNewsroom, site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    api = SearchApi(newsroom.url, reply, hub=False)
    api.items = []
    site.routes["/v1/search/news.json"] = api
    done = crawl(*arguments(site, tmp_path), env=OLD)
    assert done.returncode == 1
    assert FIRM in done.stderr


def test_an_api_that_changed_its_answers_is_named(
    site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    site.routes["/v1/search/news.json"] = reply('{"result": []}')
    done = crawl(*arguments(site, tmp_path), env=OLD)
    assert done.returncode == 3
    assert "not understood" in done.stderr


def test_the_keys_do_not_reach_the_disk_with_the_responses(
    newsroom: RunningNewsroom, site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    keys = {"NAVER_CLIENT_ID": "me-7f3a", "NAVER_CLIENT_SECRET": "secret-91c4"}
    api = SearchApi(newsroom.url, reply, hub=False, keys=tuple(keys.values()))
    site.routes["/v1/search/news.json"] = api
    cache = ("--http-cache", "replay")
    first = crawl(*arguments(site, tmp_path, *cache), env=keys)
    assert first.returncode == 0, first.stderr
    state = tmp_path / "dataset" / ".crawl"
    files = [path.read_bytes() for path in state.rglob("*") if path.is_file()]
    opened = [gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data for data in files]
    assert any(b"v1/search/news.json" in data for data in opened)  # the answer is kept
    assert not [data for data in opened if b"secret-91c4" in data or b"me-7f3a" in data]
    site.requests.clear()
    again = crawl(*arguments(site, tmp_path, *cache), env=keys)
    assert again.returncode == 0, again.stderr
    assert not site.requests  # and costs no call


def test_an_api_that_breaks_off_is_asked_again(
    newsroom: RunningNewsroom, site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    api = SearchApi(newsroom.url, reply, hub=False)

    def breaks_off_once(request: "Request") -> "Reply":
        is_first = site.asked("/v1/search/news.json") == 1
        return reply(reset=True) if is_first else api(request)

    site.routes["/v1/search/news.json"] = breaks_off_once
    done = crawl(*arguments(site, tmp_path), env=OLD)
    assert done.returncode == 0, done.stderr
    assert sum(json.loads((tmp_path / "calls.json").read_text()).popitem()[1].values()) == 2


def test_results_without_an_article_of_their_own_are_in_the_account(
    newsroom: RunningNewsroom, site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    api = SearchApi(newsroom.url, reply, hub=False)
    front = f"{newsroom.url}"
    for item, place in zip(
        api.items, (front, front, "www.haedam.example/1", "http://["), strict=False
    ):
        item["originallink"] = item["link"] = place
    site.routes["/v1/search/news.json"] = api
    done = crawl(*arguments(site, tmp_path, "--format", "json"), env=OLD)
    closing = json.loads(done.stdout)
    assert closing["skipped"] == {"bad_address": 4}
    assert closing["new_articles"] == len(ABOUT_FIRM) - 4


def test_a_keyword_with_a_slip_does_not_bind_the_folder(
    newsroom: RunningNewsroom, site: "Server", reply: "type[Reply]", crawl: Crawl, tmp_path: Path
) -> None:
    api = SearchApi(newsroom.url, reply, hub=False)
    empty = SearchApi(newsroom.url, reply, hub=False)
    empty.items = []
    site.routes["/v1/search/news.json"] = lambda request: (
        api(request) if request.query["query"] == FIRM else empty(request)
    )
    common = arguments(site, tmp_path)[2:]
    assert crawl("naver", "온세미증권", *common, env=OLD).returncode == 1
    done = crawl("naver", FIRM, *common, env=OLD)
    assert done.returncode == 0, done.stderr
    other = crawl("naver", "온세미증권", *common, env=OLD)
    assert other.returncode == 2
    assert FIRM in other.stderr
