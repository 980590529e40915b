"""What the spiders yield."""

from dataclasses import dataclass, field

from newscrawl.addresses import article_id, article_key
from newscrawl.candidates import Candidate, Rank
from newscrawl.discovery.links import is_article_address
from newscrawl.extract.extracted import Extracted
from newscrawl.page_trail import PageTrail


@dataclass(slots=True, kw_only=True)
class ArticleItem:
    """An article on its way to the dataset; pipelines fill in what they find out."""

    id: str
    key: str  # identity of the address
    url: str
    rank: Rank
    title: str
    text: str
    published_at: str | None
    press: str | None
    author: str | None
    section: str | None
    language: str | None
    extraction: str  # the path that produced the text
    fetched_at: str = ""  # ISO 8601 UTC
    trace_id: str = ""  # 32 hex digits; one trace a page
    span_id: str = ""  # 16 hex digits; the extraction, below which its delivery stands
    asked_key: str = ""  # of the address that was asked for, which may have led elsewhere
    other_keys: tuple[str, ...] = ()  # of the addresses that discovery knew
    modified_at: str | None = None
    canonical_url: str | None = None
    original_url: str | None = None
    is_photo: bool = False
    is_paywalled: bool = False
    keywords: list[str] = field(default_factory=list)
    relevance: dict[str, object] | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The article's identities: its addresses, and the one that its page calls its own.

        Sites whose pages all name the front page as canonical exist, so only an address that
        looks like an article's counts.
        """
        found = [self.key, *self.other_keys]
        if self.canonical_url and is_article_address(self.canonical_url):
            found.append(article_key(self.canonical_url))
        return tuple(dict.fromkeys(found))


def article_item(
    found: Extracted, *, url: str, fetched_at: str, candidate: Candidate, trail: PageTrail
) -> ArticleItem:
    """Return the item of a page that was found at `url`, after redirects."""
    key = article_key(url)
    others = (article_key(other) for other in (candidate.url, *candidate.other_urls))
    return ArticleItem(
        id=article_id(key),
        key=key,
        url=url,
        rank=candidate.rank,
        fetched_at=fetched_at,
        trace_id=trail.trace_id,
        span_id=trail.extract_span_id,
        asked_key=article_key(candidate.url),
        other_keys=tuple(dict.fromkeys(other for other in others if other != key)),
        title=found.title,
        text=found.text,
        published_at=found.published_at or candidate.published_at,
        press=found.press,
        author=found.author,
        section=found.section,
        language=found.language,
        extraction=found.path,
        modified_at=found.modified_at,
        canonical_url=found.canonical_url,
        original_url=found.original_url,
        is_photo=found.is_photo,
        is_paywalled=found.is_paywalled,
    )
