"""A dataset: a folder of articles whose digest names exactly what was summarized."""

import filecmp
import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from yoyak.errors import UsageError

SCHEMA_VERSION = 1
ARTICLES = "articles.jsonl"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One news article; title and text are NFC."""

    id: str
    url: str | None
    title: str
    text: str
    published_at: str | None = None  # ISO 8601 with zone
    press: str | None = None
    author: str | None = None
    keywords: tuple[str, ...] = ()
    language: str | None = None
    extra: dict[str, Any] | None = None  # the crawler's own: section, relevance, links, ...

    @property
    def sha256(self) -> str:
        """Hex digest over the canonical JSON of id, title and text."""
        return _sha256_of({"id": self.id, "text": self.text, "title": self.title})


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetManifest:
    """manifest.json of a dataset."""

    schema_version: int
    dataset_sha256: str
    articles: int
    chars: int  # code points of all article texts
    created_at: str  # ISO 8601 UTC
    source: str | None  # where it was crawled, e.g. the start address
    query: str | None
    extractor: str | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Articles in their order, and the manifest that their digest agrees with."""

    articles: tuple[Article, ...]
    manifest: DatasetManifest


def dataset_sha256(articles: Iterable[Article]) -> str:
    """Return the hex digest over the ordered article hashes."""
    digest = hashlib.sha256()
    for article in articles:
        digest.update(article.sha256.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def article_line(article: Article) -> str:
    """Return the article as one line of articles.jsonl, without the line break."""
    fields = asdict(article)
    extra = fields.pop("extra") or {}
    return json.dumps({**fields, "sha256": article.sha256, **extra}, ensure_ascii=False)


def write_dataset(
    folder: Path,
    articles: Iterable[Article],
    *,
    created_at: str,
    source: str | None = None,
    query: str | None = None,
    extractor: str | None = None,
) -> DatasetManifest:
    """Write articles.jsonl, then manifest.json, each by rename; text becomes NFC.

    Articles are written as they come, so memory does not grow with their number. A folder that
    holds the same dataset already is left untouched, `created_at` included.

    Raises:
        UsageError: no article, or an id that occurs twice.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ARTICLES
    part = path.with_name(path.name + ".part")
    digest = hashlib.sha256()
    ids: set[str] = set()
    chars = 0
    try:
        with part.open("w", encoding="utf-8") as file:
            for given in articles:
                article = _in_nfc(given)
                if article.id in ids:
                    raise UsageError(
                        f'article id "{article.id}" occurs twice; ids in {folder} must differ'
                    )
                ids.add(article.id)
                chars += len(article.text)
                digest.update(f"{article.sha256}\n".encode())
                file.write(article_line(article) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if not ids:
            raise UsageError(f"no article to write to {folder}; crawl pages that hold articles")
        manifest = DatasetManifest(
            schema_version=SCHEMA_VERSION,
            dataset_sha256=digest.hexdigest(),
            articles=len(ids),
            chars=chars,
            created_at=created_at,
            source=source,
            query=query,
            extractor=extractor,
        )
        if there := _same_dataset(folder, manifest, part):
            return there
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _write(folder / MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=2) + "\n")
    return manifest


def read_dataset(folder: Path) -> Dataset:
    """Read a dataset and check every hash.

    Raises:
        UsageError: a file is missing, broken, of a newer schema, or does not match its digest.
    """
    mend = "crawl it again: yoyak crawl site URL --out DIR"
    raw_manifest = _read(folder / MANIFEST, mend)
    manifest = _parse_manifest(raw_manifest, folder / MANIFEST, mend)
    # Only "\n" ends a line: U+2028 and its like stand unescaped inside JSON strings.
    lines = _read(folder / ARTICLES, mend).split("\n")
    articles = tuple(
        parse_article(line, where=f"{folder / ARTICLES} line {n}")
        for n, line in enumerate(lines, start=1)
        if line.strip()
    )
    found = dataset_sha256(articles)
    if found != manifest.dataset_sha256 or len(articles) != manifest.articles:
        raise UsageError(
            f"{folder}: {len(articles)} articles with digest {found[:12]}, but its manifest names "
            f"{manifest.articles} with {manifest.dataset_sha256[:12]}; {mend}"
        )
    return Dataset(articles, manifest)


def parse_article(line: str, *, where: str) -> Article:
    """Return the article of one line of articles.jsonl, its hash checked.

    Raises:
        UsageError: not JSON, a field missing or of the wrong type, text not NFC, or a wrong hash.
    """
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise UsageError(f"{where} is not JSON ({error.msg}); crawl the dataset again") from error
    if not isinstance(fields, dict):
        raise UsageError(f"{where} is not a JSON object; crawl the dataset again")
    for name in ("id", "title", "text"):
        value = fields.get(name)
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f'{where} has no "{name}" text; crawl the dataset again')
        if not unicodedata.is_normalized("NFC", value):
            raise UsageError(f'{where}: "{name}" is not NFC text; crawl the dataset again')
    known = {name: fields.pop(name, None) for name in _ARTICLE_FIELDS}
    stated = fields.pop("sha256", None)
    article = Article(**{**known, "keywords": tuple(known["keywords"] or ())}, extra=fields or None)
    if stated != article.sha256:
        raise UsageError(f'{where}: "sha256" does not match the text; crawl the dataset again')
    return article


def select(articles: Sequence[Article], *, count: int, max_chars: int) -> tuple[Article, ...]:
    """Return the first `count` articles of at most `max_chars` characters; none is ever cut.

    Raises:
        UsageError: fewer fit.
    """
    fitting = tuple(a for a in articles if len(a.text) <= max_chars)
    if len(fitting) < count:
        raise UsageError(
            f"only {len(fitting)} of {len(articles)} articles have at most {max_chars} characters, "
            f"{count} were asked for; use --articles {len(fitting)} or a larger --article-chars"
            if fitting
            else f"no article has at most {max_chars} characters; use a larger --article-chars"
        )
    return fitting[:count]


_ARTICLE_FIELDS = (
    "id",
    "url",
    "title",
    "text",
    "published_at",
    "press",
    "author",
    "keywords",
    "language",
)


def _in_nfc(article: Article) -> Article:
    title = unicodedata.normalize("NFC", article.title)
    return replace(article, title=title, text=unicodedata.normalize("NFC", article.text))


def _same_dataset(folder: Path, manifest: DatasetManifest, part: Path) -> DatasetManifest | None:
    """Return the manifest of `folder` if but for its time it is `manifest`, with the same lines."""
    try:
        there = _parse_manifest(_read(folder / MANIFEST, ""), folder / MANIFEST, "")
        is_same = filecmp.cmp(folder / ARTICLES, part, shallow=False)
    except (UsageError, FileNotFoundError):
        return None
    return there if is_same and replace(there, created_at=manifest.created_at) == manifest else None


def _sha256_of(value: dict[str, str]) -> str:
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _read(path: Path, mend: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"{path.parent} is no dataset: {path.name} is missing; {mend}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}); {mend}") from error


def _parse_manifest(text: str, path: Path, mend: str) -> DatasetManifest:
    try:
        fields = json.loads(text)
        version = fields["schema_version"]
        if version > SCHEMA_VERSION:
            raise UsageError(
                f"{path} has schema {version}; this yoyak reads up to {SCHEMA_VERSION}: update it"
            )
        return DatasetManifest(
            **{name: fields.get(name) for name in DatasetManifest.__dataclass_fields__}
        )
    except (json.JSONDecodeError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{path} is not a dataset manifest ({error}); {mend}") from error
