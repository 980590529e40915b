"""How well and at what cost articles are extracted: part of `make bench-crawl`.

    python benchmarks/extraction.py FOLDER

FOLDER holds ground-truth.json and html/<id>.html.gz as in Scrapinghub's public benchmark of article
extraction (MIT; the pages belong to their publishers and are not ours to ship). The metric is
theirs: each text is a multiset of 4-word shingles; precision and recall are means over pages, F1 is
of the means. Without FOLDER only the pages that we wrote are scored: those of the tests, after the
layouts of Naver and of Korean publishers, and the newsroom's.
"""

import argparse
import gzip
import json
import platform
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from newscrawl.extract import article_text
from newscrawl.extract.decoding import decode_page
from newscrawl.extract.fragments import parse_page
from newsroom import articles
from newsroom.site import Site

STORED = Path(__file__).parents[1] / "tests" / "data" / "newscrawl"
NAVER = {  # stored page: an address of its kind
    "naver_2026": "https://n.news.naver.com/mnews/article/901/0000012345",
    "naver_2022": "https://n.news.naver.com/article/902/0000054321",
    "naver_legacy": "https://news.naver.com/main/read.nhn?oid=903&aid=0000000003",
    "naver_sports": "https://m.sports.naver.com/article/904/0000000004",
}
PUBLISHERS = {
    "publishers/naru": "https://www.narukyungje.example/article/2026112007",
    "publishers/solbaram": "http://www.solbaram.example/view.php?n=30110",
    "publishers/hanmul": "https://today.hanmulgyeol.example/people/240911",
}
SHINGLE_WORDS = 4
PARSE_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Page:
    """A page whose article is known."""

    name: str
    url: str
    html: str
    truth: str


@dataclass(frozen=True, slots=True)
class Score:
    """What an extractor reached on some pages."""

    pages: int
    precision: float
    recall: float
    exact_ratio: float
    empty: int
    errors: int
    parses_per_page: float  # CPU of extraction in plain lxml parses of the same pages
    worst: tuple[tuple[float, str], ...]

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Return the 4-word shingles of a text; a shorter text is one."""
    words = re.findall(r"\w+", text)
    if not words:
        return Counter()
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    return Counter(tuple(words[i : i + SHINGLE_WORDS]) for i in range(last))


def score(pages: Sequence[Page], extract: Callable[[str, str], str]) -> Score:
    """Return what an extractor reaches on pages with known articles."""
    precisions, recalls, worst = [], [], []
    exact = empty = errors = 0
    spent_s = 0.0
    for page in pages:
        began_s = time.process_time()
        try:
            text = extract(page.html, page.url)
        except Exception as error:  # noqa: BLE001 - an extractor that raises has returned nothing
            print(f"{page.name}: {type(error).__name__}: {error}", file=sys.stderr)
            errors += 1
            text = ""
        spent_s += time.process_time() - began_s
        truth, found = shingles(page.truth), shingles(text)
        shared = (truth & found).total()
        precision = shared / found.total() if found else float(not truth)
        recall = shared / truth.total() if truth else float(not found)
        if found or not truth:
            precisions.append(precision)
        recalls.append(recall)
        exact += truth == found
        empty += not found
        worst.append(((precision + recall) / 2, page.name))
    return Score(
        pages=len(pages),
        precision=statistics.mean(precisions),
        recall=statistics.mean(recalls),
        exact_ratio=exact / len(pages),
        empty=empty,
        errors=errors,
        parses_per_page=spent_s / parse_s(pages),
        worst=tuple(sorted(worst)[:3]),
    )


def parse_s(pages: Sequence[Page]) -> float:
    """Return the CPU seconds of parsing the pages with lxml, once."""
    began_s = time.process_time()
    for _ in range(PARSE_REPEATS):
        for page in pages:
            parse_page(page.html)
    return (time.process_time() - began_s) / PARSE_REPEATS


def benchmark_pages(folder: Path) -> list[Page]:
    """Return the pages of the public benchmark, or of a part of it."""
    truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    return [
        Page(
            name=f"{key[:12]} {entry.get('url', '')}",
            url=entry.get("url", ""),
            html=gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()).decode(
                "utf-8", "replace"
            ),
            truth=entry.get("articleBody", ""),
        )
        for key, entry in truth.items()
    ]


def stored_pages(urls: Mapping[str, str]) -> list[Page]:
    """Return pages of the tests, each beside its article."""
    return [
        Page(
            name=name,
            url=url,
            html=(STORED / f"{name}.html").read_text(encoding="utf-8"),
            truth=(STORED / f"{name}.txt").read_text(encoding="utf-8"),
        )
        for name, url in urls.items()
    ]


def newsroom_pages() -> list[Page]:
    """Return the bundled newsroom's articles in its publishers' five layouts."""
    site = Site()
    pages = []
    for article in articles.load():
        body = site.respond(article.path, "http://newsroom.example").body
        decoded = decode_page(body, None)
        if decoded is None:
            sys.exit(f"error: {article.path} cannot be decoded")
        url = f"http://newsroom.example{article.path}"
        pages.append(Page(article.path, url, decoded.text, article.text))
    return pages


def main() -> None:
    """Score and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    sets = [
        ("Naver's layouts, by the site rule", stored_pages(NAVER)),
        ("Korean publishers", stored_pages(PUBLISHERS)),
        ("newsroom, five Korean layouts", newsroom_pages()),
    ]
    if folder is not None:
        sets.insert(0, ("public benchmark", benchmark_pages(folder)))
    article_text("<html><body><p>warm</p></body></html>", "")  # imports are not extraction
    print("| pages | n | F1 | precision | recall | exact | empty | errors | lxml parses a page |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, pages in sets:
        got = score(pages, article_text)
        print(
            f"| {name} | {got.pages} | {got.f1:.3f} | {got.precision:.3f} | {got.recall:.3f} | "
            f"{got.exact_ratio:.3f} | {got.empty} | {got.errors} | {got.parses_per_page:.1f} |"
        )
        for value, page in got.worst:
            print(f"  worst: {value:.2f} {page}", file=sys.stderr)
    print("| goal, public benchmark | | 0.970 | 0.965 | 0.965 | 0.40 | 0 | 0 | 20 |")
    print("| goal, Naver and Korean publishers | | 0.99, 0.90 | | | | 0 | 0 | |")
    print(
        f"\n{platform.machine()}, Python {platform.python_version()}, "
        f"trafilatura {version('trafilatura')}, {datetime.now(UTC):%Y-%m-%d}"
    )


if __name__ == "__main__":
    main()
