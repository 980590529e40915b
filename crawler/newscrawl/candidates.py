"""An address that discovery found, and what was said about it there."""

from dataclasses import dataclass

Rank = tuple[int, int, int]  # start address or keyword, page of its list, position on the page


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may hold an article."""

    url: str
    rank: Rank
    other_urls: tuple[str, ...] = ()  # further addresses of the same article
    published_at: str | None = None  # for a page that does not say it
