"""The invented publishers: which page layout and character set each one uses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """A publisher of the newsroom.

    `layout` names the template `templates/article_<layout>.html`. `dateline` stands at the head
    of the first paragraph on the page and is no part of the article's text. `jsonld_chars` is
    where the publisher's JSON-LD cuts `articleBody`; None keeps it whole.
    """

    slug: str
    name: str
    layout: str
    charset: str = "utf-8"
    dateline: str = ""
    jsonld_chars: int | None = None

    @property
    def domain(self) -> str:
        """Return the mail domain, under the reserved top level `.example`."""
        return f"{self.slug}.example"


PUBLISHERS = {
    publisher.slug: publisher
    for publisher in (
        Publisher(slug="marubyeol", name="마루별경제", layout="paragraphs"),
        Publisher(
            slug="neoul", name="새벽너울뉴스", layout="breaks", dateline="(서울=새벽너울뉴스)"
        ),
        Publisher(slug="nuribom", name="누리봄일보", layout="jsonld"),
        Publisher(slug="haedam", name="해담매일", layout="jsonld", jsonld_chars=500),
        Publisher(slug="neoreun", name="너른통신", layout="embedded"),
        Publisher(slug="yetgol", name="옛골신문", layout="legacy", charset="cp949"),
        Publisher(slug="ledger", name="The Maru Ledger", layout="paragraphs"),
    )
}
