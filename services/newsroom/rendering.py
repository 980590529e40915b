"""From articles to HTML and XML: fills the templates with an article and its furniture."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from newsroom.articles import NewsroomArticle
from newsroom.search import relative_date

# The site's "now" stands still, so that a page is the same bytes at every visit.
SITE_NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone(timedelta(hours=9)))
SUBHEADING_MARKS = ("◇", "■")
DESCRIPTION_CHARS = 90
SHOWN_COMMENTS = 4
SHOWN_RELATED = 4
SHOWN_MOST_READ = 8


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the body in page order: `text`, `subheading`, `photo` or `ad`."""

    kind: str
    text: str


def blocks(article: NewsroomArticle) -> list[Block]:
    """Return the body with photos and one advertisement put between its paragraphs.

    The first photo stands above the body, the others and the advertisement inside it.
    """
    body = [
        Block("subheading" if text.startswith(SUBHEADING_MARKS) else "text", text)
        for text in article.paragraphs
    ]
    middle = len(body) // 2
    if middle:
        body.insert(middle, Block("ad", ""))
    step = max(2, len(body) // (len(article.captions) + 1))
    for number, caption in enumerate(article.captions):
        body.insert(number * step, Block("photo", caption))
    return body


def description(article: NewsroomArticle) -> str:
    """Return the beginning of the body on one line, as `og:description` shows it."""
    body = " ".join(article.text.split())
    return body if len(body) <= DESCRIPTION_CHARS else f"{body[:DESCRIPTION_CHARS]}…"


def next_data(
    article: NewsroomArticle, related: Sequence[NewsroomArticle], comments: Sequence[str]
) -> dict[str, Any]:
    """Return what the embedded layout carries in `__NEXT_DATA__`; its body is nowhere else."""
    return {
        "props": {
            "pageProps": {
                "article": {
                    "id": article.id,
                    "title": article.title,
                    "subTitle": article.subheadline,
                    "section": article.section,
                    "publishedAt": article.published_at.isoformat(),
                    "modifiedAt": None,
                    "press": {"name": article.press, "domain": article.publisher.domain},
                    "reporters": [{"name": article.author, "email": mail(article)}],
                    "contents": [
                        {"type": block.kind, "value": block.text} for block in blocks(article)
                    ],
                },
                "related": [
                    {"id": other.id, "title": other.title, "lead": description(other)}
                    for other in related
                ],
                "comments": [
                    {"nick": f"독자{number}", "body": body}
                    for number, body in enumerate(comments, start=1)
                ],
            },
            "__N_SSG": True,
        },
        "page": "/news/[id]",
        "query": {"id": article.id},
        "buildId": "synthetic",
        "isFallback": False,
    }


def json_ld(article: NewsroomArticle, base_url: str) -> dict[str, Any]:
    """Return the schema.org description; `articleBody` is cut where the publisher cuts it."""
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title,
        "datePublished": article.published_at.isoformat(),
        "inLanguage": article.language,
        "author": {"@type": "Person", "name": article.author},
        "publisher": {"@type": "Organization", "name": article.press},
        "mainEntityOfPage": f"{base_url}{article.path}",
        "articleBody": article.text[: article.publisher.jsonld_chars],
    }


def mail(article: NewsroomArticle) -> str:
    """Return the desk's mail address, under the reserved top level `.example`."""
    return f"{article.section}@{article.publisher.domain}"


class Renderer:
    """Fills the templates; holds the loaded furniture and the articles that pages link to."""

    def __init__(self, articles: Sequence[NewsroomArticle]) -> None:
        self.articles = articles
        self.furniture: dict[str, Any] = tomllib.loads(
            files("newsroom").joinpath("data", "furniture.toml").read_text("utf-8")
        )
        self.environment = Environment(
            loader=PackageLoader("newsroom", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
        self.environment.filters["relative_date"] = lambda stamp: relative_date(stamp, SITE_NOW)
        self.environment.filters["rfc822"] = format_datetime

    def page(self, template: str, *, language: str = "ko", **values: object) -> str:
        """Return a page of the portal: front, section, search, error, or one of the XML files."""
        sections = "sections_en" if language == "en" else "sections"
        return self.environment.get_template(template).render(
            language=language,
            say=self.furniture[language],
            sections=self.furniture[sections],
            most_read=self.most_read(language),
            **values,
        )

    def article(self, article: NewsroomArticle, base_url: str) -> str:
        """Return an article's page in its publisher's layout."""
        related = self.related(article)
        comments = rotated(self.furniture[article.language]["comments_list"], int(article.id))
        return self.page(
            f"article_{article.layout}.html",
            language=article.language,
            article=article,
            base_url=base_url,
            blocks=blocks(article),
            description=description(article),
            mail=mail(article),
            related=related,
            comments=comments[:SHOWN_COMMENTS],
            ads=rotated(self.furniture[article.language]["ads"], int(article.id)),
            json_ld=json_ld(article, base_url),
            next_data=next_data(article, related, comments[:SHOWN_COMMENTS]),
        )

    def newest(self, language: str = "ko") -> list[NewsroomArticle]:
        """Return the articles of a language, newest first."""
        return sorted(
            (article for article in self.articles if article.language == language),
            key=lambda article: (article.published_at, article.id),
            reverse=True,
        )

    def related(self, article: NewsroomArticle) -> list[NewsroomArticle]:
        """Return other articles, those of the same section first."""
        others = [other for other in self.newest(article.language) if other.id != article.id]
        others.sort(key=lambda other: other.section != article.section)
        return others[:SHOWN_RELATED]

    def most_read(self, language: str) -> list[NewsroomArticle]:
        """Return the most-read list: the longest stories, since nobody counts readers here."""
        ranked = sorted(self.newest(language), key=lambda article: -len(article.text))
        return ranked[:SHOWN_MOST_READ]


def rotated(items: Sequence[str], by: int) -> list[str]:
    """Return the items beginning with another one, so that pages differ."""
    start = by % len(items)
    return [*items[start:], *items[:start]]
