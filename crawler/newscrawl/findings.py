"""What a crawl as a whole says about a site: above all, that its layout has changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from newscrawl.outcomes import SKIPPED

LAYOUT_CHANGED = "layout_changed"
SITE_NOT_READ = "site_not_read"  # one of many that a search led to
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


Place = tuple[str, str]  # how a page was read, a key of EMPTY_MAX_RATIO, and its host


def findings(
    *,
    read: Mapping[Place, int],
    empty: Mapping[Place, int],
    asked_hosts: Collection[str],
    skipped: Mapping[str, int],
    lists_lost: Mapping[str, str],
    articles: int,
) -> tuple[Finding, ...]:
    """Return what stands out.

    Args:
        read: pages that were read, by how ("rule": a site rule; "library": any other way) and host.
        empty: those of them that gave no text, or too little.
        asked_hosts: of the addresses that the user named.
        skipped: pages that became no article, by reason.
        lists_lost: further pages of lists that could not be fetched, with the reason.
        articles: pages that did.
    """
    found = _layouts(read, empty, asked_hosts)
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
    if skipped.get("internal"):
        found.append(
            Finding(
                code="internal",
                message=f"{skipped['internal']} pages were lost by an error of newscrawl's own",
                mend="OUT/.crawl/crawl.log has it: please report it",
            )
        )
    if lists_lost:
        url, reason = next(iter(lists_lost.items()))
        found.append(
            Finding(
                code="lists_not_read",
                message=f"{len(lists_lost)} further lists could not be read, such as {url}: "
                f"{reason} ({SKIPPED[reason]})",
                mend="run the same command again for what they lead to",
            )
        )
    return tuple(found)


def _layouts(
    read: Mapping[Place, int], empty: Mapping[Place, int], asked_hosts: Collection[str]
) -> list[Finding]:
    """Return the ways that find nothing on most pages, else the sites of that kind."""
    found = []
    for way, max_ratio in EMPTY_MAX_RATIO.items():
        by_host = {host: (n, empty.get((w, host), 0)) for (w, host), n in read.items() if w == way}
        count = sum(n for n, _ in by_host.values())
        without = sum(n for _, n in by_host.values())
        if _is_changed(count, without, max_ratio):
            found.append(_layout(LAYOUT_CHANGED, without, count, f"read by {_WAYS[way]}"))
            continue
        found.extend(
            _layout(
                LAYOUT_CHANGED if host in asked_hosts else SITE_NOT_READ, n_empty, n, f"of {host}"
            )
            for host, (n, n_empty) in by_host.items()
            if n >= FEW_PAGES and _is_changed(n, n_empty, max_ratio)
        )
    return found


def _layout(code: str, empty: int, read: int, which: str) -> Finding:
    return Finding(
        code=code,
        message=f"{empty} of {read} pages {which} hold no article",
        mend="look at one of them in OUT/.crawl/journal.jsonl: if it shows an article, the "
        "site's layout has changed and newscrawl must learn it",
    )


_WAYS = {"rule": "the site's own rule", "library": "the general way"}


def _is_changed(read: int, empty: int, max_ratio: float) -> bool:
    if read < FEW_PAGES:
        return 0 < read == empty
    return empty > max_ratio * read
