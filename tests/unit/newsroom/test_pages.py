"""Each page holds its article's text once, in its publisher's layout, among furniture."""

import json
from dataclasses import replace

import pytest
from parsel import Selector

from newsroom import traps
from newsroom.articles import NewsroomArticle, load
from newsroom.rendering import Renderer
from newsroom.site import Site

BASE_URL = "http://newsroom.example:8000"
SITE = Site()
ARTICLES = load()
VISIBLE = [article for article in ARTICLES if article.layout != "embedded"]
EMBEDDED = [article for article in ARTICLES if article.layout == "embedded"]
JSONLD = [article for article in ARTICLES if article.layout == "jsonld"]
BODY = {
    "paragraphs": "//section[@class='article-body']",
    "breaks": "//div[@id='newsBody']",
    "jsonld": "//article[@class='story']",
    "embedded": "//main",
    "legacy": "//td[@id='articleBody']",
}


def page(article: NewsroomArticle) -> str:
    return SITE.respond(article.path, BASE_URL).body.decode(article.publisher.charset)


def tree(article: NewsroomArticle) -> Selector:
    return Selector(text=page(article))


def visible_text(element: Selector) -> str:
    """The text that a reader sees: no scripts and styles, whitespace as one space."""
    parts = element.xpath(".//text()[not(ancestor::script or ancestor::style)]").getall()
    return " ".join(" ".join(parts).split())


def by_id(articles: list[NewsroomArticle]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("article", articles, ids=lambda article: article.id)


@by_id(VISIBLE)
def test_every_paragraph_is_on_its_page_exactly_once(article: NewsroomArticle) -> None:
    shown = visible_text(tree(article))
    assert [shown.count(paragraph) for paragraph in article.paragraphs] == [1] * len(
        article.paragraphs
    )


@by_id(VISIBLE)
def test_paragraphs_stand_in_the_body_element_in_their_order(article: NewsroomArticle) -> None:
    body = visible_text(tree(article).xpath(BODY[article.layout])[0])
    places = [body.index(paragraph) for paragraph in article.paragraphs]
    assert places == sorted(places)


@by_id(EMBEDDED)
def test_an_embedded_body_is_in_the_json_once_and_nowhere_to_be_seen(
    article: NewsroomArticle,
) -> None:
    shown = tree(article)
    data = json.loads(shown.xpath("//script[@id='__NEXT_DATA__']/text()").get(""))
    contents = data["props"]["pageProps"]["article"]["contents"]
    texts = [block["value"] for block in contents if block["type"] in ("text", "subheading")]
    assert tuple(texts) == article.paragraphs
    assert not any(paragraph in visible_text(shown) for paragraph in article.paragraphs)


@by_id(JSONLD)
def test_json_ld_holds_the_body_whole_or_cut_where_the_publisher_cuts(
    article: NewsroomArticle,
) -> None:
    scripts = tree(article).xpath("//script[@type='application/ld+json']/text()").getall()
    found = [json.loads(script) for script in scripts]
    news = next(data for data in found if data["@type"] == "NewsArticle")
    assert news["headline"] == article.title
    assert news["datePublished"] == article.published_at.isoformat()
    whole = article.publisher.jsonld_chars is None
    assert news["articleBody"] == (article.text if whole else article.text[:500])


@by_id(list(ARTICLES))
def test_a_page_is_labelled_synthetic_outside_the_body(article: NewsroomArticle) -> None:
    shown = tree(article)
    assert shown.xpath("//meta[@name='synthetic']/@content").getall() == ["true"]
    assert "(synthetic)" in visible_text(shown)
    assert "(synthetic)" not in visible_text(shown.xpath(BODY[article.layout])[0])


@by_id(list(ARTICLES))
def test_a_page_shows_title_author_press_and_the_copyright_line(article: NewsroomArticle) -> None:
    shown = visible_text(tree(article))
    assert article.title in shown
    assert article.press in shown
    say = SITE.renderer.furniture[article.language]
    assert say["copyright"] in shown
    if article.layout != "embedded":
        assert article.byline in shown
        assert f"@{article.publisher.domain}" in shown
        assert all(caption in shown for caption in article.captions)


@by_id([article for article in ARTICLES if article.layout not in ("legacy", "embedded")])
def test_a_page_has_the_furniture_of_a_news_site(article: NewsroomArticle) -> None:
    shown = tree(article)
    for wanted in (
        "//nav//a",
        "//header",
        "//footer",
        "//*[contains(@class, 'comments')]//li",
        "//*[contains(@class, 'ad')]//a[contains(@rel, 'sponsored')]",
        "//*[@class='share']//button",
        "//meta[@property='og:title']",
        "//script",
        "//style",
        "//ol/li/a[starts-with(@href, '/news/')]",
    ):
        assert shown.xpath(wanted), wanted


@by_id(list(ARTICLES))
def test_a_page_loads_nothing_from_elsewhere(article: NewsroomArticle) -> None:
    shown = tree(article)
    links = shown.xpath("//@src | //@data-src | //link[@rel != 'canonical']/@href").getall()
    for link in links:
        assert link.startswith(("/static/", "data:")), link


def test_what_looks_like_markup_in_a_title_or_text_is_escaped() -> None:
    wicked = "<script>alert(1)</script> & <![[IMAGE1]]> </script>"
    for slug_example in {article.layout: article for article in ARTICLES}.values():
        article = replace(slug_example, title=wicked, paragraphs=(wicked,))
        source = Renderer(ARTICLES).article(article, BASE_URL)
        assert "<script>alert(1)" not in source
        assert wicked in Selector(text=source).xpath("//title/text()").get("")


def test_the_page_without_a_body_has_furniture_and_an_empty_body() -> None:
    source = SITE.respond(f"/news/{traps.NO_BODY_ID}", BASE_URL).body.decode()
    body = Selector(text=source).xpath(BODY["breaks"])[0]
    assert visible_text(body) == ""
    assert len(source) > 4_000


def test_the_photo_page_holds_one_caption_sentence() -> None:
    photo = next(page for page in traps.load() if page.id == traps.PHOTO_ID)
    assert len(photo.paragraphs) == 1
    assert photo.text.count(".") == 1
    source = SITE.respond(photo.path, BASE_URL).body.decode()
    body = visible_text(Selector(text=source).xpath(BODY["breaks"])[0])
    assert photo.text in body
    assert len(body) < 200


def test_pages_are_the_same_bytes_at_every_visit() -> None:
    for path in ("/", "/search?query=a", ARTICLES[0].path):
        assert Site().respond(path, BASE_URL) == Site().respond(path, BASE_URL)
