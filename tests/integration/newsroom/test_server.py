"""The newsroom over real sockets: its pages, its traps and its manners."""

import errno
import http.client
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote, urljoin, urlsplit

import pytest
from parsel import Selector

from newsroom import traps
from newsroom.articles import load
from newsroom.search import search
from newsroom.server import Request, RunningNewsroom, serve

DEADLINE_S = 10.0
BY_ID = {article.id: article for article in load()}


@pytest.fixture(scope="module")
def newsroom() -> Iterator[RunningNewsroom]:
    with serve() as running:
        yield running


@pytest.fixture
def connection(newsroom: RunningNewsroom) -> Iterator[http.client.HTTPConnection]:
    opened = http.client.HTTPConnection(urlsplit(newsroom.url).netloc, timeout=DEADLINE_S)
    yield opened
    opened.close()


def get(
    connection: http.client.HTTPConnection, target: str, method: str = "GET"
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request(method, target)
    response = connection.getresponse()
    return response, response.read()


def crawl_results(connection: http.client.HTTPConnection, query: str) -> list[list[str]]:
    """The links of each result page, following `next` to the end."""
    pages: list[list[str]] = []
    target: str | None = f"/search?query={quote(query)}"
    while target is not None:
        _, body = get(connection, target)
        page = Selector(text=body.decode())
        pages.append(page.xpath("//a[@class='hit-title']/@href").getall())
        following = page.xpath("//a[@rel='next']/@href").get()
        target = urljoin(target, following) if following else None
    return pages


def test_it_listens_on_loopback(newsroom: RunningNewsroom) -> None:
    assert urlsplit(newsroom.url).hostname == "127.0.0.1"
    assert newsroom.articles == len(load())


def test_every_article_arrives_over_one_kept_alive_connection(
    connection: http.client.HTTPConnection,
) -> None:
    get(connection, "/")
    socket = connection.sock
    for article in load():
        response, body = get(connection, article.path)
        assert response.status == 200
        assert response.headers["X-Synthetic"] == "true"
        assert int(response.headers["Content-Length"]) == len(body)
        assert article.title in unescape(body.decode(article.publisher.charset))
    assert connection.sock is socket


def test_head_has_the_same_head_and_no_body(connection: http.client.HTTPConnection) -> None:
    whole, body = get(connection, "/news/1001")
    head, nothing = get(connection, "/news/1001", "HEAD")
    assert nothing == b""
    assert head.headers["Content-Length"] == whole.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    ("target", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/news/1001", "text/html; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/sitemap.xml", "application/xml; charset=utf-8"),
        ("/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/static/style.css", "text/css; charset=utf-8"),
        ("/static/photo.svg", "image/svg+xml"),
    ],
)
def test_content_types(
    connection: http.client.HTTPConnection, target: str, content_type: str
) -> None:
    response, body = get(connection, target)
    assert response.status == 200
    assert response.headers["Content-Type"] == content_type
    assert body


def test_absolute_links_follow_the_host_header(
    newsroom: RunningNewsroom, connection: http.client.HTTPConnection
) -> None:
    _, body = get(connection, "/sitemap.xml")
    assert f"<loc>{newsroom.url}news/1001</loc>" in body.decode()
    connection.request("GET", "/sitemap.xml", headers={"Host": "newsroom:8000"})
    assert b"<loc>http://newsroom:8000/news/1001</loc>" in connection.getresponse().read()


def test_a_host_header_that_is_no_host_is_not_echoed(
    newsroom: RunningNewsroom, connection: http.client.HTTPConnection
) -> None:
    connection.request("GET", "/sitemap.xml", headers={"Host": 'a"><x'})
    body = connection.getresponse().read()
    assert f"<loc>{newsroom.url}news/1001</loc>" in body.decode()
    assert b"><x" not in body


def test_a_method_that_the_site_does_not_know_is_refused(
    connection: http.client.HTTPConnection,
) -> None:
    response, _ = get(connection, "/news/1001", "DELETE")
    assert response.status == 501


