"""The crawl's last words: a table of what came in and what was left out, and why."""

from dataclasses import asdict, dataclass
from typing import Any

from newscrawl.findings import Finding
from newscrawl.outcomes import SKIPPED

BYTES_PER_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What a crawl did."""

    pages: int
    new_articles: int
    known_articles: int
    known_others: int  # pages that an earlier crawl found to hold no article
    skipped: dict[str, int]
    received_bytes: int
    elapsed_s: float
    dataset: str | None  # the folder
    dataset_sha256: str | None
    dataset_articles: int
    dataset_chars: int
    near_duplicates: int  # articles of the dataset that nearly repeat an earlier one
    fed: dict[str, int]  # articles handed to the summarizer, by outcome; empty without --feed
    findings: tuple[Finding, ...] = ()

    @property
    def pages_per_s(self) -> float | None:
        """Pages over the time of the crawl."""
        return self.pages / self.elapsed_s if self.elapsed_s else None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {**asdict(self), "pages_per_s": self.pages_per_s}

    def as_text(self) -> str:
        """Return the table for people."""
        rate = "" if self.pages_per_s is None else f" ({self.pages_per_s:.1f} pages/s)"
        rows = [
            ("pages", f"{self.pages:,}{rate}"),
            (
                "received",
                f"{self.received_bytes / BYTES_PER_MIB:.1f} MiB in {self.elapsed_s:.1f} s",
            ),
            ("new articles", f"{self.new_articles:,}"),
        ]
        if self.known_articles:
            rows.append(("known already", f"{self.known_articles:,}"))
        if self.known_others:
            told = "no articles, as an earlier crawl found; not asked again"
            rows.append(("known others", f"{self.known_others:,}  {told}"))
        for reason, count in sorted(self.skipped.items(), key=lambda pair: (-pair[1], pair[0])):
            rows.append((f"skipped: {reason}", f"{count:,}  {SKIPPED[reason]}"))
        if self.dataset:
            size = f"{self.dataset_articles:,} articles, {self.dataset_chars:,} characters"
            rows.append(("dataset", f"{self.dataset}: {size}"))
            if self.near_duplicates:
                linked = f"{self.near_duplicates:,}  linked to the earlier one, not left out"
                rows.append(("near duplicates", linked))
            rows.append(("dataset_sha256", str(self.dataset_sha256)))
        for outcome, count in self.fed.items():
            rows.append((f"feed: {outcome}", f"{count:,}"))
        rows.extend(("finding", str(finding)) for finding in self.findings)
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)
