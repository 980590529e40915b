"""The site answers its documented paths and nothing else."""

from http import HTTPStatus
from urllib.parse import quote
from urllib.robotparser import RobotFileParser

import pytest
from lxml import etree
from parsel import Selector

from newsroom import traps
from newsroom.articles import load
from newsroom.site import Site

BASE_URL = "http://newsroom.example:8000"
SITE = Site()


def links(target: str, xpath: str, charset: str = "utf-8") -> list[str]:
    return Selector(text=SITE.respond(target, BASE_URL).body.decode(charset)).xpath(xpath).getall()


def test_the_front_page_links_to_every_article() -> None:
    found = links("/", "//ul[@class='headlines']//a/@href")
    assert sorted(found) == sorted(article.path for article in load())


def test_a_section_lists_its_own_articles_only() -> None:
    found = links("/section/sports", "//ul[@class='headlines']//a/@href")
    assert sorted(found) == sorted(
        article.path for article in load() if article.section == "sports"
    )


@pytest.mark.parametrize("name", SITE.renderer.furniture["sections"])
def test_every_section_of_the_navigation_exists(name: str) -> None:
    assert SITE.respond(f"/section/{name}", BASE_URL).status == HTTPStatus.OK


def test_the_sitemap_names_every_article_by_its_absolute_address_and_no_trap() -> None:
    document = etree.fromstring(SITE.respond("/sitemap.xml", BASE_URL).body)
    found = [element.text for element in document.iter("{*}loc")]
    assert found == [f"{BASE_URL}{article.path}" for article in load()]


def test_the_feed_holds_the_newest_twenty_with_dates_in_korean_time() -> None:
    document = etree.fromstring(SITE.respond("/rss.xml", BASE_URL).body)
    items = document.findall("channel/item")
    assert len(items) == 20
    assert items[0].findtext("link") == f"{BASE_URL}/news/1031"
    assert items[0].findtext("pubDate") == "Fri, 20 Nov 2026 21:15:00 +0900"


def test_robots_txt_allows_everything_but_private() -> None:
    rules = RobotFileParser()
    rules.parse(SITE.respond("/robots.txt", BASE_URL).body.decode().splitlines())
    assert rules.can_fetch("newscrawl", f"{BASE_URL}/news/1001")
    assert rules.can_fetch("newscrawl", f"{BASE_URL}/search?query=a")
    assert not rules.can_fetch("newscrawl", f"{BASE_URL}/private/draft")
    assert rules.site_maps() == [f"{BASE_URL}/sitemap.xml"]


def test_the_forbidden_page_exists_and_is_linked() -> None:
    assert "/private/draft" in links("/", "//a/@href")
    assert SITE.respond("/private/draft", BASE_URL).status == HTTPStatus.OK


def test_the_old_address_of_an_article_redirects_for_good() -> None:
    response = SITE.respond("/old/1007", BASE_URL)
    assert response.status == HTTPStatus.MOVED_PERMANENTLY
    assert response.location == "/news/1007"


def test_no_link_on_an_article_or_the_front_page_leads_nowhere() -> None:
    articles = [(article.path, article.publisher.charset) for article in load()]
    targets = [("/", "utf-8"), *articles]
    inside = {
        link
        for target, charset in targets
        for link in links(target, "//a/@href", charset)
        if link.startswith("/")
    }
    assert len(inside) > 50
    answers = {link: SITE.respond(link, BASE_URL).status for link in inside}
    assert set(answers.values()) == {HTTPStatus.OK}


@pytest.mark.parametrize(
    "target",
    [
        "/news/",
        "/news/0000",
        "/news/1001/extra",
        "/old/0000",
        "/section/none",
        "/static/../furniture.toml",
        "/static/furniture.toml",
        "//[",
        "nonsense",
        "",
    ],
)
def test_any_other_path_is_a_404_with_a_page(target: str) -> None:
    response = SITE.respond(target, BASE_URL)
    assert response.status == HTTPStatus.NOT_FOUND
    assert "찾을 수 없습니다" in response.body.decode()


def test_a_result_shows_matches_in_bold_and_escapes_the_query() -> None:
    query = quote("온새미증권")
    assert set(links(f"/search?query={query}", "//li[@class='hit']//b/text()")) <= {
        "온새미증권",
        "온새미 증권",
    }
    assert links(f"/search?query={query}", "//li[@class='hit']//b/text()")
    wicked = SITE.respond(f"/search?query={quote('<script>x')}", BASE_URL).body.decode()
    assert "<script>x" not in wicked
    assert "검색 결과가 없습니다" in wicked


def test_a_page_beyond_the_last_is_empty_and_has_no_next() -> None:
    assert links("/search?query=a&page=900", "//li[@class='hit'] | //a[@class='next']") == []


def test_every_trap_is_on_the_result_page_of_the_firm() -> None:
    query = quote("온새미증권")
    listed = [
        link
        for number in (1, 2, 3)
        for link in links(f"/search?query={query}&page={number}", "//a[@class='hit-title']/@href")
    ]
    wanted = {f"/news/{page.id}" for page in traps.load()}
    wanted |= {f"/news/{name}" for name in (*traps.WIRE_PAIR, traps.META_CHARSET_ID)}
    wanted |= {f"/old/{traps.MOVED_ID}", f"/news/{traps.CAPTION_ONLY_ID}"}
    assert wanted <= set(listed)
    assert f"/news/{traps.MOVED_ID}" not in listed
