from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from newscrawl.candidates import Candidate
from newscrawl.extract import Extracted
from newscrawl.items import ArticleItem, article_item
from newscrawl.journal import Journal, lines
from newscrawl.ledger import Ledger
from newscrawl.page_trail import PageTrail
from yoyak.errors import HostError


def item(number: int, *, rank: tuple[int, int, int] | None = None, other: str = "") -> ArticleItem:
    url = f"https://news.example/news/{number}"
    found = Extracted(title=f"제목 {number}", text="본문", path="library")
    candidate = Candidate(
        url=url, rank=rank or (0, 0, number), other_urls=(other,) if other else ()
    )
    at = "2026-11-12T00:00:00+00:00"
    return article_item(found, url=url, fetched_at=at, candidate=candidate, trail=PageTrail())


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Open the ledger of one folder, as one crawl after the other does."""
    with ExitStack() as stack:

        def opened(*, max_articles: int | None = None) -> Ledger:
            return stack.enter_context(
                closing(Ledger(tmp_path / "journal.jsonl", max_articles=max_articles))
            )

        yield opened


def kinds(folder: Path) -> list[str]:
    return [entry["kind"] for _, entry in lines(folder / "journal.jsonl")]


def test_what_is_written_is_known_to_the_next_crawl(ledger: Callable[..., Ledger]) -> None:
    first = ledger()
    first.add(item(1, other="https://n.news.naver.com/article/001/0000000001"))
    first.skip("//news.example/2", "https://news.example/2", "not_html")
    first.skip("//news.example/3", "https://news.example/3", "timeout")
    first.skip("//news.example/4", "https://news.example/4", "too_short")
    first.close()
    second = ledger()
    assert second.is_article("//news.example/news/1")
    assert second.is_article("naver:001:0000000001")  # its other address
    assert second.is_gone("//news.example/2")
    assert not second.is_gone("//news.example/3")  # a timeout passes
    assert not second.is_gone("//news.example/4")  # and flash news grow


def test_a_line_is_on_disk_before_the_next_is_written(
    tmp_path: Path, ledger: Callable[..., Ledger]
) -> None:
    book = ledger()
    book.add(item(1))
    assert kinds(tmp_path) == ["article"]


def test_a_cut_line_is_dropped_on_opening(tmp_path: Path, ledger: Callable[..., Ledger]) -> None:
    first = ledger()
    first.add(item(1))
    first.add(item(2))
    first.close()
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-7])
    second = ledger()
    assert second.is_article("//news.example/news/1")
    assert not second.is_article("//news.example/news/2")
    second.add(item(3))
    assert kinds(tmp_path) == ["article", "article"]


def test_a_journal_that_is_one_cut_line_becomes_empty(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b'{"kind": "art')
    Journal(tmp_path / "journal.jsonl").close()
    assert (tmp_path / "journal.jsonl").read_bytes() == b""


def test_the_limit_takes_the_first_in_the_order_of_discovery_not_of_arrival(
    tmp_path: Path, ledger: Callable[..., Ledger]
) -> None:
    book = ledger(max_articles=2)
    book.add(item(5))
    assert not book.is_beyond((0, 0, 9))
    book.add(item(3))
    assert book.is_beyond((0, 0, 6))
    assert not book.is_beyond((0, 0, 4))
    book.add(item(4))
    book.close()
    assert book.new_articles == 2
    assert kinds(tmp_path) == ["article", "article", "article", "skipped"]
    again = ledger()
    # A later crawl with a higher limit takes it, and the next one then knows it.
    assert not again.is_gone("//news.example/news/5")
    assert not again.is_article("//news.example/news/5")
    assert again.is_article("//news.example/news/4")
    again.add(item(5))
    again.close()
    assert ledger().is_article("//news.example/news/5")


def test_articles_met_again_count_towards_the_limit(ledger: Callable[..., Ledger]) -> None:
    book = ledger(max_articles=1)
    book.meet_again((0, 0, 0))
    assert book.is_beyond((0, 0, 1))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HostError, match="--out DIR"):
        Ledger(tmp_path / "file" / "journal.jsonl", max_articles=None)
