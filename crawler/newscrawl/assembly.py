"""From the journal to the dataset: which articles, in which order."""

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from newscrawl.journal import entries
from yoyak.dataset import MANIFEST, Article, DatasetManifest, read_dataset, write_dataset
from yoyak.errors import HostError, UsageError

EXTRACTOR_PACKAGES = ("trafilatura", "resiliparse", "readability-lxml", "lxml")

_EXTRA = ("section", "extraction", "modified_at", "canonical_url", "original_url", "relevance")
_NEVER = datetime.max.replace(tzinfo=UTC)


def kept_articles(journal: Path) -> list[Article]:
    """Return the journal's articles in the order of the dataset: by time, then by address.

    A time counts as an instant, not as text; articles without one come last. The order depends
    on the articles only, not on when each was fetched.
    """
    found: dict[str, dict[str, Any]] = {}
    for entry in entries(journal):
        if entry["kind"] == "article":
            found[entry["key"]] = entry
        elif entry["reason"] == "beyond_limit":
            found.pop(entry["key"], None)
    ordered = sorted(found.values(), key=lambda e: (_instant(e["published_at"]), e["key"]))
    return [_article(entry) for entry in ordered]


def assemble(
    journal: Path, folder: Path, *, source: str | None, query: str | None
) -> DatasetManifest | None:
    """Write the dataset from the journal; one that says the same already is left untouched.

    Returns:
        The manifest, or None where there is no article.

    Raises:
        HostError: the folder cannot be written.
    """
    articles = kept_articles(journal)
    if not articles:
        return None
    try:
        if (there := _there(folder, articles)) is not None:
            return there
        return write_dataset(
            folder,
            articles,
            created_at=datetime.now(UTC).replace(microsecond=0).isoformat(),
            source=source,
            query=query,
            extractor=extractor(),
        )
    except OSError as error:
        raise HostError(
            f"{folder} cannot be written ({error.strerror}); make room or name another: --out DIR"
        ) from error


def extractor() -> str:
    """Return what extracted the texts, with versions."""
    parts = (f"{name} {version(name)}" for name in EXTRACTOR_PACKAGES)
    return f"newscrawl {version('yoyak')} ({', '.join(parts)})"


def _there(folder: Path, articles: Iterable[Article]) -> DatasetManifest | None:
    if not (folder / MANIFEST).exists():
        return None
    try:
        dataset = read_dataset(folder)
    except UsageError:  # a broken one is written anew
        return None
    return dataset.manifest if dataset.articles == tuple(articles) else None


def _article(entry: dict[str, Any]) -> Article:
    extra = {name: entry[name] for name in _EXTRA if entry.get(name) is not None}
    return Article(
        id=entry["id"],
        url=entry["url"],
        title=entry["title"],
        text=entry["text"],
        published_at=entry["published_at"],
        press=entry["press"],
        author=entry["author"],
        keywords=tuple(entry["keywords"]),
        language=entry["language"],
        extra=extra or None,
    )


def _instant(stamp: str | None) -> datetime:
    return datetime.fromisoformat(stamp) if stamp else _NEVER
