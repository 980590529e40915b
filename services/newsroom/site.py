"""The site as a function: the answer to the path and query of a GET."""

from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from newsroom import articles as truth
from newsroom import traps
from newsroom.rendering import Renderer
from newsroom.search import page_number, page_of, search

if TYPE_CHECKING:
    from collections.abc import Callable

HTML = "text/html; charset=utf-8"
XML = "application/xml; charset=utf-8"
STATIC_TYPES = {"style.css": "text/css; charset=utf-8", "photo.svg": "image/svg+xml"}
FEED_LENGTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the site answers; `location` is set on a redirect."""

    status: HTTPStatus = HTTPStatus.OK
    content_type: str = HTML
    body: bytes
    location: str | None = None


class Site:
    """Answers requests from the bundled articles and traps; holds no state between them."""

    def __init__(self) -> None:
        self.articles = truth.load()
        self.listed = (*self.articles, *traps.load())
        self.by_id = {article.id: article for article in self.listed}
        self.renderer = Renderer(self.articles)
        self.pages: dict[str, Callable[[str, str], Response]] = {
            "/": self.front,
            "/search": self.results,
            "/sitemap.xml": self.sitemap,
            "/rss.xml": self.feed,
            "/robots.txt": self.robots,
            "/private/draft": self.private,
        }
        self.folders: dict[str, Callable[[str, str], Response]] = {
            "news": self.news,
            "old": self.moved,
            "section": self.section,
            "static": self.static,
        }

    def respond(self, target: str, base_url: str) -> Response:
        """Return the answer to a GET.

        Args:
            target: path and query as they stand in the request line.
            base_url: scheme, host and port without a slash at the end, for absolute links.
        """
        path, _, query = target.partition("?")
        if page := self.pages.get(path):
            return page(query, base_url)
        _, folder, name = [*path.split("/", 2), "", ""][:3]
        if answer := self.folders.get(folder):
            return answer(name, base_url)
        return self.not_found()

    def front(self, _query: str, _base_url: str) -> Response:
        """Return the front page: every article in Korean, newest first, then the English ones."""
        shown = [*self.renderer.newest("ko"), *self.renderer.newest("en")]
        return html(self.renderer.page("front.html", heading="오늘의 뉴스", articles=shown))

    def section(self, name: str, _base_url: str) -> Response:
        """Return the list of a section, or 404 for one that no article is in."""
        newest = [*self.renderer.newest("ko"), *self.renderer.newest("en")]
        shown = [article for article in newest if article.section == name]
        if not shown:
            return self.not_found()
        heading = self.renderer.furniture["sections"][name]
        return html(self.renderer.page("front.html", heading=heading, articles=shown))

    def results(self, query: str, _base_url: str) -> Response:
        """Return a page of the search result: `query` and `page` as in the query string."""
        fields = parse_qs(query)
        asked = fields.get("query", [""])[0]
        number = page_number(fields.get("page", ["1"])[0])
        hits = search(self.listed, asked)
        shown = [(hit, traps.listed_path(hit.article)) for hit in page_of(hits, number)]
        more = bool(page_of(hits, number + 1))
        next_path = f"/search?query={quote(asked)}&page={number + 1}" if more else None
        return html(
            self.renderer.page(
                "search.html", query=asked, total=len(hits), hits=shown, next_path=next_path
            )
        )

    def news(self, name: str, base_url: str) -> Response:
        """Return an article's page in its own character set, or one of the traps."""
        article = self.by_id.get(name)
        if article is None or article.id == traps.GONE_ID:
            return self.not_found()
        page = self.renderer.article(article, base_url)
        # What CP949 cannot hold becomes a character reference, as old publishing systems do.
        body = page.encode(article.publisher.charset, errors="xmlcharrefreplace")
        return Response(content_type=traps.content_type(article), body=body)

    def moved(self, name: str, _base_url: str) -> Response:
        """Return the redirect from an article's old address."""
        article = self.by_id.get(name)
        if article is None:
            return self.not_found()
        return Response(
            status=HTTPStatus.MOVED_PERMANENTLY,
            content_type="text/plain; charset=utf-8",
            body=f"{article.path}\n".encode(),
            location=article.path,
        )

    def sitemap(self, _query: str, base_url: str) -> Response:
        """Return every article's address; the traps are not in it."""
        page = self.renderer.page("sitemap.xml", articles=self.articles, base_url=base_url)
        return Response(content_type=XML, body=page.encode())

    def feed(self, _query: str, base_url: str) -> Response:
        """Return the newest Korean articles as RSS 2.0."""
        newest = self.renderer.newest("ko")[:FEED_LENGTH]
        page = self.renderer.page("rss.xml", articles=newest, base_url=base_url)
        return Response(content_type="application/rss+xml; charset=utf-8", body=page.encode())

    def robots(self, _query: str, base_url: str) -> Response:
        """Return the rules: everything is allowed but `/private/`."""
        rules = f"User-agent: *\nDisallow: /private/\nAllow: /\n\nSitemap: {base_url}/sitemap.xml\n"
        return Response(content_type="text/plain; charset=utf-8", body=rules.encode())

    def private(self, _query: str, _base_url: str) -> Response:
        """Return the page that robots.txt forbids."""
        say = self.renderer.furniture["ko"]
        page = self.renderer.page(
            "message.html", heading=say["private"], message=say["private_text"]
        )
        return html(page)

    def static(self, name: str, _base_url: str) -> Response:
        """Return a style sheet or picture."""
        if name not in STATIC_TYPES:
            return self.not_found()
        body = files("newsroom").joinpath("data", "static", name).read_bytes()
        return Response(content_type=STATIC_TYPES[name], body=body)

    def not_found(self) -> Response:
        """Return the site's 404 page, with furniture as any other."""
        say = self.renderer.furniture["ko"]
        page = self.renderer.page(
            "message.html", heading=say["not_found"], message=say["not_found_text"]
        )
        return Response(status=HTTPStatus.NOT_FOUND, body=page.encode())


def html(page: str) -> Response:
    """Return a page as UTF-8 HTML."""
    return Response(body=page.encode())