@pytest.mark.parametrize("query", ["온새미증권", "너울군", "Onsaemi", "증권"])
def test_paging_covers_every_hit_once(connection: http.client.HTTPConnection, query: str) -> None:
    pages = crawl_results(connection, query)
    links = [link for page in pages for link in page]
    hits = search((*load(), *traps.load()), query)
    assert links == [traps.listed_path(hit.article) for hit in hits]
    assert len(set(links)) == len(links) > 0
    assert all(len(page) == 10 for page in pages[:-1])


def test_the_firms_results_need_three_pages(connection: http.client.HTTPConnection) -> None:
    assert [len(page) for page in crawl_results(connection, "온새미증권")] == [10, 10, 6]


def test_trap_a_listed_article_is_gone(connection: http.client.HTTPConnection) -> None:
    response, body = get(connection, f"/news/{traps.GONE_ID}")
    assert response.status == 404
    assert "찾을 수 없습니다" in body.decode()


def test_trap_a_listed_address_redirects_to_the_article(
    connection: http.client.HTTPConnection,
) -> None:
    listed = traps.listed_path(BY_ID[traps.MOVED_ID])
    response, _ = get(connection, listed)
    assert response.status == 301
    response, body = get(connection, urljoin(listed, response.headers["Location"]))
    assert response.status == 200
    assert BY_ID[traps.MOVED_ID].paragraphs[0] in body.decode()


def test_trap_a_page_without_a_body_answers_200(connection: http.client.HTTPConnection) -> None:
    response, body = get(connection, f"/news/{traps.NO_BODY_ID}")
    assert response.status == 200
    shown = Selector(text=body.decode()).xpath("//div[@id='newsBody']/text()").getall()
    assert "".join(shown).strip() == ""


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        (traps.META_CHARSET_ID, "text/html"),
        (traps.WRONG_HEADER_ID, "text/html; charset=utf-8"),
    ],
)
def test_trap_old_pages_are_cp949_and_not_what_the_header_says(
    connection: http.client.HTTPConnection, name: str, content_type: str
) -> None:
    response, body = get(connection, f"/news/{name}")
    assert response.headers["Content-Type"] == content_type
    assert b"charset=euc-kr" in body
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")
    shown = body.decode("cp949")
    assert all(paragraph in shown for paragraph in BY_ID[name].paragraphs)


def test_trap_one_page_holds_a_syllable_that_strict_euc_kr_lacks(
    connection: http.client.HTTPConnection,
) -> None:
    _, body = get(connection, f"/news/{traps.META_CHARSET_ID}")
    with pytest.raises(UnicodeDecodeError):
        body.decode("euc-kr")


def test_requests_are_remembered_in_order() -> None:
    with serve() as running:
        opened = http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=DEADLINE_S)
        get(opened, "/news/1001")
        get(opened, "/private/draft", "HEAD")
        get(opened, "/nowhere?a=1")
        opened.close()
        assert list(running.requests) == [
            Request("GET", "/news/1001", 200),
            Request("HEAD", "/private/draft", 200),
            Request("GET", "/nowhere?a=1", 404),
        ]


def test_leaving_the_context_ends_idle_connections_and_frees_the_port() -> None:
    with serve() as running:
        opened = http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=DEADLINE_S)
        get(opened, "/robots.txt")
        port = urlsplit(running.url).port
    assert opened.sock is not None
    assert opened.sock.recv(1) == b""  # the server has closed its side
    opened.close()
    assert port is not None
    with serve(port) as again:
        assert urlsplit(again.url).port == port


def test_a_port_in_use_raises_oserror(newsroom: RunningNewsroom) -> None:
    port = urlsplit(newsroom.url).port
    assert port is not None
    with pytest.raises(OSError, match="in use") as refused, serve(port):
        pass
    assert refused.value.errno == errno.EADDRINUSE
