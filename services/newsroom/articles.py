"""The articles themselves: what the newsroom knows to be true about each of its pages."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from newsroom.publishers import PUBLISHERS, Publisher

FENCE = "+++"
ROLES = {"ko": "기자", "en": ""}  # what stands after the author's name unless the file says


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsroomArticle:
    """One article: its text and facts, apart from any page that shows them.

    `paragraphs` holds the body in order; a sub-heading inside the body is a paragraph. The
    `subheadline` and the photo `captions` are furniture, not body. `published_at` has the zone
    +09:00. `keywords` are the desk's, so an article may carry one that its text does not hold.
    """

    id: str
    title: str
    subheadline: str
    paragraphs: tuple[str, ...]
    publisher: Publisher
    author: str
    role: str
    section: str
    published_at: datetime
    language: str
    keywords: tuple[str, ...]
    captions: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the body: the paragraphs joined with a blank line."""
        return "\n\n".join(self.paragraphs)

    @property
    def press(self) -> str:
        """Return the publisher's name as readers see it."""
        return self.publisher.name

    @property
    def byline(self) -> str:
        """Return the author as the page names them, such as `탁이안 기자`."""
        return f"{self.author} {self.role}".strip()

    @property
    def layout(self) -> str:
        """Return the name of the page layout that the publisher uses."""
        return self.publisher.layout

    @property
    def path(self) -> str:
        """Return the path of the page, such as `/news/1001`."""
        return f"/news/{self.id}"


def parse(source: str) -> NewsroomArticle:
    """Return the article that a source file holds.

    A file is TOML between two `+++` lines, then paragraphs separated by blank lines.

    Raises:
        ValueError: a fence is missing or the TOML is malformed.
        KeyError: a field is missing or the press is none of `PUBLISHERS`.
    """
    opening, header, body = source.split(f"{FENCE}\n", 2)
    if opening:
        raise ValueError(f"an article begins with {FENCE}, not with {opening[:40]!r}")
    facts = tomllib.loads(header)
    paragraphs = tuple(part.strip() for part in body.split("\n\n") if part.strip())
    return NewsroomArticle(
        id=facts["id"],
        title=facts["title"],
        subheadline=facts["subheadline"],
        paragraphs=paragraphs,
        publisher=PUBLISHERS[facts["press"]],
        author=facts["author"],
        role=facts.get("role", ROLES[facts["language"]]),
        section=facts["section"],
        published_at=facts["published_at"],
        language=facts["language"],
        keywords=tuple(facts["keywords"]),
        captions=tuple(facts["captions"]),
    )


def read_folder(folder: str) -> tuple[NewsroomArticle, ...]:
    """Return the articles of the package folder `data/<folder>`, ordered by id."""
    sources = files("newsroom").joinpath("data", folder).iterdir()
    found = [parse(source.read_text("utf-8")) for source in sources if source.name.endswith(".md")]
    return tuple(sorted(found, key=lambda article: article.id))


@cache
def load() -> tuple[NewsroomArticle, ...]:
    """Return every article of the newsroom, ordered by id. The pages of `traps` are not here."""
    return read_folder("articles")
