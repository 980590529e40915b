"""What the spiders yield."""

from dataclasses import dataclass, field

from newscrawl.addresses import article_key
from newscrawl.discovery.links import is_article_address
from newscrawl.extract.extracted import Extracted


@dataclass(slots=True, kw_only=True)
class ArticleItem:
    """An article on its way to the dataset; pipelines fill in what they find out."""

    id: str
    key: str  # identity of the address
    url: str
    rank: tuple[int, int, int]  # where discovery found it: start, page, position
    title: str
    text: str
    published_at: str | None
    press: str | None
    author: str | None
    section: str | None
    language: str | None
    extraction: str  # the path that produced the text
    asked_key: str | None = None  # of the address that discovery found, where it was redirected
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
        found = [self.key, *([self.asked_key] if self.asked_key else [])]
        if self.canonical_url and is_article_address(self.canonical_url):
            found.append(article_key(self.canonical_url))
        return tuple(dict.fromkeys(found))


def article_item(
    found: Extracted,
    *,
    id: str,  # noqa: A002 - the dataset's own name
    key: str,
    url: str,
    rank: tuple[int, int, int],
    asked_key: str,
) -> ArticleItem:
    """Return the item of an extracted page."""
    return ArticleItem(
        id=id,
        key=key,
        url=url,
        rank=rank,
        asked_key=asked_key if asked_key != key else None,
        title=found.title,
        text=found.text,
        published_at=found.published_at,
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
