"""The bundled newsroom crawled over HTTP: what comes out is what the newsroom knows to be true."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from newsroom import articles, traps
from newsroom.search import search
from newsroom.server import RunningNewsroom
from yoyak.dataset import read_dataset

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]

FIRM = "온새미증권"


def test_every_article_of_the_search_result_is_in_the_dataset(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    done = crawl("site", f"{newsroom.url}search?query={FIRM}")
    assert (done.returncode, done.stderr) == (0, "")
    expected = {hit.article.title for hit in search(articles.load(), FIRM)}
    assert {a.title for a in read_dataset(tmp_path / "dataset").articles} == expected


def test_texts_and_facts_are_exactly_those_that_the_newsroom_knows_to_be_true(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    crawl("site", f"{newsroom.url}sitemap.xml")
    found = {a.title: a for a in read_dataset(tmp_path / "dataset").articles}
    for truth in articles.load():
        article = found[truth.title]
        assert article.text == truth.text, truth.id
        assert article.published_at == truth.published_at.isoformat(), truth.id
        assert (article.press, article.language) == (truth.press, truth.language), truth.id
        assert article.author is not None
        assert article.author.split(", ") == truth.author.split("·"), truth.id


def test_a_keyword_leaves_out_what_is_not_about_it_and_says_why_the_rest_is(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    crawl("site", f"{newsroom.url}sitemap.xml", "--query", FIRM)
    dataset = read_dataset(tmp_path / "dataset")
    titles = {a.title for a in dataset.articles}
    truth = {a.id: a for a in articles.load()}
    assert truth[traps.LOOKALIKE_ID].title not in titles  # a village of a similar name
    assert truth[traps.CAPTION_ONLY_ID].title not in titles  # named under a picture only
    assert all(FIRM in "".join((a.title + a.text).split()) for a in dataset.articles)
    best = max(dataset.articles, key=lambda a: (a.extra or {})["relevance"]["score"])
    assert FIRM in best.title


def test_the_wire_copies_are_linked_and_both_are_there(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    crawl("site", f"{newsroom.url}sitemap.xml")
    found = {a.title: a for a in read_dataset(tmp_path / "dataset").articles}
    one, other = (found[a.title] for a in articles.load() if a.id in traps.WIRE_PAIR)
    link = (other.extra or {})["near_duplicate_of"]
    assert link["id"] == one.id
    assert 0.5 < link["similarity"] < 1
    assert sum("near_duplicate_of" in (a.extra or {}) for a in found.values()) == 1


def test_the_traps_are_left_out_with_their_reasons(newsroom: RunningNewsroom, crawl: Crawl) -> None:
    done = crawl("site", f"{newsroom.url}search?query={FIRM}", "--format", "json")
    closing = json.loads(done.stdout)
    assert closing["skipped"]["http_error"] == 1  # 9002 is gone
    assert sum(closing["skipped"].values()) == len(traps.load())


def test_two_crawls_on_different_ports_give_the_same_dataset(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    from newsroom.server import serve

    with serve() as other:
        crawl("site", f"{newsroom.url}search?query={FIRM}", out=tmp_path / "one")
        crawl("site", f"{other.url}search?query={FIRM}", out=tmp_path / "two")
    one, two = (read_dataset(tmp_path / name).manifest for name in ("one", "two"))
    assert one.dataset_sha256 == two.dataset_sha256


def test_max_articles_takes_the_first_of_the_result_page(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    done = crawl("site", f"{newsroom.url}search?query={FIRM}", "--max-articles", "5")
    assert done.returncode == 0, done.stderr
    first = [hit.article.title for hit in search(articles.load(), FIRM)][:5]
    assert {a.title for a in read_dataset(tmp_path / "dataset").articles} == set(first)
    fetched = [r.target for r in newsroom.requests if r.target.startswith("/news/")]
    assert len(fetched) <= 5 + 2  # and no more pages than that, the two traps between them


def test_the_sitemap_leads_to_every_article(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    done = crawl("site", f"{newsroom.url}sitemap.xml")
    assert done.returncode == 0, done.stderr
    found = {a.title for a in read_dataset(tmp_path / "dataset").articles}
    assert found == {a.title for a in articles.load()}


def test_the_feed_leads_to_its_articles(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    done = crawl("site", f"{newsroom.url}rss.xml")
    assert done.returncode == 0, done.stderr
    assert len(read_dataset(tmp_path / "dataset").articles) == 20


def test_a_list_of_addresses_is_read_from_a_file(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    listed = tmp_path / "urls.txt"
    listed.write_text(f"# two articles\n{newsroom.url}news/1001\n\n{newsroom.url}news/1003\n")
    done = crawl("site", "--urls", str(listed))
    assert done.returncode == 0, done.stderr
    assert len(read_dataset(tmp_path / "dataset").articles) == 2


def test_an_article_is_a_start_address_too(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    done = crawl("site", f"{newsroom.url}news/1001")
    assert done.returncode == 0, done.stderr
    (article,) = read_dataset(tmp_path / "dataset").articles
    assert article.title == articles.load()[0].title


def test_what_robots_txt_forbids_is_not_fetched(newsroom: RunningNewsroom, crawl: Crawl) -> None:
    done = crawl("site", f"{newsroom.url}private/draft")
    assert done.returncode == 2
    assert "robots" in done.stderr
    assert "/private/draft" not in [request.target for request in newsroom.requests]


def test_a_loopback_site_is_refused_unless_it_is_named(
    newsroom: RunningNewsroom, crawl: Crawl
) -> None:
    done = crawl("site", newsroom.url, "--delay", "0", local=False)
    assert done.returncode == 2
    assert "private_address" in done.stderr
    assert "--allow-host" in done.stderr
    assert not newsroom.requests


def test_a_second_crawl_fetches_no_article_again_and_leaves_the_dataset_untouched(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    crawl("site", f"{newsroom.url}search?query={FIRM}")
    before = (tmp_path / "dataset" / "manifest.json").stat().st_mtime_ns
    newsroom.requests.clear()
    done = crawl("site", f"{newsroom.url}search?query={FIRM}", "--format", "json")
    assert done.returncode == 0, done.stderr
    closing = json.loads(done.stdout)
    assert closing["new_articles"] == 0
    assert closing["known_articles"] == closing["dataset_articles"]
    assert (tmp_path / "dataset" / "manifest.json").stat().st_mtime_ns == before
    fetched = {request.target for request in newsroom.requests if request.status == 200}
    assert not {target for target in fetched if target.startswith("/news/1")}


def test_progress_is_told_as_json_lines_on_request(newsroom: RunningNewsroom, crawl: Crawl) -> None:
    done = crawl("site", f"{newsroom.url}rss.xml", "--progress", "json")
    last = json.loads(done.stderr.splitlines()[-1])
    assert last["event"] == "progress"
    assert (last["articles"], last["queued"], last["done"], last["total"]) == (20, 0, 20, 20)
