"""From the journal to the dataset: which articles, in which order, and which repeat each other."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from newscrawl.journal import lines
from newscrawl.near_duplicates import Link, near_duplicates
from newscrawl.outcomes import BEYOND_LIMIT
from yoyak.dataset import Article, DatasetManifest, write_dataset
from yoyak.errors import HostError

EXTRACTOR_PACKAGES = ("trafilatura", "resiliparse", "readability-lxml", "lxml")

_EXTRA = ("section", "extraction", "modified_at", "canonical_url", "original_url", "relevance")
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an article stands in the journal, and what orders it."""

    instant: datetime
    key: str
    offset: int
    id: str
    fetched_at: str


@dataclass(frozen=True, slots=True)
class Assembled:
    """The written dataset, and how many of its articles nearly repeat another."""

    manifest: DatasetManifest
    near_duplicates: int


def assemble(
    journal: Path, folder: Path, *, source: str | None, query: str | None
) -> Assembled | None:
    """Write the dataset from the journal; one that says the same already is left untouched.

    Articles are ordered by the instant of publication, those without one last, then by address:
    the order depends on the articles, not on when each was fetched. The dataset is as old as its
    newest response. Memory holds one article and a few numbers of each.

    Returns:
        What was written, or None where there is no article.

    Raises:
        HostError: the folder cannot be written.
    """
    if not journal.exists():
        return None
    places = sorted(_places(journal), key=lambda p: (p.instant, p.key))
    if not places:
        return None
    ids = _distinct([place.id for place in places])
    try:
        with journal.open("rb") as file:
            links = near_duplicates(
                (_entry(file, place)["text"] for place in places),
                lambda position: str(_entry(file, places[position])["text"]),
            )
            manifest = write_dataset(
                folder,
                _articles(file, places, ids, {link.position: link for link in links}),
                created_at=max(place.fetched_at for place in places),
                source=source,
                query=query,
                extractor=extractor(),
            )
    except OSError as error:
        raise HostError(
            f"{folder} cannot be written ({error.strerror}); make room or name another: --out DIR"
        ) from error
    return Assembled(manifest, len(links))


def extractor() -> str:
    """Return what extracted the texts, with versions."""
    parts = (f"{name} {version(name)}" for name in EXTRACTOR_PACKAGES)
    return f"newscrawl {version('yoyak')} ({', '.join(parts)})"


def _places(journal: Path) -> list[_Place]:
    """Return the articles that are wanted: the last line of each key counts."""
    found: dict[str, _Place] = {}
    for offset, entry in lines(journal):
        if entry["kind"] == "article":
            instant = _instant(entry["published_at"])
            found[entry["key"]] = _Place(
                instant, entry["key"], offset, entry["id"], entry["fetched_at"]
            )
        elif entry["reason"] == BEYOND_LIMIT:
            found.pop(entry["key"], None)
    return list(found.values())


def _entry(file: BinaryIO, place: _Place) -> dict[str, Any]:
    file.seek(place.offset)
    entry: dict[str, Any] = json.loads(file.readline())
    return entry


def _articles(
    file: BinaryIO, places: list[_Place], ids: list[str], links: dict[int, Link]
) -> Iterator[Article]:
    for position, place in enumerate(places):
        entry = _entry(file, place)
        extra = {name: entry[name] for name in _EXTRA if entry.get(name) is not None}
        if link := links.get(position):
            extra["near_duplicate_of"] = {
                "id": ids[link.original],
                "similarity": round(link.similarity, 3),
            }
        yield Article(
            id=ids[position],
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


def _distinct(ids: list[str]) -> list[str]:
    """Return the ids, with -2, -3 behind those that two sites on one host's ports share."""
    met: dict[str, int] = {}
    distinct = []
    for id_ in ids:
        met[id_] = met.get(id_, 0) + 1
        distinct.append(id_ if met[id_] == 1 else f"{id_}-{met[id_]}")
    return distinct


def _instant(stamp: str | None) -> datetime:
    return datetime.fromisoformat(stamp) if stamp else _NEVER
