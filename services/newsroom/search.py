"""The site's own search: which entries match a query, and what the result page shows of them."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsroom.articles import NewsroomArticle

HITS_PER_PAGE = 10
QUERY_MAX_CHARS = 100
SNIPPET_CHARS = 110
SNIPPET_LEAD_CHARS = 30  # what stands before the first match, so that it reads as a sentence


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text that does or does not match the query."""

    text: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One result: the page it leads to, with title and snippet cut into segments."""

    article: NewsroomArticle
    title: tuple[Segment, ...]
    snippet: tuple[Segment, ...]


def query_pattern(query: str) -> re.Pattern[str] | None:
    """Return what matches the query in any spacing and case, or None for an empty query."""
    letters = "".join(unicodedata.normalize("NFC", query[:QUERY_MAX_CHARS]).split())
    if not letters:
        return None
    return re.compile(r"\s*".join(re.escape(letter) for letter in letters), re.IGNORECASE)


def search(articles: Iterable[NewsroomArticle], query: str) -> tuple[Hit, ...]:
    """Return the hits for a query, newest first.

    An article is a hit when its title, text, captions or keywords hold the query; so not every
    hit is about it.
    """
    pattern = query_pattern(query)
    if pattern is None:
        return ()
    found = [article for article in articles if pattern.search(searchable_text(article))]
    found.sort(key=lambda article: (article.published_at, article.id), reverse=True)
    return tuple(
        Hit(
            article=article,
            title=segments(article.title, pattern),
            snippet=segments(snippet(article, pattern), pattern),
        )
        for article in found
    )


def searchable_text(article: NewsroomArticle) -> str:
    """Return everything that the search looks at, one part a line."""
    return "\n".join((article.title, article.text, *article.captions, *article.keywords))


def segments(text: str, pattern: re.Pattern[str]) -> tuple[Segment, ...]:
    """Return the text cut at the matches; joined, the segments are the text again."""
    cut: list[Segment] = []
    end = 0
    for match in pattern.finditer(text):
        cut.append(Segment(text[end : match.start()], is_match=False))
        cut.append(Segment(match.group(), is_match=True))
        end = match.end()
    cut.append(Segment(text[end:], is_match=False))
    return tuple(segment for segment in cut if segment.text)


def snippet(article: NewsroomArticle, pattern: re.Pattern[str]) -> str:
    """Return about `SNIPPET_CHARS` of the body around the first match, or of its beginning."""
    body = " ".join(article.text.split())
    match = pattern.search(body)
    start = max(0, match.start() - SNIPPET_LEAD_CHARS) if match else 0
    shown = body[start : start + SNIPPET_CHARS].strip()
    before = "…" if start else ""
    after = "…" if start + SNIPPET_CHARS < len(body) else ""
    return f"{before}{shown}{after}"


def page_of(hits: Sequence[Hit], page: int) -> Sequence[Hit]:
    """Return the hits of a page; pages count from 1, and one beyond the last is empty."""
    return hits[(page - 1) * HITS_PER_PAGE : page * HITS_PER_PAGE]


def page_number(value: str) -> int:
    """Return the page that a query string asks for; what is no positive number means 1."""
    return int(value) if re.fullmatch(r"[1-9][0-9]{0,5}", value) else 1


def relative_date(published_at: datetime, now: datetime) -> str:
    """Return the age as Korean portals print it: minutes, hours, days, then the date after a week.

    Never negative: what is published after `now` was published just now.
    """
    age_s = max(0, int((now - published_at).total_seconds()))
    if age_s < 3600:
        return f"{age_s // 60}분 전"
    if age_s < 86_400:
        return f"{age_s // 3600}시간 전"
    if age_s < 7 * 86_400:
        return f"{age_s // 86_400}일 전"
    return f"{published_at:%Y.%m.%d.}"
