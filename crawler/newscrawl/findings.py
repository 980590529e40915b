"""What a crawl as a whole says about a site: above all, that its layout has changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from newscrawl.outcomes import SKIPPED

LAYOUT_CHANGED = "layout_changed"
# Selectors die about once a year, and a crawler without them reports success with no article. A
# healthy site has a few pages without text (pictures, videos), seldom a fifth of them.
EMPTY_MAX_RATIO = {"rule": 0.2, "library": 0.5}
FEW_PAGES = 5  # of fewer, all must be empty: one video page among three says nothing
REFUSED_MIN_RATIO = 0.5
REFUSALS = ("robots", "http_error", "timeout", "connection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about the crawl that the user should know."""

    code: str
    message: str
    mend: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.code}: {self.message}; {self.mend}"


def findings(
    *, read: Mapping[str, int], empty: Mapping[str, int], skipped: Mapping[str, int], articles: int
) -> tuple[Finding, ...]:
    """Return what stands out.

    Args:
        read: pages that were read, by how: "rule" (a site rule) or "library" (any other way).
        empty: those of them that gave no text, or too little.
        skipped: pages that became no article, by reason.
        articles: pages that did.
    """
    found = [
        Finding(
            code=LAYOUT_CHANGED,
            message=f"{empty.get(way, 0)} of {count} pages read by {_WAYS[way]} hold no article",
            mend="look at one of them in OUT/.crawl/journal.jsonl: if it shows an article, the "
            "site's layout has changed and newscrawl must learn it",
        )
        for way, count in read.items()
        if _is_changed(count, empty.get(way, 0), EMPTY_MAX_RATIO[way])
    ]
    asked = articles + sum(skipped.values())
    for reason in REFUSALS:
        count = skipped.get(reason, 0)
        if count >= FEW_PAGES and count > REFUSED_MIN_RATIO * asked:
            found.append(
                Finding(
                    code=f"mostly_{reason}",
                    message=f"{count} of {asked} pages were not read: {SKIPPED[reason]}",
                    mend="ask the site's owner, go slower (--delay) or come back later",
                )
            )
    if skipped.get("undecodable"):
        found.append(
            Finding(
                code="undecodable",
                message=f"{skipped['undecodable']} pages are in no known character set",
                mend="they are named in OUT/.crawl/journal.jsonl",
            )
        )
    return tuple(found)


_WAYS = {"rule": "the site's own rule", "library": "the general way"}


def _is_changed(read: int, empty: int, max_ratio: float) -> bool:
    if read < FEW_PAGES:
        return 0 < read == empty
    return empty > max_ratio * read
